"""Reports go back: written with what they tell, at least once, under one name, each source apart."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from pacs_settings.core import db, delivery, outbox, ports
from pacs_settings.core.outbox import RETURNS, Channel
from pacs_settings.core.ports import Away, NotAccepted
from pacs_settings.core.reports import returning
from pacs_settings.core.reports.document import ReportDocument
from pacs_settings.core.reports.returning import Outgoing, State
from pacs_settings.core.studies import sources
from pacs_settings.core.studies.sources import Ways
from pacs_settings.core.tables import AuditEntry, OutboxMessage, ReportPdf, Source
from tests import factories
from tests.adapters import documents
from tests.core.conftest import Clock
from tests.core.reports.written import stored_version
from tests.factories import AN, HERE
from tests.fakes import FakeMailer, FakeTexter

pytestmark = pytest.mark.usefixtures("database")
REPORT, VERSION = 7, 70
BACK = Ways(
    orthanc_url="http://127.0.0.1:8042",
    hl7_application="RIS",
    return_archive=True,
    result_address="ris.example:2575",
)


@dataclass
class Sources:
    """Stand-in for what is at the other end of the ways back."""

    got: list[tuple[Channel, Outgoing]] = field(default_factory=list)
    failures: dict[str, Exception] = field(default_factory=dict)
    made: int = 0

    def way(self, channel: Channel) -> returning.Way:
        def take(outgoing: Outgoing) -> None:
            if outgoing.to.name in self.failures:
                raise self.failures[outgoing.to.name]
            self.got.append((channel, outgoing))

        return take

    def make(self, document: ReportDocument) -> bytes:
        self.made += 1
        return f"PDF {self.made} of {document.version}".encode()


@pytest.fixture(autouse=True)
def version(database: str) -> None:
    stored_version(VERSION, REPORT)


@pytest.fixture
def there() -> Iterator[Sources]:
    made = Sources()
    ways = {channel: made.way(channel) for channel in RETURNS}
    returning.set_up(lambda version: documents.report(version=version), made.make, ways)
    yield made
    ports.returns.clear()


def source(name: str = "Clinic", ways: Ways = BACK) -> int:
    sources.put(name, ways)
    return next(row.id or 0 for row in factories.rows(Source) if row.name == name)


def put(version: int = VERSION, source_id: int | None = None) -> None:
    account = factories.own(factories.person(AN))
    to = source_id or source()
    stored_version(version, REPORT)
    with db.writing() as session:
        returning.put(session, account, to, REPORT, version)


def deliver() -> int:
    return sum(delivery.send_portion(way, FakeMailer(), FakeTexter()).handled for way in RETURNS)


def states(version: int = VERSION) -> dict[Channel, State]:
    return {one.channel: one.state for one in returning.where(version)}


def test_a_version_goes_back_on_each_way_once(there: Sources) -> None:
    put()
    assert states() == dict.fromkeys(RETURNS, State.WAITING)
    assert deliver() == 2
    assert deliver() == 0
    assert [channel for channel, _ in there.got] == list(RETURNS)
    assert states() == dict.fromkeys(RETURNS, State.SENT)
    outgoing = there.got[0][1]
    assert (outgoing.report_id, outgoing.version_id) == (REPORT, VERSION)
    assert outgoing.document.version == VERSION
    assert outgoing.to.archive
    assert (outgoing.to.host, outgoing.to.port) == ("ris.example", 2575)


@pytest.mark.parametrize(
    ("ways", "expected"),
    [
        (Ways(), []),
        (Ways(orthanc_url="http://127.0.0.1:1"), []),
        (Ways(return_archive=True), []),
        (Ways(orthanc_url="http://127.0.0.1:1", return_archive=True), [Channel.ARCHIVE]),
        (Ways(result_address="[::1]:2575"), [Channel.RESULT]),
        (BACK, list(RETURNS)),
    ],
)
def test_only_on_ways_that_the_source_has(ways: Ways, expected: list[Channel]) -> None:
    put(source_id=source("Other", ways))
    assert [one.channel for one in returning.where(VERSION)] == expected


def test_it_is_written_with_what_it_tells_or_not_at_all() -> None:
    to = source()
    with pytest.raises(ZeroDivisionError), db.writing() as session:
        returning.put(session, factories.own(factories.person(AN)), to, REPORT, VERSION)
        raise ZeroDivisionError
    assert returning.where(VERSION) == []


def test_however_often_it_is_put_it_goes_once(there: Sources) -> None:
    for _ in range(3):
        put()
    assert deliver() == 2
    put()
    assert deliver() == 0
    assert len(there.got) == 2


def test_everybody_gets_the_same_bytes(there: Sources) -> None:
    first = returning.sealed_pdf(VERSION, lambda _: documents.report(), there.make)
    put()
    deliver()
    assert {outgoing.sealed for _, outgoing in there.got} == {first}
    assert there.made == 1
    assert first.sha256 == hashlib.sha256(first.pdf).hexdigest()
    assert returning.sealed_pdf(VERSION, lambda _: documents.report(), there.make) == first


def test_who_comes_second_takes_what_the_first_has_made() -> None:
    def make(_document: ReportDocument) -> bytes:
        returning._keep(VERSION, b"of the first")  # while the second makes its own
        return b"of the second"

    sealed = returning.sealed_pdf(VERSION, lambda _: documents.report(), make)
    assert sealed.pdf == b"of the first"
    [row] = factories.rows(ReportPdf)
    assert row.pdf == sealed.pdf


class Killed(BaseException):
    """What happens between the other side's answer and our commit."""


def test_a_worker_killed_after_the_answer_repeats_under_the_same_names(
    there: Sources, moved: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    put()
    for way in RETURNS:
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(delivery, "_note", lambda _portion: (_ for _ in ()).throw(Killed))
            delivery.send_portion(way, FakeMailer(), FakeTexter())
    assert deliver() == 0  # claimed
    moved.forward(seconds=delivery.CLAIM.total_seconds() + 1)
    assert deliver() == 2
    assert len(there.got) == 4
    for way in RETURNS:
        one, other = (outgoing for channel, outgoing in there.got if channel == way)
        assert (one.instance_uid, one.series_uid) == (other.instance_uid, other.series_uid)
        assert one.control_id == other.control_id
        assert one.sealed == other.sealed
    assert states() == dict.fromkeys(RETURNS, State.SENT)


def test_names_are_of_one_version_and_fit(there: Sources) -> None:
    to = source()
    for version in (VERSION, 71, 2**31 - 1):
        put(version, to)
    deliver()
    found = [outgoing for channel, outgoing in there.got if channel == Channel.ARCHIVE]
    assert len({one.instance_uid for one in found}) == len({one.control_id for one in found}) == 3
    assert len({one.series_uid for one in found}) == 1
    for one in found:
        assert len(one.control_id) <= 20
        assert len(one.instance_uid) <= 64
        assert len(one.series_uid) <= 64


def test_a_dead_source_delays_no_other_and_no_mail(there: Sources, moved: Clock) -> None:
    dead, well = source("Dead"), source("Well")
    there.failures["Dead"] = Away("no connection")
    for version in range(1, 9):
        put(version, dead)
    put(9, well)
    with db.writing() as session:
        outbox.put_alert(session, factories.person(AN), "password_changed", HERE)
    assert delivery.send_due(FakeMailer(), FakeTexter()) == 1
    deliver()
    deliver()
    assert {outgoing.to.name for _, outgoing in there.got} == {"Well"}
    assert len(there.got) == 2
    waiting = [row for row in factories.rows(OutboxMessage) if row.channel == Channel.ARCHIVE]
    assert sum(row.tries for row in waiting) == 2  # one for each source
    moved.forward(seconds=61)
    deliver()
    tried = [row.tries for row in factories.rows(OutboxMessage) if row.to == str(dead)]
    assert sorted(tried, reverse=True)[:3] == [2, 2, 0]  # the first of each way, and no other
    there.failures.clear()
    moved.forward(hours=5)
    for _ in range(4):
        deliver()
    assert len(there.got) == 18


def test_a_source_that_does_not_take_one_takes_the_next(there: Sources) -> None:
    to = source()
    there.failures["Clinic"] = NotAccepted("AE 207", final=False)
    put(1, to)
    deliver()
    del there.failures["Clinic"]
    put(2, to)
    deliver()
    assert states(2) == dict.fromkeys(RETURNS, State.SENT)
    assert states(1) == dict.fromkeys(RETURNS, State.WAITING)
    assert {one.problem for one in returning.where(1)} == {"AE 207"}
    assert {one.version_id for one in returning.not_there()} == {1}


def test_pauses_grow_and_end(there: Sources, moved: Clock) -> None:
    there.failures["Clinic"] = Away("no connection")
    put()
    seen = []
    while states()[Channel.RESULT] == State.WAITING:
        before = next(r for r in factories.rows(OutboxMessage) if r.channel == Channel.RESULT)
        deliver()
        row = next(r for r in factories.rows(OutboxMessage) if r.channel == Channel.RESULT)
        assert row.tries == before.tries + 1
        if row.next_try:
            seen.append(delivery.pause(row.template, row.tries))
        moved.forward(hours=4, minutes=1)
    assert len(seen) == delivery.MOST_TRIES - 1
    assert seen == sorted(seen)
    assert seen[-1] == timedelta(hours=4)
    assert states() == dict.fromkeys(RETURNS, State.FAILED)
    assert {one.problem for one in returning.where(VERSION)} == {"no connection"}


def test_what_is_refused_for_good_is_tried_again_when_somebody_says_so(there: Sources) -> None:
    there.failures["Clinic"] = NotAccepted("AR 200", final=True)
    put()
    deliver()
    assert states() == dict.fromkeys(RETURNS, State.FAILED)
    assert [one.state for one in returning.not_there()] == [State.FAILED] * 2
    there.failures.clear()
    assert returning.again(VERSION) == 2
    assert returning.again(VERSION) == 0
    deliver()
    assert states() == dict.fromkeys(RETURNS, State.SENT)
    assert returning.not_there() == []
    [entry] = [row for row in factories.rows(AuditEntry) if row.tag == "report:return:again"]
    assert entry.after == {"version": VERSION}


def test_a_way_that_was_taken_away(there: Sources) -> None:
    put()
    sources.put("Clinic", Ways(return_archive=False, result_address=""))
    deliver()
    assert there.got == []
    assert states() == dict.fromkeys(RETURNS, State.FAILED)


def test_before_it_is_set_up_it_waits() -> None:
    put()
    deliver()
    assert states() == dict.fromkeys(RETURNS, State.WAITING)


def test_what_cannot_be_composed_keeps_nothing_else_back(there: Sources) -> None:
    def compose(version: int) -> ReportDocument:
        if version == 1:
            raise LookupError("of a patient's report")
        return documents.report()

    returning.set_up(compose, there.make, {way: there.way(way) for way in RETURNS})
    to = source()
    put(1, to)
    put(2, to)
    deliver()
    assert states(2) == dict.fromkeys(RETURNS, State.SENT)
    assert {one.problem for one in returning.where(1)} == {"LookupError"}


def test_nothing_of_the_report_is_in_the_message() -> None:
    put()
    for row in factories.rows(OutboxMessage):
        assert row.values == {"report": REPORT, "version": VERSION}
        assert row.sealed == ""
