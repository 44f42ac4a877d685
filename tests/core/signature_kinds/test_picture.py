"""Uploaded signatures: each clean, or refused in a word; nothing of the file comes along."""

import io
import random
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from typing import Any, get_args

import pytest
from PIL import Image, ImageDraw, PngImagePlugin

from pacs_settings.core.signature_kinds import picture
from pacs_settings.core.signature_kinds.picture import PictureRefused
from tests.conftest import ROOT

PAPER, INK = (232, 228, 220), (30, 40, 120)
MOST = 200 * 1024 * 1024  # bytes of memory over what the program takes


def signature(
    size: tuple[int, int] = (900, 600), mode: str = "RGB", paper: Any = PAPER, ink: Any = INK
) -> Image.Image:
    """A Z, broader than high, in the middle of a sheet."""
    made = Image.new(mode, size, paper)
    width, height = size
    corners = [(0.3, 0.4), (0.7, 0.4), (0.3, 0.6), (0.7, 0.6)]
    points = [(x * width, y * height) for x, y in corners]
    ImageDraw.Draw(made).line(points, fill=ink, width=max(3, min(size) // 40), joint="curve")
    return made


def file(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    body = name + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png(width: int, height: int, *rest: bytes) -> bytes:
    """A PNG whose header says this size, eight bits of grey."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return picture.MAGIC["PNG"] + header + b"".join(rest) + chunk(b"IEND", b"")


def huge() -> bytes:
    """Sixteen hundred million pixels of white in three megabytes."""
    packer = zlib.compressobj(9)
    row = packer.compress(b"\0" + b"\xff" * 40_000) + packer.flush(zlib.Z_FULL_FLUSH)
    return png(40_000, 40_000, chunk(b"IDAT", row + row[2:] * 39_999))


def refusal(raw: bytes) -> str:
    with pytest.raises(PictureRefused) as refused:
        picture.clean(raw)
    return refused.value.code


def opened(made: picture.Picture) -> Image.Image:
    return Image.open(io.BytesIO(made.png))


def ink_at(made: picture.Picture, x: float, y: float) -> int:
    """How opaque the ink is there; places from 0 to 1."""
    alpha = opened(made).getchannel("A")
    return int(alpha.getpixel((int(x * (made.width - 1)), int(y * (made.height - 1)))))  # type: ignore[arg-type]


def test_ink_is_left_and_paper_is_not() -> None:
    made = picture.clean(file(signature()))
    image = opened(made)
    assert (image.format, image.mode) == ("PNG", "LA")
    assert (made.width, made.height) == image.size
    assert abs(made.width / made.height - 360 / 120) < 0.5  # trimmed to the ink
    assert ink_at(made, 0.5, 0.5) == 255
    assert ink_at(made, 0.5, 0.25) == ink_at(made, 0.1, 0.6) == 0
    assert image.getchannel("L").getextrema() == (0, 0)


def test_edges_are_tidy() -> None:
    made = picture.clean(file(signature(), "JPEG", quality=60))
    shades = opened(made).getchannel("A").histogram()
    clear, between, full = shades[0], sum(shades[1:255]), shades[255]
    assert between < 0.2 * full < clear


def test_light_that_falls_unevenly_is_no_ink() -> None:
    shadow = Image.linear_gradient("L").resize((900, 600)).point(lambda shade: 90 + shade // 2)
    lit = Image.composite(signature(), Image.new("RGB", (900, 600), (60, 60, 60)), shadow)
    made = picture.clean(file(lit, "JPEG"))
    assert abs(made.width / made.height - 3) < 0.6
    assert ink_at(made, 0.5, 0.25) == 0


@pytest.mark.parametrize("size", [(3000, 2000), (4080, 3060), (3000, 900)])
def test_it_is_made_no_larger_than_needed(size: tuple[int, int]) -> None:
    made = picture.clean(file(signature(size), "JPEG"))
    assert made.width <= picture.WIDTH
    assert made.height <= picture.HEIGHT
    assert len(made.png) < 100_000


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("PNG", mode) for mode in ("RGB", "L", "1", "P", "RGBA", "LA", "I;16")),
        *(("JPEG", mode) for mode in ("RGB", "L", "CMYK")),
    ],
)
def test_every_way_to_write_colours(kind: str, mode: str) -> None:
    if mode == "I;16":
        grey = signature(mode="I", paper=60_000, ink=9_000)
        image = grey.convert("I;16")
    else:
        image = signature().convert(mode)
    made = picture.clean(file(image, kind))
    assert ink_at(made, 0.5, 0.5) == 255
    assert ink_at(made, 0.5, 0.25) == 0


def test_cmyk_of_a_printer() -> None:
    raw = file(signature().convert("CMYK"), "JPEG", quality=90)
    assert Image.open(io.BytesIO(raw)).mode == "CMYK"
    made = picture.clean(raw)
    assert ink_at(made, 0.5, 0.5) == 255
    assert ink_at(made, 0.5, 0.25) == 0


def test_what_is_transparent_already_stays_so() -> None:
    made = picture.clean(file(signature(mode="RGBA", paper=(0, 0, 0, 0), ink=(0, 0, 0, 255))))
    assert ink_at(made, 0.5, 0.5) == 255
    assert ink_at(made, 0.5, 0.25) == 0


@pytest.mark.parametrize(("told", "upright"), [(1, 0), (3, 180), (6, 90), (8, 270)])
def test_a_camera_that_was_turned(told: int, upright: int) -> None:
    exif = Image.Exif()
    exif[picture._ORIENTATION] = told
    turned = signature().rotate(upright, expand=True)  # as the sensor saw it
    made = picture.clean(file(turned, "JPEG", exif=exif))
    assert made.width > 2 * made.height


def test_nothing_of_the_file_comes_along() -> None:
    exif = Image.Exif()
    exif[0x010E] = "description-of-tests"
    exif[0x9C9C] = "comment-of-tests".encode("utf-16-le")
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (50.0, 51.0, 0.0)
    raw = file(signature(), "JPEG", exif=exif, comment=b"comment-of-tests") + b"trailer-of-tests"
    assert b"of-tests" in raw
    made = picture.clean(raw)
    assert b"of-tests" not in made.png
    image = opened(made)
    assert dict(image.getexif()) == {}
    assert image.info == {}
    names = [made.png[i + 4 : i + 8] for i in starts(made.png)]
    assert set(names) == {b"IHDR", b"IDAT", b"IEND"}


def starts(content: bytes) -> list[int]:
    found, place = [], 8
    while place < len(content):
        found.append(place)
        place += 12 + int.from_bytes(content[place : place + 4], "big")
    return found


def test_texts_of_a_png_do_not_come_along() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "author-of-tests")
    made = picture.clean(file(signature(), pnginfo=texts))
    assert b"of-tests" not in made.png


def animated() -> bytes:
    other = signature(ink=(200, 0, 0))
    return file(signature(), save_all=True, append_images=[other], duration=100)


def lying_png() -> bytes:
    """A few pixels, a header that says many."""
    return png(3000, 3000, chunk(b"IDAT", zlib.compress(b"\0" + b"\xff" * 20)))


def text_bomb() -> bytes:
    swollen = zlib.compress(b"x" * 80_000_000, 9)
    text = b"Comment\0\0" + swollen
    return png(300, 300, chunk(b"zTXt", text), chunk(b"IDAT", zlib.compress(b"\xff" * 90_300)))


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "empty"),
    "SVG": (lambda: SVG, "kind"),
    "HTML": (lambda: b"<!doctype html><script>alert(1)</script>", "kind"),
    "GIF": (lambda: file(signature(), "GIF"), "kind"),
    "WebP": (lambda: b"RIFF\x24\0\0\0WEBPVP8 " + b"\0" * 40, "kind"),
    "PDF": (lambda: b"%PDF-1.4\n", "kind"),
    "TIFF": (lambda: file(signature(), "TIFF"), "kind"),
    "100 MB": (lambda: bytes(100_000_000), "too_large"),
    "100 MB of PNG": (lambda: picture.MAGIC["PNG"] + bytes(100_000_000), "too_large"),
    "40,000 × 40,000": (huge, "dimensions"),
    "one long line": (lambda: png(10_001, 1), "dimensions"),
    "too many pixels": (lambda: png(4000, 3126), "dimensions"),
    "2³¹ pixels wide": (lambda: png(2**31 - 1, 2**31 - 1), "dimensions"),
    "animated": (animated, "animated"),
    "truncated JPEG": (lambda: file(signature(), "JPEG")[:-2000], "broken"),
    "first bytes of a JPEG": (lambda: picture.MAGIC["JPEG"], "broken"),
    "truncated PNG": (lambda: file(signature())[:-300], "broken"),
    "first bytes of a PNG": (lambda: picture.MAGIC["PNG"], "broken"),
    "no pixels": (lambda: png(0, 0), "broken"),
    "a header that lies": (lying_png, "broken"),
    "texts that swell": (text_bomb, "broken"),
    "white": (lambda: file(Image.new("RGB", (600, 300), "white")), "blank"),
    "black": (lambda: file(Image.new("RGB", (600, 300), "black")), "blank"),
    "one pixel": (lambda: file(Image.new("RGB", (1, 1), "black")), "blank"),
    "a black bar": (lambda: file(bar()), "dark"),
}


def bar() -> Image.Image:
    made = Image.new("RGB", (2000, 1000), "white")
    ImageDraw.Draw(made).rectangle((400, 480, 1600, 520), fill="black")
    return made


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_signature_is_refused_by_its_name(name: str) -> None:
    make, code = REFUSED[name]
    assert refusal(make()) == code


def test_every_refusal_is_met_here() -> None:
    assert {code for _, code in REFUSED.values()} == set(get_args(picture.Code))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_damage_anywhere_is_a_picture_or_a_refusal(kind: str) -> None:
    raw, chance = file(signature((300, 200)), kind), random.Random(6)
    for _ in range(300):
        damaged = bytearray(raw)
        for _ in range(chance.randint(1, 8)):
            damaged[chance.randrange(len(raw))] = chance.randrange(256)
        try:
            made = picture.clean(bytes(damaged))
        except PictureRefused as refused:
            assert refused.code in get_args(picture.Code)
        else:
            assert made.width <= picture.WIDTH


def test_a_picture_that_holds_others_shows_its_first() -> None:
    small = signature(ink=(200, 0, 0)).resize((90, 60))
    raw = file(signature(), "MPO", save_all=True, append_images=[small])
    assert ink_at(picture.clean(raw), 0.5, 0.5) == 255


def test_what_was_kept_is_read_again() -> None:
    made = picture.clean(file(signature()))
    assert picture.stored(made.png) == made
    for raw in (b"", b"x", SVG, file(signature((1300, 300))), file(signature(), "JPEG")):
        with pytest.raises(PictureRefused):
            picture.stored(raw)


def test_an_upload_is_not_read_beyond_its_bound() -> None:
    upload = picture.Upload()
    for _ in range(5):
        upload.add(b"x" * 1_000_000)
    assert len(upload.content) == picture.LARGEST
    with pytest.raises(PictureRefused) as refused:
        upload.add(b"x")
    assert refused.value.code == "too_large"
    assert upload.content == b""


def noise(size: tuple[int, int], mode: str, kind: str, **options: Any) -> bytes:
    """As many pixels as are allowed, in no more bytes than are allowed."""
    return file(signature(size).convert(mode), kind, **options)


LARGE: dict[str, Callable[[], bytes]] = {
    "PNG in RGBA": lambda: noise((4000, 3125), "RGBA", "PNG"),
    "PNG of sixteen bits": lambda: file(
        signature((4000, 3125), "I", 60_000, 9_000).convert("I;16"), "PNG"
    ),
    "PNG with palette": lambda: noise((4000, 3125), "P", "PNG"),
    "JPEG": lambda: noise((4000, 3125), "RGB", "JPEG"),
    "progressive JPEG": lambda: noise((4000, 3125), "RGB", "JPEG", progressive=True, subsampling=0),
    "progressive JPEG in CMYK": lambda: noise((4000, 3125), "CMYK", "JPEG", progressive=True),
    "long JPEG": lambda: noise((10_000, 1250), "RGB", "JPEG", progressive=True),
    "40,000 × 40,000": huge,
    "texts that swell": text_bomb,
    "100 MB": lambda: picture.MAGIC["PNG"] + bytes(100_000_000),
}
MEASURE = """
import sys
from pacs_settings.core.signature_kinds import picture
def peak():  # of this program alone: getrusage also tells of the one that began it
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
upload = picture.Upload()
before = peak()
try:
    while part := sys.stdin.buffer.read(65536):
        upload.add(part)
    made = picture.clean(upload.content)
    said = f"{made.width} {made.height}"
except picture.PictureRefused as refused:
    said = refused.code
print(1024 * (peak() - before), said)
"""


@pytest.mark.parametrize("name", LARGE)
def test_memory_is_bounded(name: str) -> None:
    raw = LARGE[name]()
    command = [sys.executable, "-c", MEASURE]
    told = subprocess.run(command, input=raw, capture_output=True, cwd=ROOT)
    assert told.returncode == 0, told.stderr
    taken, *said = told.stdout.split()
    assert said
    assert int(taken) < MOST, (int(taken) / 1024 / 1024, said)
