"""A signature that is a typed name, in the outlines of a script face shipped with the app."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont

from pacs_settings.core import vector
from pacs_settings.core.vector import Command, rounded
from pacs_settings.core.words import one_line

Code = Literal["empty", "too_long", "character"]

LONGEST = 60  # characters
SIZE = 48.0  # CSS pixels to the em
MARGIN = 8.0  # white around the outlines, in CSS pixels
_FOLDER = Path(__file__).parents[2] / "fonts"
_FILES = ("dancing-script-latin-400-normal.woff", "dancing-script-latin-ext-400-normal.woff")


class TypedNameRefused(ValueError):
    """A name that cannot be drawn; `code` names the rule, `character` what the face lacks."""

    def __init__(self, code: Code, character: str = "") -> None:
        """Keep what the sentence needs."""
        super().__init__(code)
        self.code: Code = code
        self.character = character


@dataclass(frozen=True, slots=True)
class TypedName:
    """A checked name: one line, of characters that the face has."""

    name: str


class _Glyph(NamedTuple):
    commands: tuple[Command, ...]
    advance: float


def parse(raw: object) -> TypedName:
    """Check what a browser sent; raises TypedNameRefused."""
    if not isinstance(raw, str):
        raise TypedNameRefused("empty")
    if len(raw) > 10 * LONGEST:  # before any work
        raise TypedNameRefused("too_long")
    name = unicodedata.normalize("NFC", one_line(raw))
    if not name:
        raise TypedNameRefused("empty")
    if len(name) > LONGEST:
        raise TypedNameRefused("too_long")
    lacking = next((letter for letter in name if _font_of(letter) is None), "")
    if lacking:
        raise TypedNameRefused("character", lacking)
    if not any(_glyph(letter).commands for letter in name):
        raise TypedNameRefused("empty")
    return TypedName(name)


def image(typed: TypedName) -> vector.Image:
    """The outlines of the name, cropped."""
    commands = tuple(_commands(typed.name))
    xs = [x for command in commands for x in command.numbers[0::2]]
    ys = [y for command in commands for y in command.numbers[1::2]]
    left, top = min(xs) - MARGIN, min(ys) - MARGIN
    width, height = max(xs) - left + MARGIN, max(ys) - top + MARGIN
    box = (rounded(left), rounded(top), rounded(width), rounded(height))
    return vector.Image(*box, (vector.Path(commands),))


def _commands(name: str) -> Iterator[Command]:
    place = 0.0
    for letter in name:
        glyph = _glyph(letter)
        for step, numbers in glyph.commands:
            yield Command(step, tuple(_moved(numbers, place)))
        place += glyph.advance


def _moved(numbers: tuple[float, ...], by: float) -> Iterator[float]:
    for index, number in enumerate(numbers):
        yield rounded(number + by if index % 2 == 0 else number, 2)


@lru_cache(maxsize=1)
def _fonts() -> tuple[TTFont, ...]:
    return tuple(TTFont(_FOLDER / name) for name in _FILES)


def _font_of(letter: str) -> TTFont | None:
    return next((font for font in _fonts() if ord(letter) in font.getBestCmap()), None)


@lru_cache(maxsize=512)
def _glyph(letter: str) -> _Glyph:
    font = _font_of(letter)
    if font is None:
        raise TypedNameRefused("character", letter)
    glyphs: Any = font.getGlyphSet()
    glyph = glyphs[font.getBestCmap()[ord(letter)]]
    scale = SIZE / font["head"].unitsPerEm
    pen = _Pen(glyphs, scale)
    glyph.draw(pen)
    return _Glyph(tuple(pen.commands), glyph.width * scale)


class _Pen(BasePen):  # type: ignore[misc]
    """Writes outlines down as commands, y downwards."""

    def __init__(self, glyphs: Any, scale: float) -> None:
        super().__init__(glyphs)
        self.commands: list[Command] = []
        self._scale = scale

    def _add(self, name: str, *points: tuple[float, float]) -> None:
        numbers = [part for x, y in points for part in (x * self._scale, -y * self._scale)]
        self.commands.append(Command(name, tuple(numbers)))

    def _moveTo(self, pt: tuple[float, float]) -> None:
        self._add("M", pt)

    def _lineTo(self, pt: tuple[float, float]) -> None:
        self._add("L", pt)

    def _curveToOne(self, pt1: Any, pt2: Any, pt3: Any) -> None:
        self._add("C", pt1, pt2, pt3)

    def _qCurveToOne(self, pt1: Any, pt2: Any) -> None:
        self._add("Q", pt1, pt2)

    def _closePath(self) -> None:
        self._add("Z")
