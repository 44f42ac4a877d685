"""A signature that is an uploaded picture: decoded within bounds, its ink taken, all else dropped.

What comes out is made anew from the darkness of the pixels alone, so that nothing of the file
(metadata, profiles, what may hide behind its end) comes along.
"""

import io
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageChops, ImageFilter, ImageOps

Code = Literal["empty", "too_large", "kind", "dimensions", "animated", "broken", "blank", "dark"]

LARGEST = 5_000_000  # bytes of an upload
MOST_PIXELS = 12_500_000  # a telephone has twelve; one may need twelve bytes to be decoded
LONGEST_SIDE = 10_000  # pixels
WORKING = 2_400  # pixels of the longer side, of what is worked with
WIDTH, HEIGHT = 1_200, 400  # pixels, what is kept at most
FAINTEST = 40  # of 255 that ink is darker than the paper around it
MOST_INK = 0.6  # of the trimmed picture
MAGIC = {"PNG": b"\x89PNG\r\n\x1a\n", "JPEG": b"\xff\xd8\xff"}
_ORIENTATION = 0x0112
_GRAIN = 100  # pixels of the longer side, of the picture of the paper
# Decoding may raise any of these for a file that is damaged or made to harm.
_DAMAGE = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    SyntaxError,
    EOFError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)
_ONE_AT_A_TIME = threading.Lock()  # so that the memory of one is the memory of all


class PictureRefused(ValueError):
    """A file that is not accepted; `code` names the rule that it breaks."""

    def __init__(self, code: Code) -> None:
        """Keep the code of the broken rule."""
        super().__init__(code)
        self.code: Code = code


@dataclass(frozen=True, slots=True)
class Picture:
    """Ink on nothing, as PNG; its size in pixels."""

    png: bytes
    width: int
    height: int


class Upload:
    """Gathers what is being sent; raises PictureRefused before more than LARGEST is in memory."""

    def __init__(self) -> None:
        self._parts = bytearray()

    def add(self, part: bytes) -> None:
        """Take the next part."""
        if len(self._parts) + len(part) > LARGEST:
            self._parts.clear()
            raise PictureRefused("too_large")
        self._parts += part

    @property
    def content(self) -> bytes:
        """All of it."""
        return bytes(self._parts)


def clean(raw: bytes) -> Picture:
    """The ink of an uploaded PNG or JPEG; raises PictureRefused. At most 0.2 GB, one at a time."""
    kind = _kind(raw)
    with _ONE_AT_A_TIME, _damage():
        paper = _decoded(raw, kind)
        ink = _trimmed(_ink(paper))
        ink.thumbnail((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        return _as_png(ink)


def stored(png: bytes) -> Picture:
    """A picture that `clean` made, read again; raises PictureRefused."""
    with _damage():
        if _kind(png) != "PNG":
            raise PictureRefused("kind")
        with Image.open(io.BytesIO(png), formats=["PNG"]) as found:
            width, height = found.size
        if width > WIDTH or height > HEIGHT:
            raise PictureRefused("dimensions")
    return Picture(png, width, height)


def _kind(raw: bytes) -> str:
    """By its first bytes, whatever its name says."""
    if not raw:
        raise PictureRefused("empty")
    if len(raw) > LARGEST:
        raise PictureRefused("too_large")
    found = next((kind for kind, magic in MAGIC.items() if raw.startswith(magic)), "")
    if not found:
        raise PictureRefused("kind")
    return found


@contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except PictureRefused:
        raise
    except Image.DecompressionBombError:
        raise PictureRefused("dimensions") from None
    except _DAMAGE:
        raise PictureRefused("broken") from None


def _decoded(raw: bytes, kind: str) -> Image.Image:
    """Shades of grey on white, upright, of a size to work with."""
    with Image.open(io.BytesIO(raw), formats=[kind]) as opened:
        _check(opened, kind)
        turn = _orientation(opened)
        if kind == "JPEG":
            opened.draft(None, (WORKING, WORKING))  # decoded smaller at once
        opened.load()
        grey = _grey(_reduced(opened))
    grey.thumbnail((WORKING, WORKING), Image.Resampling.LANCZOS)
    return grey.transpose(turn) if turn is not None else grey


def _check(opened: Image.Image, kind: str) -> None:
    """By the header, before anything is decoded."""
    width, height = opened.size
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        raise PictureRefused("dimensions")
    if kind == "PNG" and getattr(opened, "is_animated", False):
        raise PictureRefused("animated")  # a camera's JPEG may have small copies behind the first


def _orientation(opened: Image.Image) -> Image.Transpose | None:
    """What EXIF says of how the camera was held."""
    try:
        told = opened.getexif().get(_ORIENTATION)
    except _DAMAGE:
        return None
    return {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(told if isinstance(told, int) else 1)


def _reduced(opened: Image.Image) -> Image.Image:
    """Smaller by a whole number where it can be, before any copy in other colours is made."""
    times = max(opened.size) // WORKING
    if times < 2 or opened.mode in ("P", "1", "PA") or opened.mode.startswith("I;"):
        return opened
    return opened.reduce(times)


def _grey(found: Image.Image) -> Image.Image:
    if found.mode.startswith("I"):  # sixteen bits a pixel
        return found.convert("I").point(lambda shade: shade * (1 / 256)).convert("L")
    if found.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in found.info:
        found = found.convert("RGBA")
        white = Image.new("L", found.size, 255)
        white.paste(found.convert("L"), mask=found.getchannel("A"))
        return white
    return found.convert("RGB").convert("L") if found.mode == "CMYK" else found.convert("L")


def _ink(grey: Image.Image) -> Image.Image:
    """How opaque the ink is at each place: its darkness against the paper around it."""
    darkness = ImageChops.subtract(_paper(grey), grey)
    darkest = _nearly_darkest(darkness)
    if darkest < FAINTEST:
        raise PictureRefused("blank")
    low, high = 0.25 * darkest, 0.65 * darkest
    ramp = [round(255 * min(max((shade - low) / (high - low), 0), 1)) for shade in range(256)]
    return darkness.point(ramp)


def _paper(grey: Image.Image) -> Image.Image:
    """The paper without the ink: the light falls on it unevenly."""
    grain = grey.copy()
    grain.thumbnail((_GRAIN, _GRAIN), Image.Resampling.BOX)
    wide = ImageOps.expand(grain, 8, 0)
    light = wide.filter(ImageFilter.MaxFilter(13)).filter(ImageFilter.GaussianBlur(3))
    light = light.crop((8, 8, 8 + grain.width, 8 + grain.height))
    return light.resize(grey.size, Image.Resampling.BILINEAR)


def _nearly_darkest(darkness: Image.Image) -> int:
    """The darkness that one pixel in two thousand exceeds: specks of dust do not count."""
    left = darkness.width * darkness.height / 2000
    for shade, count in reversed(list(enumerate(darkness.histogram()))):
        left -= count
        if left < 0:
            return shade
    return 0


def _trimmed(ink: Image.Image) -> Image.Image:
    box = ink.filter(ImageFilter.MedianFilter(3)).point(lambda a: 255 if a > 127 else 0).getbbox()
    if box is None or min(box[2] - box[0], box[3] - box[1]) < 3 or box[2] - box[0] < 10:
        raise PictureRefused("blank")
    left, top, right, bottom = box
    edge = 4
    trimmed = ink.crop((max(left - edge, 0), max(top - edge, 0), right + edge, bottom + edge))
    covered = sum(trimmed.histogram()[128:]) / (trimmed.width * trimmed.height)
    if covered > MOST_INK:
        raise PictureRefused("dark")
    return trimmed


def _as_png(ink: Image.Image) -> Picture:
    made = Image.new("LA", ink.size, 0)
    made.putalpha(ink)
    written = io.BytesIO()
    made.save(written, "PNG", optimize=True)
    return Picture(written.getvalue(), *made.size)
