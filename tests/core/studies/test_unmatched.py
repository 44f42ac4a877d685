"""Numbers that nobody has, until somebody does."""

import pytest

from pacs_settings.core import desk
from pacs_settings.core.accounts import numbers
from pacs_settings.core.accounts.numbers import NumberKind
from pacs_settings.core.errors import Refused
from pacs_settings.core.studies import intake, unmatched
from pacs_settings.core.studies.events import Referrer
from pacs_settings.core.tables import (
    AuditEntry,
    EventRecipient,
    Fate,
    Mapping,
    OutboxMessage,
    PhysicianNumber,
    ReportStatus,
)
from tests import factories
from tests.core.conftest import Clock
from tests.core.studies.told import fates, report, study

pytestmark = pytest.mark.usefixtures("database")
NUMBER = numbers.riziv(311_111, 4)
WAITING = Referrer(NUMBER, "DE NIEUWE Piet")


def tell(*events: object) -> int:
    source = factories.source().id or 0
    for event in events:
        intake.take(source, event)  # type: ignore[arg-type]
    return source


def mailed() -> list[str]:
    return [row.template for row in factories.rows(OutboxMessage)]


def test_they_are_listed_with_how_many_wait() -> None:
    tell(study("1.1", referrers=(WAITING,)), study("1.2", referrers=(WAITING,)))
    [row] = unmatched.waiting()
    assert (row.number, row.name, row.why, row.events) == (NUMBER, WAITING.name, "unknown", 2)


def test_a_number_that_is_linked_is_matched_with_what_waits() -> None:
    tell(study("1.1", referrers=(WAITING,)), report(referrers=(WAITING,)))
    someone = factories.account()
    assert unmatched.link_number(someone.username, "riziv", NUMBER) == 2
    assert unmatched.waiting() == []
    assert fates() == [Fate.MAILED, Fate.MAILED]
    assert mailed() == ["study", "report"]
    mine = Mapping.account_id == factories.own(someone)
    [line] = factories.rows(Mapping, mine)  # type: ignore[arg-type]
    assert line.name_at_source == WAITING.name
    assert factories.rows(AuditEntry)[-1].tag == "account:number:linked"


def test_another_qualification_is_the_same_person() -> None:
    tell(study(referrers=(WAITING,)))
    assert unmatched.link_number(factories.account().username, "riziv", f"{NUMBER[:8]}997") == 1


def test_what_waited_for_long_makes_a_line_only(moved: Clock) -> None:
    tell(study(referrers=(WAITING,)))
    moved.forward(days=8)
    unmatched.link_number(factories.account().username, "riziv", NUMBER)
    assert (fates(), mailed()) == ([Fate.TOO_OLD], [])


def test_of_a_report_only_its_latest_state_mails() -> None:
    states = (ReportStatus.FINAL, ReportStatus.CORRECTED)
    tell(*[report(state, referrers=(WAITING,)) for state in states])
    unmatched.link_number(factories.account().username, "riziv", NUMBER)
    assert fates() == [Fate.SUPERSEDED, Fate.MAILED]


def test_others_go_on_waiting() -> None:
    other = Referrer(numbers.riziv(322_222, 4), "SOMEBODY ELSE")
    tell(study(referrers=(WAITING, other)))
    unmatched.link_number(factories.account().username, "riziv", NUMBER)
    [row] = unmatched.waiting()
    assert row.name == other.name


def test_who_was_told_already_is_not_told_twice() -> None:
    someone = factories.account()
    known = Referrer(factories.number(someone).value, "WILLEMS")
    tell(study(referrers=(known, WAITING)))
    unmatched.link_number(someone.username, "riziv", NUMBER)
    assert fates() == [Fate.MAILED, Fate.REPEATED]
    assert len(mailed()) == 1
    assert len(factories.rows(EventRecipient)) == 2


@pytest.mark.parametrize(
    ("username", "kind", "number", "code"),
    [
        ("nobody@demo.example", "riziv", NUMBER, "account_unknown"),
        ("not an address", "riziv", NUMBER, "account_unknown"),
        ("", "passport", NUMBER, "source_kind"),
        ("", "riziv", "123", "number_length"),
        ("", "riziv", "1234562200x", "number_digits"),
        ("", "riziv", "11111111111", "number_check"),
    ],
)
def test_it_is_refused_with_the_reason(username: str, kind: str, number: str, code: str) -> None:
    someone = factories.account()
    before = len(factories.rows(PhysicianNumber))
    with pytest.raises(Refused) as refused:
        unmatched.link_number(username or someone.username, kind, number)
    assert refused.value.code == code
    assert len(factories.rows(PhysicianNumber)) == before


def test_a_number_has_one_holder() -> None:
    unmatched.link_number(factories.account().username, "riziv", NUMBER)
    with pytest.raises(Refused) as refused:
        unmatched.link_number(factories.account().username, NumberKind.RIZIV, NUMBER)
    assert refused.value.code == "number_taken"


def test_an_account_that_is_invited_later_is_reached_by_then() -> None:
    tell(study(referrers=(WAITING,)))
    region = factories.region()
    desk.invite(desk.Invitation("new@demo.example", "Piet", "De Nieuwe", region.name))
    unmatched.link_number("new@demo.example", "riziv", NUMBER)
    assert fates() == [Fate.NOT_ACTIVE]
