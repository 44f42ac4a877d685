"""Near spelling: one slip anywhere, or much alike; on each database the same words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacs_settings.core import db
from pacs_settings.core.search import near
from tests.core.search.people import colleague

WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=40)


def found(token: str) -> list[str]:
    with db.reading() as session:
        return near.near(session, (token,))[0]


@given(WORDS, st.data())
def test_every_slip_is_one(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 2))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    before, behind = word[:place], word[place:]
    slipped = {
        "left out": before + behind[1:],
        "added": before + letter + behind,
        "added at the end": word + letter,
        "mistaken": before + letter + behind[1:],
        "swapped": before + behind[1] + behind[0] + behind[2:],
    }
    assert set(slipped.values()) - {word} <= near.slips(word)
    assert word not in near.slips(word)
    assert {len(one) - len(word) for one in near.slips(word)} == {-1, 0, 1}


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    "typed", ["vrhaeghe", "vevrhaeghe", "werhaeghe", "evrhaeghe", "verhaeghee"]
)
def test_a_slip_is_found_wherever_it_is(typed: str) -> None:
    colleague("Zoë", "Verhaeghe")
    assert found(typed)[0] == "verhaeghe"


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("typed", ["sam", "1234", "xxxx", "verh", "verdaels"])
def test_what_is_near_to_nothing(typed: str) -> None:
    colleague("Zoë", "Verhaeghe")
    assert found(typed) == []


@pytest.mark.usefixtures("database")
def test_the_nearest_first_and_never_itself() -> None:
    for last in ("Verhaeghe", "Verhaege", "Verhaegen", "Verhagen", "Verhaeghens", "Haeghe"):
        colleague("Zoë", last)
    words = found("verhaeghe")
    assert {"verhaege", "verhaegen", "verhaeghens"} == set(words)  # verhagen is three slips away
    assert words == sorted(words, key=lambda word: -near.similarity("verhaeghe", word))


@pytest.mark.usefixtures("database")
def test_no_more_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near, "MOST", 2)
    for last in ("Verhaege", "Verhaegen", "Verhaeghens"):
        colleague("Zoë", last)
    assert len(found("verhaeghe")) == 2


@pytest.mark.usefixtures("database")
def test_each_of_several_has_its_own() -> None:
    for first, last in (("Zoë", "Verhaege"), ("Pieter", "Peeters")):
        colleague(first, last)
    with db.reading() as session:
        words = near.near(session, ("verhaeghe", "zoe", "peters", "12345"))
    assert words == [["verhaege"], [], ["peeters"], []]
