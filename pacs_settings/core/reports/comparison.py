"""What differs between two texts of a report, line by line."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from pacs_settings.core.reports.texts import Text

MOST_LINES = 1_000  # of a part that are compared one by one; more take seconds


class Side(StrEnum):
    """In which of the two texts a line is."""

    BOTH = "both"
    MINE = "mine"
    THEIRS = "theirs"


@dataclass(frozen=True)
class Line:
    """A line of `findings` or `conclusion`, and where it is."""

    part: str
    side: Side
    text: str


def compared(mine: Text, theirs: Text) -> list[Line]:
    """All lines of both, in order; where they differ mine come before theirs."""
    return [
        Line(part, side, line)
        for part in ("findings", "conclusion")
        for side, lines in _parts(_lines(getattr(mine, part)), _lines(getattr(theirs, part)))
        for line in lines
    ]


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _parts(mine: list[str], theirs: list[str]) -> Iterator[tuple[Side, list[str]]]:
    if max(len(mine), len(theirs)) > MOST_LINES and mine != theirs:
        yield from ((Side.MINE, mine), (Side.THEIRS, theirs))
        return
    matcher = SequenceMatcher(a=mine, b=theirs, autojunk=False)
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        if kind == "equal":
            yield Side.BOTH, mine[start:end]
            continue
        yield Side.MINE, mine[start:end]
        yield Side.THEIRS, theirs[other_start:other_end]
