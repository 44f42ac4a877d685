"""A drawn signature as vector strokes: checked, kept in one canonical form, shown as SVG ink."""

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from pacs_settings.core import vector
from pacs_settings.core.vector import Command, Path, rounded

Code = Literal["empty", "too_many", "too_large", "out_of_range", "not_numbers", "malformed"]

MAX_STROKES = 200
MAX_POINTS = 5_000
MAX_TIME = 600_000  # milliseconds
MIN_SIDE, MAX_SIDE = 50, 4_000  # CSS pixels
EDGE = 8.0  # a pen may slip this far over the edge, in CSS pixels
MAX_TEXT = 400_000  # characters; the longest canonical text of MAX_POINTS points is shorter

# How the pen becomes ink; the speeds and widths are those of the pad, so both look alike.
THIN, THICK = 1.0, 5.0  # stroke width in CSS pixels, of a fast and of a resting pen
DOT = 3.0  # diameter in CSS pixels
SMOOTHING = 0.7  # weight of the newest speed against the ones before
WIDTH_STEP = 0.4  # widths are rounded to this, which keeps the SVG to a dozen paths
MARGIN = 8.0  # white around the ink, in CSS pixels


class StrokesRefused(ValueError):
    """A drawing that is not accepted; `code` names the rule that it breaks."""

    def __init__(self, code: Code) -> None:
        """Keep the code of the broken rule."""
        super().__init__(code)
        self.code: Code = code


class Point(NamedTuple):
    """Where the pen was: x, y in CSS pixels, t in milliseconds, pressure from 0 to 1."""

    x: float
    y: float
    t: int
    pressure: float


Stroke = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A checked signature: the pad's size in CSS pixels and the strokes drawn on it."""

    width: float
    height: float
    strokes: tuple[Stroke, ...]


def parse(raw: object) -> Drawing:
    """Check what a browser sent and round it to 0.1 px, 1 ms; raises StrokesRefused."""
    if not isinstance(raw, dict) or len(raw) != 3 or set(raw) != {"width", "height", "strokes"}:
        raise StrokesRefused("malformed")
    width, height = _side(raw["width"]), _side(raw["height"])
    strokes = _counted(raw["strokes"])
    drawing = Drawing(width, height, tuple(_stroke(s, width, height) for s in strokes if s))
    if not any(_moves(stroke) for stroke in drawing.strokes):
        raise StrokesRefused("empty")
    return drawing


def canonical(drawing: Drawing) -> str:
    """Write the one JSON text of a drawing: the same drawing gives the same characters."""
    fields = {
        "width": drawing.width,
        "height": drawing.height,
        "strokes": drawing.strokes,
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False)


def from_canonical(text: str) -> Drawing:
    """Read what `canonical` wrote, checked again; raises StrokesRefused."""
    if len(text) > MAX_TEXT:
        raise StrokesRefused("too_large")
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        raise StrokesRefused("malformed") from None
    return parse(raw)


def digest(drawing: Drawing) -> str:
    """Give the SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical(drawing).encode()).hexdigest()


def image(drawing: Drawing) -> vector.Image:
    """The ink as lines of a dozen widths, cropped."""
    return vector.Image(*_box(drawing), tuple(_paths(drawing)))


def to_svg(drawing: Drawing, title: str) -> str:
    """Draw the ink as an SVG named `title`, cropped, in the colour of the text around it."""
    return vector.to_svg(image(drawing), title)


def _number(value: object, low: float, high: float, over: Code = "out_of_range") -> float:
    # To Python True is a number, and isfinite overflows on a huge int.
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise StrokesRefused("not_numbers")
    if isinstance(value, float) and not math.isfinite(value):
        raise StrokesRefused("not_numbers")
    if not low <= value <= high:
        raise StrokesRefused(over if value > high else "out_of_range")
    return float(value)


def _side(value: object) -> float:
    return rounded(_number(value, MIN_SIDE, MAX_SIDE, over="too_large"))


def _counted(strokes: object) -> list[list[object]]:
    # Counts before contents: a million points are refused without looking at one of them.
    if not isinstance(strokes, list):
        raise StrokesRefused("malformed")
    if len(strokes) > MAX_STROKES:
        raise StrokesRefused("too_many")
    if not all(isinstance(stroke, list) for stroke in strokes):
        raise StrokesRefused("malformed")
    if sum(map(len, strokes)) > MAX_POINTS:
        raise StrokesRefused("too_many")
    return strokes


def _stroke(points: Sequence[object], width: float, height: float) -> Stroke:
    right, bottom = rounded(width + EDGE), rounded(height + EDGE)
    return tuple(_point(point, right, bottom) for point in points)


def _point(raw: object, right: float, bottom: float) -> Point:
    if not isinstance(raw, list) or len(raw) != 4:
        raise StrokesRefused("malformed")
    x, y = _number(raw[0], -EDGE, right), _number(raw[1], -EDGE, bottom)
    t, pressure = _number(raw[2], 0, MAX_TIME), _number(raw[3], 0, 1)
    return Point(rounded(x), rounded(y), round(t), rounded(pressure, 3))


def _moves(stroke: Stroke) -> bool:
    # A dot alone is a slip of the pen, however many points the device reports for it.
    return len({(point.x, point.y) for point in stroke}) > 1


def _box(drawing: Drawing) -> tuple[float, float, float, float]:
    xs = [point.x for stroke in drawing.strokes for point in stroke]
    ys = [point.y for stroke in drawing.strokes for point in stroke]
    width, height = max(xs) - min(xs) + 2 * MARGIN, max(ys) - min(ys) + 2 * MARGIN
    return (
        rounded(min(xs) - MARGIN),
        rounded(min(ys) - MARGIN),
        rounded(width),
        rounded(height),
    )


def _paths(drawing: Drawing) -> Iterator[Path]:
    # One path a width holds all pieces of that width, so the picture stays small.
    parts: defaultdict[float, list[Command]] = defaultdict(list)
    for stroke in drawing.strokes:
        last = None
        for ink, start, piece in _pieces(stroke):
            parts[ink] += [piece] if ink == last else [Command("M", start), piece]
            last = ink
    for ink, commands in sorted(parts.items()):
        yield Path(tuple(commands), ink)


def _pieces(stroke: Stroke) -> Iterator[tuple[float, tuple[float, float], Command]]:
    # Quadratic curves from middle to middle of the drawn points are smooth and never overshoot.
    inks = _inks(stroke)
    if not _moves(stroke):
        yield inks[0], stroke[0][:2], Command("h", (0.1,))  # a dot: round caps need some length
        return
    middles = [((a.x + b.x) / 2, (a.y + b.y) / 2) for a, b in pairwise(stroke)]
    yield inks[0], stroke[0][:2], Command("L", middles[0])
    for ink, point, (start, end) in zip(inks[1:], stroke[1:], pairwise(middles), strict=False):
        yield ink, start, Command("Q", (*point[:2], *end))
    yield inks[-1], middles[-1], Command("L", stroke[-1][:2])


def _inks(stroke: Stroke) -> list[float]:
    # Each point's width is the mean with its neighbours: browsers report time in coarse steps.
    raw = _raw_inks(stroke)
    around = zip([raw[0], *raw], raw, [*raw[1:], raw[-1]], strict=False)
    return [rounded(round(sum(near) / 3 / WIDTH_STEP) * WIDTH_STEP) for near in around]


def _raw_inks(stroke: Stroke) -> list[float]:
    # A faster pen leaves a thinner line. The pressure counts where the device measures it:
    # a mouse always says the same, and 0 is the pen already lifted.
    if not _moves(stroke):
        return [DOT]
    measured = len({point.pressure for point in stroke if point.pressure}) > 1
    speed, inks = 0.0, []
    for before, point in pairwise(stroke):
        speed = SMOOTHING * _speed(before, point, speed) + (1 - SMOOTHING) * speed
        inks.append(_ink(speed, point.pressure if measured else 0.0))
    return [inks[0], *inks]


def _speed(before: Point, point: Point, otherwise: float) -> float:
    # Pixels a millisecond; clocks may stand still or step back.
    passed = point.t - before.t
    return math.dist(before[:2], point[:2]) / passed if passed > 0 else otherwise


def _ink(speed: float, pressure: float) -> float:
    width = THICK / (speed + 1) * (0.6 + 0.8 * (pressure or 0.5))
    return min(max(width, THIN), THICK)
