"""What a signature may be: drawn strokes, a typed name, or a picture; each kept as one text."""

import base64
import hashlib
import json
from enum import StrEnum
from xml.sax.saxutils import quoteattr

from pacs_settings.core import strokes, vector
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
        return typed_name.parse(json.loads(text)["name"])
    return picture.stored(base64.b64decode(text, validate=True))


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
