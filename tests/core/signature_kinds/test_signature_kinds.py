"""What all kinds of signatures have in common: one text, one digest, one SVG, words for refusals."""

from xml.etree import ElementTree

import pytest

from pacs_settings.core import signature_kinds, strokes
from pacs_settings.core.errors import Refused
from pacs_settings.core.signature_kinds import Content, Kind
from pacs_settings.locale import text
from tests.core.signature_kinds.test_picture import SVG, file, signature
from tests.core.test_signatures import drawing

MADE: dict[Kind, Content] = {
    Kind.DRAWN: signature_kinds.drawn(drawing()),
    Kind.TYPED: signature_kinds.typed("Léa Dubois"),
    Kind.PICTURE: signature_kinds.uploaded(file(signature())),
}


@pytest.mark.parametrize("kind", Kind)
def test_the_text_keeps_everything(kind: Kind) -> None:
    content = MADE[kind]
    assert signature_kinds.kind(content) == kind
    kept = signature_kinds.canonical(content)
    again = signature_kinds.from_canonical(kind, kept)
    assert again == content
    assert signature_kinds.digest(again) == signature_kinds.digest(content)


def test_what_is_drawn_has_the_digest_it_always_had() -> None:
    drawn = strokes.parse(drawing())
    assert signature_kinds.digest(drawn) == strokes.digest(drawn)
    assert signature_kinds.to_svg(drawn, "t") == strokes.to_svg(drawn, "t")


@pytest.mark.parametrize("kind", Kind)
def test_the_svg_is_plain_and_named(kind: Kind) -> None:
    svg = signature_kinds.to_svg(MADE[kind], "Dr. <An> & Co")
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    assert root.findtext("{http://www.w3.org/2000/svg}title") == "Dr. <An> & Co"
    links = [
        value for element in root.iter() for name, value in element.attrib.items() if "href" in name
    ]
    assert all(link.startswith("data:image/png;base64,") for link in links)
    assert len(links) == (kind == Kind.PICTURE)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("kept", ["", "x", "null", "[]", "{}", '{"name": 7}', "AAAA", "é"])
def test_another_text_is_a_value_error(kind: Kind, kept: str) -> None:
    with pytest.raises(ValueError):
        signature_kinds.from_canonical(kind, kept)


@pytest.mark.parametrize("language", ["en", "nl"])
def test_refusals_are_sentences(language: str) -> None:
    for make in (
        lambda: signature_kinds.drawn(None),
        lambda: signature_kinds.typed("日"),
        lambda: signature_kinds.uploaded(SVG),
    ):
        with pytest.raises(Refused) as refused:
            make()
        sentence = text(language, f"refused.{refused.value.code}", **refused.value.values)
        assert sentence.endswith(".")
        assert "{" not in sentence
