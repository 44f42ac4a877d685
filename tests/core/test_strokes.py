"""Signatures: what a browser may send, the one text that is hashed, and the ink that is shown."""

import json
import math
from typing import Any, get_args
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pacs_settings.core import strokes
from pacs_settings.core.strokes import Drawing, StrokesRefused

SVG = "{http://www.w3.org/2000/svg}"
LINE = [[10, 20, 0, 0.5], [40, 30, 16, 0.5], [90, 15, 33, 0.5]]


def pad(*drawn: Any, **changes: Any) -> dict[str, Any]:
    return {"width": 600, "height": 240, "strokes": list(drawn), **changes}


def with_point(*point: Any) -> dict[str, Any]:
    return pad(LINE, [list(point)])


def refusal(raw: object) -> str:
    with pytest.raises(StrokesRefused) as refused:
        strokes.parse(raw)
    return refused.value.code


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(["width", "height", "strokes", "x"]) | st.text(max_size=5),
            inner,
        )
    ),
    max_leaves=30,
)


@st.composite
def drawings(draw: st.DrawFn) -> Drawing:
    width, height = draw(st.floats(100, 4000)), draw(st.floats(100, 4000))
    point = st.tuples(
        st.floats(-8, width),
        st.floats(-8, height),
        st.floats(0, 600_000),
        st.floats(0, 1),
    ).map(list)
    drawn = draw(st.lists(st.lists(point, max_size=12), max_size=6))
    return strokes.parse({"width": width, "height": height, "strokes": [*drawn, LINE]})


def test_a_line_is_taken_and_rounded() -> None:
    drawing = strokes.parse(pad([[1.04, 2.06, 0, 0.12345], [3.999, 4, 16.4, 1]], width=600.02))
    assert drawing.width == 600.0
    assert drawing.strokes == (((1.0, 2.1, 0, 0.123), (4.0, 4.0, 16, 1.0)),)


def test_the_pen_may_slip_over_the_edge_a_little() -> None:
    assert strokes.parse(pad([[-8, -8, 0, 0], [608, 248, 1, 1]]))


NO_LISTS: list[Any] = [None, "line", {}, {"0": LINE}, 3, True]
NO_POINTS: list[Any] = [None, 1, [], [1, 2, 3], [1, 2, 3, 0.5, 5], "abcd", {}]


@pytest.mark.parametrize(
    "raw",
    [
        *(
            None,
            7,
            "strokes",
            [],
            {},
            {"width": 600, "height": 240},
            {**pad(LINE), "more": 1},
        ),
        *(pad(strokes=value) for value in NO_LISTS),
        *(pad(LINE, value) for value in NO_LISTS),
        *(pad([value, value]) for value in NO_POINTS),
    ],
)
def test_another_shape_is_malformed(raw: object) -> None:
    assert refusal(raw) == "malformed"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, None, "1", [1], {}])
@pytest.mark.parametrize("place", range(4))
def test_only_finite_numbers_count(value: object, place: int) -> None:
    point: list[object] = [10, 20, 0, 0.5]
    point[place] = value
    assert refusal(with_point(*point)) == "not_numbers"


@pytest.mark.parametrize("side", ["width", "height"])
@pytest.mark.parametrize(
    ("value", "code"),
    [
        *((value, "not_numbers") for value in (math.nan, math.inf, True, None, "600", [600])),
        *((value, "out_of_range") for value in (0, -600, 49.9, -(10**400))),
        *((value, "too_large") for value in (4000.1, 1e300, 10**400)),
    ],
)
def test_the_pad_has_a_size_of_this_world(side: str, value: object, code: str) -> None:
    assert refusal(pad(LINE, **{side: value})) == code


@pytest.mark.parametrize(
    "point",
    [
        *((x, 20, 0, 0.5) for x in (-8.1, 608.1, 10**400)),
        *((10, y, 0, 0.5) for y in (-8.1, 248.1, -(10**400))),
        *((10, 20, t, 0.5) for t in (-1, 600_001, 1e300)),
        *((10, 20, 0, pressure) for pressure in (-0.1, 1.0001, 2)),
    ],
)
def test_a_point_is_on_the_pad_in_its_time(point: tuple[Any, ...]) -> None:
    assert refusal(with_point(*point)) == "out_of_range"


@pytest.mark.parametrize(
    "drawn",
    [
        [],
        [[]],
        [[[10, 20, 0, 0.5]]],
        [[[10, 20, 0, 0.5], [10.01, 20, 90, 0.7]]],
        [[[10, 20, 0, 0.5]], [[90, 20, 40, 0.5]]],
    ],
    ids=["nothing", "no point", "a dot", "a dot held down", "two dots"],
)
def test_dots_alone_are_no_signature(drawn: list[Any]) -> None:
    assert refusal(pad(*drawn)) == "empty"


def test_as_many_strokes_and_points_as_allowed() -> None:
    stroke = [[i, i, i, 0.5] for i in range(25)]
    assert len(strokes.parse(pad(*[stroke] * 200)).strokes) == 200
    assert refusal(pad(*[LINE] * 201)) == "too_many"
    assert refusal(pad(*[stroke] * 199, [[1, 1, 1, 0.5]] * 26)) == "too_many"


@pytest.mark.parametrize("drawn", [[[None] * 1_000_000], [[None]] * 1_000_000])
def test_a_million_points_are_refused_unseen(drawn: list[Any]) -> None:
    # Looked at, they would be refused for being no numbers.
    assert refusal({"width": 600, "height": 240, "strokes": drawn}) == "too_many"


def named(raw: object) -> None:
    code = None
    try:
        strokes.parse(raw)
    except StrokesRefused as refused:
        code = refused.code
    assert code in (None, *get_args(strokes.Code))


@given(json_values)
@example({"width": math.nan, "height": 1, "strokes": []})
def test_anything_else_is_refused_by_its_name(raw: object) -> None:
    named(raw)


@given(json_values)
def test_whatever_fills_a_pad_is_refused_by_its_name(value: Any) -> None:
    for raw in (
        pad(strokes=value),
        pad(value),
        pad([value, value]),
        with_point(value, 1, 1, 1),
    ):
        named(raw)


@given(drawings())
def test_the_canonical_text_keeps_everything(drawing: Drawing) -> None:
    text = strokes.canonical(drawing)
    again = strokes.from_canonical(text)
    assert again == drawing
    assert strokes.canonical(again) == text
    assert strokes.digest(again) == strokes.digest(drawing)


def test_the_digest_stays_what_it_was() -> None:
    drawing = strokes.parse(pad(LINE))
    assert strokes.canonical(drawing) == (
        '{"height":240.0,"strokes":[[[10.0,20.0,0,0.5],[40.0,30.0,16,0.5],[90.0,15.0,33,0.5]]],'
        '"width":600.0}'
    )
    known = "973cbbd045749d4cbe58d9f26335468297a23b293df06f045e482708681c5c4d"
    assert strokes.digest(drawing) == known


def test_equal_drawings_have_one_digest() -> None:
    written = strokes.parse(pad([[0.0, 1, 0, 0.5], [9, 9, 9, 0.5]]))
    minus_zero = strokes.parse(pad([[-0.04, 1.0, 0.2, 0.5], [9.01, 9, 9, 0.5]]))
    assert strokes.digest(written) == strokes.digest(minus_zero)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *((text, "malformed") for text in ("", "{", "null", "[" * 100_000, "9" * 5_000, "\x00")),
        ('{"width":NaN,"height":240,"strokes":[]}', "not_numbers"),
        (" " * 400_001, "too_large"),
    ],
)
def test_a_broken_text_is_refused(text: str, code: str) -> None:
    with pytest.raises(StrokesRefused) as refused:
        strokes.from_canonical(text)
    assert refused.value.code == code


def test_the_longest_text_can_be_read_again() -> None:
    stroke = [[3999.9, 3999.9, 599_999, 0.123]] * 24 + [[3999.8, 3999.9, 599_999, 0.123]]
    drawing = strokes.parse(pad(*[stroke] * 200, width=4000, height=4000))
    assert strokes.from_canonical(strokes.canonical(drawing)) == drawing


@given(drawings(), st.text())
@example(strokes.parse(pad(LINE)), "<script>alert(1)</script>")
@example(strokes.parse(pad(LINE)), "\x00\ud800 ]]> & \"'")
def test_the_svg_is_plain_well_formed_ink(drawing: Drawing, title: str) -> None:
    root = ElementTree.fromstring(strokes.to_svg(drawing, title))
    assert {element.tag for element in root.iter()} == {
        f"{SVG}{tag}" for tag in ("svg", "title", "g", "path")
    }
    names = {name for element in root.iter() for name in element.attrib}
    assert not {n for n in names if n == "style" or n.startswith("on") or "href" in n}


def test_the_svg_says_what_it_is() -> None:
    root = ElementTree.fromstring(strokes.to_svg(strokes.parse(pad(LINE)), "Dr. <An> & Co"))
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "Dr. <An> & Co"
    group = root.find(f"{SVG}g")
    assert group is not None
    assert group.get("stroke") == "currentColor"


def test_the_svg_is_cropped_to_the_ink() -> None:
    root = ElementTree.fromstring(strokes.to_svg(strokes.parse(pad(LINE)), "t"))
    assert root.get("viewBox") == "2 7 96 31"


def widths(*drawn: Any) -> list[float]:
    root = ElementTree.fromstring(strokes.to_svg(strokes.parse(pad(*drawn)), "t"))
    return [float(path.get("stroke-width", "")) for path in root.iter(f"{SVG}path")]


def test_a_slow_pen_leaves_a_broader_line() -> None:
    slow = [[i * 5, 50, i * 100, 0.5] for i in range(10)]
    fast = [[i * 50, 90, i * 8, 0.5] for i in range(10)]
    assert min(widths(slow)) > max(widths(fast))


def test_a_pressing_pen_leaves_a_broader_line() -> None:
    light, firm = ([[i * 5, 50, i * 10, p + i / 100] for i in range(10)] for p in (0.1, 0.8))
    assert max(widths(firm)) > max(widths(light))


def test_the_lifted_pen_of_a_mouse_changes_nothing() -> None:
    held = [[i * 5, 50, i * 10, 0.5] for i in range(10)]
    lifted = [*held[:-1], [*held[-1][:3], 0]]
    assert widths(held) == widths(lifted)


def test_the_dot_on_an_i_is_drawn() -> None:
    svg = strokes.to_svg(strokes.parse(pad(LINE, [[100.5, 5, 90, 0.5]])), "t")
    assert "M100.5 5h0.1" in svg


def test_a_clock_that_stands_still_is_no_harm() -> None:
    frozen = [[i * 5, 50, 7, 0.5] for i in range(10)]
    back = [[i * 5, 90, 100 - i, 0.5] for i in range(10)]
    assert widths(frozen, back)


def test_the_svg_of_the_largest_drawing_stays_small() -> None:
    wave = [[i % 600, 120 + 90 * math.sin(i / 9), i * 16, (i % 97) / 97] for i in range(5_000)]
    svg = strokes.to_svg(strokes.parse(json.loads(json.dumps(pad(wave)))), "t")
    assert len(svg) < 200_000
    assert svg.count("<path") <= 12
