"""Events that are taken: once each, with mapping and message or not at all."""

from functools import partial
from typing import Any

import pytest

from pacs_settings.core import mappings
from pacs_settings.core.accounts import numbers
from pacs_settings.core.errors import Refused
from pacs_settings.core.mappings import Switch
from pacs_settings.core.studies import intake, notices
from pacs_settings.core.studies.events import EventRefused, Referrer
from pacs_settings.core.tables import (
    AccountState,
    EventRecipient,
    Fate,
    OutboxMessage,
    ReceivedEvent,
    ReportStatus,
    Source,
)
from tests import factories
from tests.core.studies.told import Referred, fates, report, study
from tests.factories import JAN

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def physician() -> Referred:
    return Referred()


def test_a_study_makes_a_line_and_one_mail(physician: Referred) -> None:
    taken = physician.take(physician.study())
    assert (taken.new, taken.fates) == (True, (Fate.MAILED,))
    [line] = physician.lines()
    assert (line.source_id, line.name_at_source) == (physician.source.id, physician.name)
    assert line.changed_at is not None
    [mail] = physician.mails()
    assert (mail.template, mail.values["mapping"], mail.channel) == ("study", line.id, "notice")
    [row] = factories.rows(EventRecipient)
    assert (row.event_id, row.mapping_id, row.message_id) == (taken.event_id, line.id, mail.id)


@pytest.mark.parametrize("on", [True, False])
def test_a_new_line_has_its_owners_defaults(on: bool) -> None:
    physician = Referred(default_on_study=on, default_on_report=not on)
    physician.take(physician.study())
    [line] = physician.lines()
    assert (line.on_study, line.on_report) == (on, not on)
    assert len(physician.mails()) == on


def test_a_known_pair_keeps_its_line(physician: Referred) -> None:
    for uid in ("1.2.3", "1.2.4"):
        physician.take(physician.study(uid))
    assert len(physician.lines()) == 1
    assert len(physician.mails()) == 2


def test_another_name_or_source_is_another_line(physician: Referred) -> None:
    physician.take(physician.study("1.1"))
    physician.take(
        physician.study("1.2", referrers=(Referrer(physician.number.value, "WILLEMS R"),))
    )
    elsewhere = factories.source()
    intake.take(elsewhere.id or 0, physician.study("1.3"))
    assert len(physician.lines()) == 3


@pytest.mark.parametrize("kind", list(Switch))
def test_the_switch_of_the_line_decides(physician: Referred, kind: Switch) -> None:
    tell = physician.study if kind == Switch.STUDY else physician.report
    physician.take(tell(**{"uid": "1.1"} if kind == Switch.STUDY else {"report_id": "R0"}))
    [line] = physician.lines()
    mappings.switch(factories.actor(physician.account), line.id or 0, kind, False)
    taken = physician.take(tell())
    assert taken.fates == (Fate.SWITCHED_OFF,)
    other = physician.report() if kind == Switch.STUDY else physician.study()
    assert physician.take(other).fates == (Fate.MAILED,)


def test_it_is_read_when_the_event_is_taken(physician: Referred) -> None:
    physician.take(physician.study())
    [line] = physician.lines()
    mappings.switch(factories.actor(physician.account), line.id or 0, Switch.STUDY, False)
    assert len(physician.mails()) == 1  # what is decided leaves


def test_the_same_study_is_taken_once(physician: Referred) -> None:
    first = physician.take(physician.study())
    again = physician.take(physician.study(description="CT thorax, more images"))
    assert (again.new, again.event_id, again.fates) == (False, first.event_id, ())
    assert len(physician.mails()) == 1


def test_the_same_study_of_another_source_is_another(physician: Referred) -> None:
    physician.take(physician.study())
    assert intake.take(factories.source().id or 0, physician.study()).new


def test_a_number_is_compared_by_its_stable_part(physician: Referred) -> None:
    other_qualification = physician.number.value[:8] + "999"
    written = numbers.display(numbers.NumberKind.RIZIV, other_qualification)
    taken = physician.take(physician.study(referrers=(Referrer(written, physician.name),)))
    assert taken.fates == (Fate.MAILED,)


@pytest.mark.parametrize("number", ["", "no number", "12345", "1-99999-99-999", "9" * 60])
def test_what_is_no_number_of_anybody_waits(physician: Referred, number: str) -> None:
    taken = physician.take(physician.study(referrers=(Referrer(number, "SOMEBODY"),)))
    assert (taken.new, taken.fates) == (True, (Fate.UNKNOWN,))
    [row] = factories.rows(EventRecipient)
    assert (row.account_id, row.mapping_id, row.message_id) == (None, None, None)
    assert row.name_at_source == "SOMEBODY"


def test_two_who_share_a_stable_part_are_told_apart_by_the_rest(physician: Referred) -> None:
    stable = physician.number.value[:8]
    other = factories.account()
    factories.store(numbers.row(factories.own(other), numbers.NumberKind.RIZIV, f"{stable}777"))
    assert physician.take(physician.study("1.1")).fates == (Fate.MAILED,)
    neither = Referrer(f"{stable}555", "SOMEBODY")
    assert physician.take(physician.study("1.2", referrers=(neither,))).fates == (Fate.AMBIGUOUS,)


def test_a_number_of_another_kind_than_the_sources_is_nobodys(physician: Referred) -> None:
    physician.source.number_kinds = ["rpps"]
    factories.store(physician.source)
    assert physician.take(physician.study()).fates == (Fate.UNKNOWN,)


def test_who_is_named_twice_is_mailed_once(physician: Referred) -> None:
    second = factories.number(physician.account)
    named = (physician.referrer, Referrer(second.value, "WILLEMS R"))
    taken = physician.take(physician.study(referrers=named))
    assert taken.fates == (Fate.MAILED, Fate.REPEATED)
    assert (len(physician.mails()), len(physician.lines())) == (1, 2)


def test_each_of_several_physicians_is_mailed(physician: Referred) -> None:
    other = Referred()
    taken = physician.take(physician.study(referrers=(physician.referrer, other.referrer)))
    assert taken.fates == (Fate.MAILED, Fate.MAILED)
    assert (len(physician.mails()), len(other.mails())) == (1, 1)


@pytest.mark.parametrize(
    ("state", "fate"),
    [
        (AccountState.ACTIVE, Fate.MAILED),
        (AccountState.LOCKED, Fate.MAILED),
        (AccountState.INVITED, Fate.NOT_ACTIVE),
        (AccountState.DISABLED, Fate.NOT_ACTIVE),
    ],
)
def test_only_who_can_sign_in_is_mailed(state: AccountState, fate: Fate) -> None:
    physician = Referred(state=state)
    assert physician.take(physician.study()).fates == (fate,)
    assert len(physician.lines()) == 1


# Messages of a source.


def test_the_same_message_again_is_known(physician: Referred) -> None:
    event = physician.study(message_key="m1")
    first = physician.take(event)
    assert physician.take(event) == intake.Taken(first.event_id, False)


def test_a_message_key_is_good_for_one_event(physician: Referred) -> None:
    physician.take(physician.study(message_key="m1"))
    with pytest.raises(EventRefused) as refused:
        physician.take(physician.study("1.2.99", message_key="m1"))
    assert refused.value.code == "key_reused"
    assert len(factories.rows(ReceivedEvent)) == 1


def test_keys_of_two_sources_have_nothing_to_do_with_each_other(physician: Referred) -> None:
    physician.take(physician.study(message_key="m1"))
    other = factories.source().id or 0
    assert intake.take(other, physician.study("1.2.99", message_key="m1")).new


def test_a_correction_mails_again_and_once(physician: Referred) -> None:
    told = partial(physician.report, ReportStatus.CORRECTED)
    physician.take(physician.report())
    for content in ("first", "first", "second"):
        physician.take(told(content=content))
    assert fates() == [Fate.MAILED] * 3
    assert [mail.values["status"] for mail in physician.mails()] == [
        "final",
        "corrected",
        "corrected",
    ]


def test_what_comes_too_late_is_superseded(physician: Referred) -> None:
    physician.take(physician.report(ReportStatus.CORRECTED))
    assert physician.take(physician.report()).fates == (Fate.SUPERSEDED,)
    assert len(physician.mails()) == 1


def test_a_study_has_nothing_to_do_with_its_report(physician: Referred) -> None:
    physician.take(physician.report(ReportStatus.CORRECTED, report_id="1.2.3"))
    assert physician.take(physician.study("1.2.3")).fates == (Fate.MAILED,)


# All or nothing.


def test_nothing_is_kept_of_what_fails(
    physician: Referred, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(notices, "message", fail)
    with pytest.raises(ZeroDivisionError):
        physician.take(physician.study())
    for table in (ReceivedEvent, EventRecipient, OutboxMessage):
        assert factories.rows(table) == []  # type: ignore[type-var]
    assert physician.lines() == []
    monkeypatch.undo()
    assert physician.take(physician.study()).new


def test_several_and_what_is_known_of_their_source_or_nothing(physician: Referred) -> None:
    good, bad = physician.study("1.1"), physician.study("not a uid")
    with pytest.raises(EventRefused):
        intake.take_all(physician.source.id or 0, [good, bad], orthanc_cursor=7)
    assert factories.rows(ReceivedEvent) == []
    intake.take_all(physician.source.id or 0, [good], orthanc_cursor=7)
    [row] = [row for row in factories.rows(Source) if row.id == physician.source.id]
    assert row.orthanc_cursor == 7


def test_the_same_event_at_once_is_taken_once(physician: Referred) -> None:
    ends = factories.together(*[partial(physician.take, physician.study(message_key="m"))] * 4)
    assert sorted(taken.new for taken in ends) == [False, False, False, True]  # type: ignore[attr-defined]
    assert (len(physician.mails()), len(physician.lines())) == (1, 1)


def test_different_events_at_once_share_one_line(physician: Referred) -> None:
    work = [partial(physician.take, physician.study(f"1.{n}")) for n in range(4)]
    ends = factories.together(*work)
    assert all(taken.new for taken in ends)  # type: ignore[attr-defined]
    assert (len(physician.mails()), len(physician.lines())) == (4, 1)


def test_states_of_a_report_at_once_never_mail_backwards(physician: Referred) -> None:
    states = (ReportStatus.FINAL, ReportStatus.CORRECTED)
    factories.together(*[partial(physician.take, physician.report(state)) for state in states])
    told = [mail.values["status"] for mail in physician.mails()]
    assert told in (["corrected"], ["final", "corrected"])


# What cannot be taken.


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (study("", accession_number=""), "no_subject"),
        (study("1.2.x"), "uid_invalid"),
        (study("1." + "2" * 64), "identifier_invalid"),
        (study(status=ReportStatus.FINAL), "status_missing"),
        (report(ReportStatus.NONE), "status_missing"),
        (study(referrers=(Referrer("1"),) * 21), "too_many_referrers"),
    ],
)
def test_it_is_refused_with_the_reason(event: Any, code: str) -> None:
    with pytest.raises(Refused) as refused:
        intake.take(factories.source().id or 0, event)
    assert refused.value.code == code
    assert factories.rows(ReceivedEvent) == []


def test_long_and_strange_texts_are_cut_and_cleaned(physician: Referred) -> None:
    event = physician.study(description="a\nb\0c " + "x" * 300, institution=" Hospital \ud800")
    physician.take(event)
    [row] = factories.rows(ReceivedEvent)
    assert row.description.startswith("a b c x")
    assert len(row.description) == 200
    assert row.institution == "Hospital ?"


def test_demo_accounts_are_reached_by_their_numbers() -> None:
    mine = numbers.PhysicianNumber.account_id == factories.own(factories.person(JAN))
    [number] = factories.rows(numbers.PhysicianNumber, mine)  # type: ignore[arg-type]
    told = study(referrers=(Referrer(number.value, "CLAES Jan"),))
    assert intake.take(1, told).fates == (Fate.MAILED,)
