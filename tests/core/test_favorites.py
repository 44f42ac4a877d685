"""Favorites: kept by their owner alone, and never showing more than is public now."""

import pytest

from pacs_settings.core import favorites, privacy
from pacs_settings.core.audit import Actor
from pacs_settings.core.errors import NotYours, Refused
from pacs_settings.core.privacy import PublicCard, Switches
from pacs_settings.core.tables import AccountState, Favorite
from tests import factories
from tests.factories import AN, JAN, LEA, SOFIE

pytestmark = pytest.mark.usefixtures("database")
HIDDEN = PublicCard("nobody")


@pytest.fixture
def an() -> Actor:
    return factories.actor(factories.person(AN))


def of(username: str) -> int:
    return factories.own(factories.person(username))


def kept(username: str = AN) -> list[str]:
    return [one.card.name for one in favorites.load(of(username))]


def test_starring_again_changes_nothing(an: Actor) -> None:
    for _ in range(2):
        favorites.star(an, of(LEA))
    assert kept() == ["Dr Léa Dubois"]
    for _ in range(2):
        favorites.unstar(an, of(LEA))
    assert kept() == []


def test_they_come_by_name(an: Actor) -> None:
    for username in (LEA, JAN, AN):
        favorites.star(an, of(username))
    assert kept() == ["Dr An Peeters", "Dr Léa Dubois", "Jan Claes"]


@pytest.mark.parametrize("username", [SOFIE, "desk@demo.example"])
def test_nobody_is_kept_who_cannot_be_found(an: Actor, username: str) -> None:
    with pytest.raises(NotYours):
        favorites.star(an, of(username))
    with pytest.raises(NotYours):
        favorites.star(an, 999_999)
    assert factories.rows(Favorite) == []


@pytest.mark.parametrize("email", [True, False])
@pytest.mark.parametrize("mobile", [True, False])
def test_who_goes_private_shows_what_is_public_now(an: Actor, email: bool, mobile: bool) -> None:
    favorites.star(an, of(LEA))
    lea = factories.actor(factories.person(LEA))
    privacy.save(lea, Switches(False, email, mobile))
    [one] = favorites.load(of(AN))
    shown = PublicCard(
        "exact", email=LEA if email else "", mobile="0470 12 34 53" if mobile else ""
    )
    assert one.card == (shown if email or mobile else HIDDEN)
    privacy.save(lea, Switches(True, False, False))
    assert kept() == ["Dr Léa Dubois"]


def test_private_disabled_and_of_the_desk_look_alike(an: Actor) -> None:
    for change in (
        {"contact_public": False},
        {"state": AccountState.DISABLED},
        {"service_desk": True},
    ):
        someone = factories.account(last_name=str(change))
        favorites.star(an, factories.own(someone))
        factories.change(someone.username, **change)
    favorites.star(an, of(LEA))
    assert [one.card for one in favorites.load(of(AN))][1:] == [HIDDEN] * 3
    assert kept()[0] == "Dr Léa Dubois"


def test_what_is_hidden_says_nothing_by_its_place(an: Actor) -> None:
    people = [factories.account(last_name=name) for name in ("Zz", "Aa", "Mm")]
    for someone in people:
        favorites.star(an, factories.own(someone))
        factories.change(someone.username, contact_public=False)
    assert [one.account_id for one in favorites.load(of(AN))] == [factories.own(p) for p in people]


def test_anothers_is_as_if_it_were_not_there(an: Actor) -> None:
    favorites.star(factories.actor(factories.person(JAN)), of(LEA))
    [row] = factories.rows(Favorite)
    for favorite in (row.id or 0, 999_999, -1):
        with pytest.raises(NotYours):
            favorites.remove(an, favorite)
    favorites.unstar(an, of(LEA))
    assert kept(JAN) == ["Dr Léa Dubois"]
    assert kept() == []


def test_one_of_ones_own_is_taken_away(an: Actor) -> None:
    favorites.star(an, of(LEA))
    favorites.remove(an, factories.rows(Favorite)[0].id or 0)
    assert kept() == []


def test_there_is_a_limit(an: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(favorites, "MOST", 2)
    for username in (LEA, JAN, LEA):
        favorites.star(an, of(username))
    with pytest.raises(Refused, match="too_many_favorites"):
        favorites.star(an, of(AN))
    assert len(kept()) == 2


def test_several_at_once_make_one(an: Actor) -> None:
    ends = factories.together(*[lambda: favorites.star(an, of(LEA))] * 6)
    assert ends == [None] * 6
    assert len(factories.rows(Favorite)) == 1
