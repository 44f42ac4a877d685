from hypothesis import given
from hypothesis import strategies as st

from pacs_settings.core.reports.comparison import MOST_LINES, Line, Side, compared
from pacs_settings.core.reports.texts import Text

FINDINGS = "findings"
SOME_LINES = st.lists(st.sampled_from(["", "No fluid.", "Normal.", "A line"]), max_size=8)


def told(mine: str, theirs: str) -> list[tuple[str, str]]:
    return [(line.side, line.text) for line in compared(Text(mine), Text(theirs))]


def test_the_same_text() -> None:
    assert told("One\nTwo", "One\nTwo") == [(Side.BOTH, "One"), (Side.BOTH, "Two")]
    assert told("", "") == []


def test_a_changed_line_is_mine_then_theirs() -> None:
    assert told("One\nTwo\nThree", "One\n2\nThree") == [
        (Side.BOTH, "One"),
        (Side.MINE, "Two"),
        (Side.THEIRS, "2"),
        (Side.BOTH, "Three"),
    ]


def test_each_part_is_compared_by_itself() -> None:
    found = compared(Text("Same", "Mine"), Text("Same", ""))
    assert found == [
        Line("findings", Side.BOTH, "Same"),
        Line("conclusion", Side.MINE, "Mine"),
    ]


@given(SOME_LINES, SOME_LINES)
def test_both_texts_can_be_read_out_of_it(mine: list[str], theirs: list[str]) -> None:
    found = told("\n".join(mine), "\n".join(theirs))
    read = {
        side: "\n".join(text for where, text in found if where in (Side.BOTH, side))
        for side in (Side.MINE, Side.THEIRS)
    }
    assert read == {Side.MINE: "\n".join(mine), Side.THEIRS: "\n".join(theirs)}


def test_very_many_lines_are_told_whole() -> None:
    mine = "\n" * (MOST_LINES + 1) + "a"
    sides = {side for side, _ in told(mine, "b" + mine)}
    assert sides == {Side.MINE, Side.THEIRS}
    assert told(mine, mine)[0] == (Side.BOTH, "")
