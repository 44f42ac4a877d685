"""No combination of switches and queries reveals what is private, or lets it be guessed.

Two worlds that differ in nothing but private values must not be told apart: not by results, their
order or number, nor by what is done to find them, which is what time could tell.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pacs_settings.core import db, privacy
from pacs_settings.core.privacy import Switches
from pacs_settings.core.search import find, index
from pacs_settings.core.search.tables import TERMS
from pacs_settings.core.tables import Account, AccountState, PhysicianNumber
from tests import factories
from tests.core.search.people import colleague, look
from tests.factories import AN

pytestmark = pytest.mark.usefixtures("database")


@dataclass(frozen=True)
class Values:
    """What somebody may keep to themselves."""

    first: str
    last: str
    number: str
    email: str
    mobile: str | None


ONE = Values("Lea", "Dubois", "12345678901", "lea@private.example", "+32470111111")
OTHERS = [
    Values("Sofie", "Maes", "98765432109", "sofie@private.example", "+32470222222"),
    Values("Léa", "Duboys", "12345999999", "lea.d@private.example", None),
    Values("Jan", "Van den Berghe", "11111111111", "jan@private.example", "+31612345670"),
    Values("Lea", "Dubois", "12345678902", "lea@private.example.org", None),
]
TYPED = sorted(
    {
        text
        for one in (ONE, *OTHERS)
        for text in (
            one.first, one.last, f"{one.first} {one.last}", f"{one.last} {one.first[:2]}",
            one.last[:1], one.last[:3], f"{one.last}s", one.last[1:], one.number, one.number[:5],
            one.number[:9], one.email, one.email.upper(), one.email[:6], one.mobile or "",
            (one.mobile or "")[:9], f"{one.first} {one.number}",
        )
    }
)  # fmt: skip
SWITCHES = [Switches(*(bool(n >> bit & 1) for bit in range(3))) for n in range(8)]
STATES = [AccountState.ACTIVE, AccountState.LOCKED, AccountState.INVITED, AccountState.DISABLED]


@dataclass
class World:
    """One account whose private values come and go, among others who stay as they are."""

    account_id: int
    number_id: int

    def be(self, values: Values, switches: Switches, state: AccountState, desk: bool) -> None:
        with db.writing() as session:
            row = session.get_one(Account, self.account_id)
            row.first_name, row.last_name = values.first, values.last
            row.username = row.username_key = values.email
            row.mobile_phone, row.state, row.service_desk = values.mobile, state, desk
            row.contact_public, row.email_public = switches.contact, switches.email
            row.mobile_public = switches.mobile
            session.add(row)
            number = session.get_one(PhysicianNumber, self.number_id)
            number.value = number.stable = values.number
            session.add(number)

    def seen(self, typed: str) -> tuple[object, ...]:
        """All that a colleague is told, and each statement by which it was found."""
        with factories.statements() as sent:
            answer = look(typed)
        return answer, [(text, str(values)) for text, values in sent]

    def indexed(self) -> tuple[object, ...]:
        with db.engine().connect() as connection:
            known = connection.execute(sa.select(TERMS.c["word", "uses"]).order_by(TERMS.c.word))
            return index.contents(connection), [tuple(row) for row in known]


@pytest.fixture
def world() -> Iterator[World]:
    for first, last in (("Lea", "Duboiss"), ("Leo", "Dubus"), ("Sofia", "Maas")):
        colleague(first, last)
    someone = colleague("Some", "Body")
    number = factories.store(
        PhysicianNumber(account_id=factories.own(someone), kind="big", value="1", stable="1")
    )
    return World(factories.own(someone), number.id or 0)


def mixed(switches: Switches, public: Values, private: Values) -> Values:
    """The public values of one, the private ones of another."""
    contact = public if switches.contact else private
    email = public.email if switches.email else private.email
    mobile = public.mobile if switches.mobile else private.mobile
    return Values(contact.first, contact.last, contact.number, email, mobile)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    switches=st.sampled_from(SWITCHES),
    other=st.sampled_from(OTHERS),
    typed=st.lists(st.sampled_from(TYPED) | st.text(max_size=12), min_size=3, max_size=8),
)
@example(switches=Switches(False, True, True), other=OTHERS[0], typed=TYPED)
@example(switches=Switches(False, False, False), other=OTHERS[1], typed=TYPED)
@example(switches=Switches(True, False, False), other=OTHERS[2], typed=TYPED)
def test_worlds_that_differ_in_private_values_look_alike(
    world: World, switches: Switches, other: Values, typed: list[str]
) -> None:
    seen = []
    for private in (ONE, other):
        world.be(mixed(switches, ONE, private), switches, AccountState.ACTIVE, False)
        seen.append((world.indexed(), [world.seen(text) for text in typed if "\0" not in text]))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_whoever_cannot_be_found_leaves_no_trace(world: World, switches: Switches) -> None:
    """Disabled, invited, of the service desk: as if there were nobody."""
    hidden = [(s, False) for s in STATES[2:]] + [(s, True) for s in STATES]
    world.be(ONE, Switches(False, False, False), AccountState.DISABLED, False)
    nobody = world.indexed(), [world.seen(text) for text in TYPED]
    for state, desk in hidden:
        world.be(ONE, switches, state, desk)
        assert (world.indexed(), [world.seen(text) for text in TYPED]) == nobody, (state, desk)


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_what_is_found_is_what_the_preview_shows(world: World, switches: Switches) -> None:
    world.be(ONE, switches, AccountState.ACTIVE, False)
    saved, person = privacy.load(world.account_id)
    preview = privacy.card(person, saved)
    for typed in TYPED:
        for one in look(typed).people:
            if one.account_id == world.account_id:
                assert one.card == preview
    ways = {"search": [ONE.last, ONE.number], "exact": [], "nobody": []}[preview.found_by]
    ways += [ONE.email] * switches.email + [ONE.mobile or ""] * switches.mobile
    found = {typed for typed in TYPED if world.account_id in ids(look(typed))}
    assert set(ways) <= found
    if preview.found_by != "search":
        assert found == {w for way in ways for w in (way, way.upper())}


def ids(answer: find.Answer) -> set[int]:
    return {one.account_id for one in answer.people}


def test_the_same_function_makes_the_preview_and_the_result(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = privacy.PublicCard("search", name="Whatever the card says")
    monkeypatch.setattr(privacy, "card", lambda person, switches: told)
    assert {one.card for one in look("lea").people} == {told}
    assert look("peeters", of=AN).people[0].card is told
