"""What others may find and see of an account."""

import pytest

from pacs_settings.core import privacy
from pacs_settings.core.privacy import Person, PublicCard, Switches, card
from pacs_settings.core.tables import AuditEntry
from tests import factories
from tests.factories import AN, JAN, SOFIE

ROBIN = Person("Dr Robin Willems", ("1-23456-25-004",), "robin@demo.example", "0470 12 34 56")
NAME, NUMBERS, EMAIL, MOBILE = ROBIN.name, ROBIN.numbers, ROBIN.email, ROBIN.mobile


@pytest.mark.asvs("8.2.3")
@pytest.mark.parametrize(
    ("contact", "email", "mobile", "seen"),
    [
        (True, False, False, PublicCard("search", NAME, NUMBERS, "", "")),
        (True, True, False, PublicCard("search", NAME, NUMBERS, EMAIL, "")),
        (True, False, True, PublicCard("search", NAME, NUMBERS, "", MOBILE)),
        (True, True, True, PublicCard("search", NAME, NUMBERS, EMAIL, MOBILE)),
        (False, False, False, PublicCard("nobody", "", (), "", "")),
        (False, True, False, PublicCard("exact", "", (), EMAIL, "")),
        (False, False, True, PublicCard("exact", "", (), "", MOBILE)),
        (False, True, True, PublicCard("exact", "", (), EMAIL, MOBILE)),
    ],
)
def test_a_card_shows_what_is_public_only(
    contact: bool, email: bool, mobile: bool, seen: PublicCard
) -> None:
    assert card(ROBIN, Switches(contact, email, mobile)) == seen


def test_a_public_number_that_does_not_exist_finds_nobody() -> None:
    nobody = card(Person(NAME, (), EMAIL, ""), Switches(False, False, True))
    assert nobody == PublicCard("nobody")


@pytest.fixture
def an(database: object) -> int:
    return factories.own(factories.person(AN))


def test_contact_is_public_unless_told_otherwise(an: int) -> None:
    switches, person = privacy.load(factories.own(factories.account()))
    assert switches == Switches(True, False, False)
    assert (person.name, person.numbers, person.mobile) == ("Robin Willems", (), "")


def test_the_preview_has_the_facts_of_its_account(an: int) -> None:
    _, person = privacy.load(an)
    assert person.name == "Dr An Peeters"
    assert person.numbers == ("1-23456-25-004", "1-32001-75-004")
    assert (person.email, person.mobile) == (AN, "0470 12 34 52")
    _, jan = privacy.load(factories.own(factories.person(JAN)))
    assert jan.mobile == "06 12345678"


def test_all_three_are_stored_together(an: int) -> None:
    wanted = Switches(False, True, True)
    assert privacy.save(factories.actor(factories.person(AN)), wanted) == wanted
    assert privacy.load(an)[0] == wanted
    assert privacy.load(factories.own(factories.person(SOFIE)))[0] == Switches(False, False, False)


def test_a_change_is_audited_and_no_change_is_not(an: int) -> None:
    actor = factories.actor(factories.person(AN))
    privacy.save(actor, Switches(True, False, True))
    privacy.save(actor, Switches(True, False, True))
    [entry] = factories.rows(AuditEntry)
    assert (entry.tag, entry.actor_id) == ("account:privacy:changed", an)
    assert entry.before == {"contact": True, "email": False, "mobile": False}
    assert entry.after == {"contact": True, "email": False, "mobile": True}
