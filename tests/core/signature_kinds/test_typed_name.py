"""Typed signatures: names in the outlines of the script face, or a word why not."""

import unicodedata
from typing import Any, get_args
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacs_settings.core import vector
from pacs_settings.core.signature_kinds import typed_name
from pacs_settings.core.signature_kinds.typed_name import TypedNameRefused

NAMES = ["An Peeters", "Léa Dubois", "Łukasz Ørsted-Çelik", "Šimůnek", "Ö. Groß", "d’Hondt", "ÑIJß"]


def refusal(raw: object) -> TypedNameRefused:
    with pytest.raises(TypedNameRefused) as refused:
        typed_name.parse(raw)
    return refused.value


@pytest.mark.parametrize("name", NAMES)
def test_names_of_europe_are_drawn(name: str) -> None:
    image = typed_name.image(typed_name.parse(name))
    [path] = image.paths
    assert path.width is None  # an outline, filled
    assert {command.name for command in path.commands} <= set("MLQCZ")
    xs = [x for command in path.commands for x in command.numbers[0::2]]
    ys = [y for command in path.commands for y in command.numbers[1::2]]
    assert image.left < min(xs)
    assert max(xs) < image.left + image.width
    assert image.top < min(ys)
    assert max(ys) < image.top + image.height


def test_the_outlines_are_the_same_each_time() -> None:
    first = vector.to_svg(typed_name.image(typed_name.parse("An Peeters")), "t")
    typed_name._glyph.cache_clear()
    typed_name._fonts.cache_clear()
    assert vector.to_svg(typed_name.image(typed_name.parse("An Peeters")), "t") == first


def test_letters_stand_beside_each_other() -> None:
    one = typed_name.image(typed_name.parse("n")).width
    three = typed_name.image(typed_name.parse("nnn")).width
    assert 2 * one < three + 2 * typed_name.MARGIN < 4 * one


def test_one_name_has_one_form() -> None:
    apart = unicodedata.normalize("NFD", "Léa Dubois")
    assert typed_name.parse(f"  {apart}\n\t").name == "Léa Dubois"


@pytest.mark.parametrize("letter", ["日", "Ж", "😀", "∑"])
def test_what_the_face_lacks_is_named(letter: str) -> None:
    refused = refusal(f"An {letter}")
    assert refused.code == "character"
    assert refused.character == letter


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        *(
            (raw, "empty")
            for raw in (None, 7, [], {}, True, b"An", "", " ", "\n\t", "\u00a0", "\x00")
        ),
        *((raw, "too_long") for raw in ("a" * 61, "a" * 10_000_000, " " * 601)),
    ],
)
def test_what_is_no_name_is_refused(raw: Any, code: str) -> None:
    assert refusal(raw).code == code


def test_the_longest_name() -> None:
    assert typed_name.parse("W" * 60)


@given(st.text(max_size=70))
def test_any_text_is_drawn_or_refused_by_its_name(text: str) -> None:
    try:
        typed = typed_name.parse(text)
    except TypedNameRefused as refused:
        assert refused.code in get_args(typed_name.Code)
        return
    root = ElementTree.fromstring(vector.to_svg(typed_name.image(typed), text))
    assert root.get("role") == "img"
