"""What a signature may be: drawn strokes, a typed name, or a picture; each kept as one text."""

import base64
import hashlib
import json
from enum import StrEnum
from xml.sax.saxutils import quoteattr

from pacs_settings.core import strokes, vector
from pacs_settings.core.errors import Refused
from pacs_settings.core.signature_kinds import picture, typed_name
from pacs_settings.core.signature_kinds.picture import Picture
from pacs_settings.core.signature_kinds.typed_name import TypedName
from pacs_settings.core.strokes import Drawing

Content = Drawing | TypedName | Picture


class Kind(StrEnum):
    """How a signature was made."""

    DRAWN = "drawn"
    TYPED = "typed"
    PICTURE = "picture"


def drawn(raw: object) -> Drawing:
    """What a browser sent as strokes; raises Refused."""
    try:
        return strokes.parse(raw)
    except strokes.StrokesRefused as refused:
        raise Refused(f"strokes_{refused.code}") from None


def typed(raw: object) -> TypedName:
    """What a browser sent as a name; raises Refused."""
    try:
        return typed_name.parse(raw)
    except typed_name.TypedNameRefused as refused:
        raise Refused(f"typed_{refused.code}", "name", character=refused.character) from None


def uploaded(raw: bytes) -> Picture:
    """What a browser sent as a file; raises Refused. Takes a second: not on the event loop."""
    try:
        return picture.clean(raw)
    except picture.PictureRefused as refused:
        raise Refused(f"picture_{refused.code}", "picture") from None


def kind(content: Content) -> Kind:
    """How it was made."""
    if isinstance(content, Drawing):
        return Kind.DRAWN
    return Kind.TYPED if isinstance(content, TypedName) else Kind.PICTURE


def canonical(content: Content) -> str:
    """The one text of a signature: the same signature gives the same characters."""
    if isinstance(content, Drawing):
        return strokes.canonical(content)
    if isinstance(content, TypedName):
        return json.dumps({"name": content.name}, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(content.png).decode()


def from_canonical(of: Kind, text: str) -> Content:
    """Read what `canonical` wrote; raises ValueError where it is no such text."""
    if of == Kind.DRAWN:
        return strokes.from_canonical(text)
    if of == Kind.TYPED:
        return _named(json.loads(text))
    return picture.stored(base64.b64decode(text, validate=True))


def _named(told: object) -> TypedName:
    if not isinstance(told, dict):
        raise ValueError("no typed name")
    return typed_name.parse(told.get("name"))


def digest(content: Content) -> str:
    """The SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def image(content: Drawing | TypedName) -> vector.Image:
    """The lines or outlines of what is no picture."""
    return strokes.image(content) if isinstance(content, Drawing) else typed_name.image(content)


def to_svg(content: Content, title: str) -> str:
    """The signature as an SVG named `title`; a picture as the image in it."""
    if not isinstance(content, Picture):
        return vector.to_svg(image(content), title)
    address = quoteattr(f"data:image/png;base64,{canonical(content)}")
    size = f'width="{content.width}" height="{content.height}"'
    box = vector.Image(0, 0, content.width, content.height, ())
    inside = f"<image {size} href={address}/></svg>"
    return vector.to_svg(box, title).removesuffix("</svg>") + inside
