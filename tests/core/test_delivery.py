"""Messages that must leave, and what is tried when they do not."""

from datetime import timedelta
from functools import partial

import pytest

from pacs_settings.core import clock, db, delivery, outbox, secrets
from pacs_settings.core.db import hold
from pacs_settings.core.outbox import Channel
from pacs_settings.core.ports import Away, Letter, NotAccepted
from pacs_settings.core.tables import OutboxMessage
from tests import factories, seen
from tests.core.conftest import Clock
from tests.factories import AN, HERE
from tests.fakes import FakeMailer, FakeTexter

pytestmark = pytest.mark.usefixtures("database")
NUMBER = "+32470123456"


def put(count: int = 1, template: str = "password_changed", detail: str = "") -> None:
    with db.writing() as session:
        for _ in range(count):
            outbox.put_alert(session, factories.person(AN), template, HERE, detail)


def only() -> OutboxMessage:
    [row] = factories.rows(OutboxMessage)
    return row


def test_a_message_leaves_once() -> None:
    put()
    mailer = FakeMailer()
    assert delivery.send_due(mailer, FakeTexter()) == 1
    assert delivery.send_due(mailer, FakeTexter()) == 0
    [(message_id, to, subject, body)] = mailer.sent
    assert (message_id, to) == (only().message_id, AN)
    assert subject == "Your password was changed"
    assert HERE.address in body
    assert only().sent_at is not None
    assert only().problem == ""


def test_it_is_written_with_what_it_tells_or_not_at_all() -> None:
    with pytest.raises(ZeroDivisionError), db.writing() as session:
        outbox.put_alert(session, factories.person(AN), "password_changed", HERE)
        session.flush()
        raise ZeroDivisionError
    assert factories.rows(OutboxMessage) == []


def test_it_knows_when_and_with_which_browser() -> None:
    put(template="factor_added", detail="My phone")
    values = only().values
    assert (values["browser"], values["system"]) == ("Firefox 128", "Linux")
    assert (values["address"], values["detail"]) == (HERE.address, "My phone")
    assert abs(clock.now().timestamp() - only().created_at.timestamp()) < 60


# What is secret.


def code(to: str = NUMBER, channel: Channel = Channel.SMS) -> None:
    with db.writing() as session:
        until = clock.now() + timedelta(minutes=10)
        outbox.put_code(session, factories.person(AN), channel, to, HERE, "012345", until)


def kept(digits: str) -> bool:
    """Whether a code is stored; moments and numbers may contain the same digits."""
    return any(f"{mark}{digits}" in seen.stored() for mark in ("'", '"'))


@pytest.mark.parametrize(("channel", "to"), [(Channel.SMS, NUMBER), (Channel.MAIL, AN)])
def test_a_code_is_sealed_until_it_leaves_and_gone_afterwards(channel: Channel, to: str) -> None:
    code(to, channel)
    assert not kept("012345")
    mailer, texter = FakeMailer(), FakeTexter()
    assert delivery.send_due(mailer, texter) == 1
    sent = texter.sent + [(mail[1], mail[3]) for mail in mailer.sent]
    assert [(whom, "012345" in text) for whom, text in sent] == [(to, True)]
    assert only().sealed == ""
    assert not kept("012345")


def test_the_link_of_an_alert_is_gone_afterwards_too() -> None:
    put()
    [body] = seen.post().to(AN)
    assert seen.links_in(body)["lock"] not in seen.stored()
    assert only().sealed == ""


def test_what_was_not_sent_keeps_its_code_for_the_next_try(moved: Clock) -> None:
    code()
    assert delivery.send_due(FakeMailer(), FakeTexter(failures=1)) == 0
    assert (only().problem, only().tries) == ("ConnectionRefusedError", 1)
    moved.forward(seconds=11)  # sooner than a mail: a code is worth little after some minutes
    texter = FakeTexter()
    assert delivery.send_due(FakeMailer(), texter) == 1
    assert "012345" in texter.sent[0][1]


def test_a_code_that_is_over_is_not_sent_and_gone(moved: Clock) -> None:
    code()
    moved.forward(minutes=10, seconds=1)
    texter = FakeTexter()
    assert delivery.send_due(FakeMailer(), texter) == 0
    assert texter.sent == []
    assert (only().problem, only().sealed, only().sent_at) == ("TooLate", "", None)
    moved.forward(days=1)
    assert delivery.send_due(FakeMailer(), texter) == 0


def test_a_code_goes_where_it_was_sent_to_whatever_is_on_file_by_now() -> None:
    code()
    factories.change(AN, mobile_phone="+32470999999")
    assert [to for to, _ in seen.post().texts] == [NUMBER]


@pytest.mark.parametrize("failure", [OSError("full"), TimeoutError(), ValueError("no number")])
def test_a_text_message_that_does_not_leave_keeps_no_other_back(failure: Exception) -> None:
    class Broken(FakeTexter):
        def send_text(self, message_id: str, to: str, text: str) -> None:
            raise failure

    code()
    put()
    mailer = FakeMailer()
    assert delivery.send_due(mailer, Broken()) == 1
    assert len(mailer.sent) == 1
    assert factories.rows(OutboxMessage)[0].problem == type(failure).__name__


def test_nothing_that_is_sent_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(1, logger=""):
        code()
        put()
        delivery.send_due(FakeMailer(failures=1), FakeTexter(failures=1))
        delivery.send_due(FakeMailer(), FakeTexter())
    for told in ("012345", NUMBER, AN, "link/lock"):
        assert told not in caplog.text


def test_what_another_key_sealed_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    code()
    row = only()
    row.sealed = secrets.seal("another purpose", '{"code": "012345"}')
    factories.store(row)
    texter = FakeTexter()
    assert delivery.send_due(FakeMailer(), texter) == 0
    assert (texter.sent, only().problem) == ([], "NotSealedHere")


def test_what_does_not_leave_is_tried_again_later_and_later(moved: Clock) -> None:
    put()
    waits = []
    for tried in range(1, 4):
        before = clock.now()
        assert delivery.send_due(FakeMailer(failures=1), FakeTexter()) == 0
        row = only()
        assert (row.tries, row.problem, row.sent_at) == (tried, "ConnectionRefusedError", None)
        waits.append((row.next_try - before).total_seconds())
        moved.forward(seconds=waits[-1] - 20)
        assert delivery.send_due(FakeMailer(), FakeTexter()) == 0
        moved.forward(seconds=30)
    assert waits[0] > 30
    assert waits[1] > 1.9 * waits[0]
    assert waits[2] > 1.9 * waits[1]
    mailer = FakeMailer()
    assert delivery.send_due(mailer, FakeTexter()) == 1
    assert len(mailer.sent) == 1
    assert only().problem == ""


def test_it_is_given_up_at_last(moved: Clock) -> None:
    put()
    for _ in range(delivery.MOST_TRIES):
        delivery.send_due(FakeMailer(failures=1), FakeTexter())
        moved.forward(days=1)
    mailer = FakeMailer()
    assert delivery.send_due(mailer, FakeTexter()) == 0
    assert mailer.sent == []
    assert only().problem == "ConnectionRefusedError"


@pytest.mark.parametrize("failure", [OSError("full"), TimeoutError(), ValueError("no address")])
def test_one_that_does_not_leave_keeps_no_other_back(failure: Exception) -> None:
    put(3)
    mailer = FakeMailer(failures=1, failure=failure)
    assert delivery.send_due(mailer, FakeTexter()) == 2
    assert len(mailer.sent) == 2


def test_one_that_cannot_be_written_keeps_no_other_back() -> None:
    put(template="no_such_template")
    put()
    assert delivery.send_due(FakeMailer(), FakeTexter()) == 1
    broken, sent = factories.rows(OutboxMessage)
    assert (broken.sent_at, broken.problem) == (None, "KeyError")
    assert sent.sent_at is not None


def test_a_bug_is_not_taken_for_a_failure_of_the_mail_server() -> None:
    put()
    with pytest.raises(ZeroDivisionError):
        delivery.send_due(FakeMailer(failures=1, failure=ZeroDivisionError()), FakeTexter())


def test_many_go_in_portions_oldest_first() -> None:
    put(delivery.PORTION[Channel.MAIL] + 5)
    mailer = FakeMailer()
    assert delivery.send_due(mailer, FakeTexter()) == delivery.PORTION[Channel.MAIL]
    assert delivery.send_due(mailer, FakeTexter()) == 5
    assert [sent[0] for sent in mailer.sent] == [
        row.message_id for row in factories.rows(OutboxMessage)
    ]


def test_workers_side_by_side_send_each_message_once() -> None:
    put(10)
    mailer = FakeMailer()
    factories.together(*[partial(delivery.send_due, mailer, FakeTexter())] * 4)
    assert len(mailer.sent) == 10
    assert len({sent[0] for sent in mailer.sent}) == 10


def test_a_message_that_another_worker_holds_is_left_alone() -> None:
    put(2)
    inner: list[int] = []

    class Meanwhile(FakeMailer):
        def send(self, message_id: str, to: str, letter: Letter) -> None:
            super().send(message_id, to, letter)
            inner.append(delivery.send_due(FakeMailer(), FakeTexter()))

    assert delivery.send_due(Meanwhile(), FakeTexter()) == 2
    assert inner == [0, 0]
    assert [row.tries for row in factories.rows(OutboxMessage)] == [1, 1]


@pytest.mark.only_on("postgresql", "SQLite has one writer at a time")
def test_who_looks_while_another_claims_takes_what_is_free() -> None:
    put(2)
    first, second = factories.rows(OutboxMessage)
    with db.writing() as session:
        hold(session, OutboxMessage, first.id)
        mailer = FakeMailer()
        assert delivery.send_due(mailer, FakeTexter()) == 1
    assert [sent[0] for sent in mailer.sent] == [second.message_id]


def test_what_is_refused_for_good_is_given_up_at_once(caplog: pytest.LogCaptureFixture) -> None:
    put(2)
    refused = NotAccepted("550 5.1.1", final=True)
    assert delivery.send_due(FakeMailer(failures=1, failure=refused), FakeTexter()) == 1
    row = factories.rows(OutboxMessage)[0]
    assert (row.next_try, row.sent_at, row.problem) == (None, None, "550 5.1.1")
    assert f"message {row.message_id} is given up: 550 5.1.1" in caplog.messages


def test_what_is_refused_for_now_is_tried_again(moved: Clock) -> None:
    put()
    refused = NotAccepted("451 4.7.1", final=False)
    assert delivery.send_due(FakeMailer(failures=1, failure=refused), FakeTexter()) == 0
    assert only().problem == "451 4.7.1"
    moved.forward(minutes=2)
    assert delivery.send_due(FakeMailer(), FakeTexter()) == 1


def test_while_the_server_is_away_only_the_first_is_tried(moved: Clock) -> None:
    put(3)
    away = delivery.send_portion(
        Channel.MAIL, FakeMailer(failures=3, failure=Away("ConnectionRefusedError")), FakeTexter()
    )
    assert (away.count, away.away) == (0, "ConnectionRefusedError")
    rows = factories.rows(OutboxMessage)
    assert [row.tries for row in rows] == [1, 0, 0]
    assert delivery.send_due(FakeMailer(), FakeTexter()) == 2
    moved.forward(minutes=2)
    assert delivery.send_due(FakeMailer(), FakeTexter()) == 1


def test_who_is_slow_leaves_the_rest_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the claim is over, so that nobody else has it by then."""
    put(3)
    monkeypatch.setattr(delivery, "CLAIM", timedelta(0))
    assert delivery.send_due(FakeMailer(), FakeTexter()) == 0
    assert [row.tries for row in factories.rows(OutboxMessage)] == [0, 0, 0]


def test_pauses_grow_up_to_four_hours() -> None:
    waits = [delivery.pause("study", tries) for tries in range(1, delivery.MOST_TRIES + 1)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)
    assert waits[-1] == timedelta(hours=4)
    assert timedelta(days=2) < sum(waits, timedelta()) < timedelta(days=4)


def test_notices_never_keep_a_code_back() -> None:
    with db.transaction() as connection:
        for _ in range(40):
            outbox.put_notice(connection, factories.own(factories.person(AN)), "nothing", {})
    code()
    texter = FakeTexter()
    delivery.send_due(FakeMailer(), texter)
    assert len(texter.sent) == 1


def test_a_worker_that_dies_leaves_the_message_for_later(moved: Clock) -> None:
    put()
    with pytest.raises(KeyboardInterrupt):
        delivery.send_due(FakeMailer(failures=1, failure=KeyboardInterrupt()), FakeTexter())
    assert delivery.send_due(FakeMailer(), FakeTexter()) == 0
    moved.forward(minutes=5)
    assert delivery.send_due(FakeMailer(), FakeTexter()) == 1
