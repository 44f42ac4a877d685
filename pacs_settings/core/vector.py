"""Vector pictures of signatures: one geometry, drawn by browsers as SVG and by PDF viewers."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from xml.sax.saxutils import escape

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Command(NamedTuple):
    """One step of a path as SVG names it: M, L, Q, C, Z in absolute places, h in a length."""

    name: str
    numbers: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """Steps in one ink: a line of this width, or a filled outline where there is no width."""

    commands: tuple[Command, ...]
    width: float | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """Paths and the box around them, y downwards."""

    left: float
    top: float
    width: float
    height: float
    paths: tuple[Path, ...]


def rounded(value: float, digits: int = 1) -> float:
    """Rounded without -0.0, which would be a second text for the same place."""
    return round(value, digits) + 0.0


def to_svg(image: Image, title: str) -> str:
    """The picture as an SVG named `title`, in the colour of the text around it."""
    lines = "".join(_svg(path) for path in image.paths if path.width is not None)
    filled = "".join(_svg(path) for path in image.paths if path.width is None)
    name = escape(_NOT_XML.sub("", title))
    size = f'width="{image.width:g}" height="{image.height:g}"'
    box = f"{image.left:g} {image.top:g} {image.width:g} {image.height:g}"
    if lines:
        pen = 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'
        lines = f"<g {pen}>{lines}</g>"
    if filled:
        filled = f'<g fill="currentColor">{filled}</g>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size} viewBox="{box}">'
        f"<title>{name}</title>{lines}{filled}</svg>"
    )


def _svg(path: Path) -> str:
    pen = "" if path.width is None else f'stroke-width="{path.width:g}" '
    return f'<path {pen}d="{_data(path.commands)}"/>'


def _data(commands: Iterable[Command]) -> str:
    return "".join(f"{name}{_numbers(numbers)}" for name, numbers in commands)


def _numbers(numbers: Iterable[float]) -> str:
    return " ".join(f"{rounded(number, 2):g}" for number in numbers)
