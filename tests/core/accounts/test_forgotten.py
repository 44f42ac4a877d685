"""A forgotten password: one answer for everybody, and a mail for whom it concerns."""

import logging

import pytest
import sqlalchemy as sa

from pacs_settings.core import db, mail_links
from pacs_settings.core.accounts import forgotten, password_link, send_limits
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.send_limits import TooManyCodes
from pacs_settings.core.tables import (
    AccountState,
    Domain,
    ForgottenPassword,
    MailLink,
    OutboxMessage,
)
from tests import factories, seen
from tests.core.conftest import Clock
from tests.factories import AN, HERE, LEA, SOFIE

pytestmark = pytest.mark.usefixtures("database")
NOBODY = "no.body@demo.example"


def mailed(username: str = AN, visit: Visit = HERE) -> list[str]:
    """What somebody gets who asks for a link."""
    forgotten.ask(username, visit)
    forgotten.work_off()
    return seen.post().to(username)


def works(token: str, purpose: str = mail_links.RESET) -> bool:
    with db.reading() as session:
        return mail_links.find(session, token, purpose) is not None


def places(count: int) -> list[Visit]:
    """Visits from addresses that have nothing in common."""
    return [Visit(f"198.{n // 250}.{n % 250}.7") for n in range(count)]


# Asking.


def asked(username: str, visit: Visit) -> list[str]:
    with factories.statements() as sent:
        assert forgotten.ask(username, visit) is None
    return [text for text, _values in sent]


def test_known_and_unknown_addresses_cost_the_same_statements() -> None:
    factories.change(SOFIE, state=AccountState.DISABLED)
    invited = factories.account(state=AccountState.INVITED, password_hash=None)
    usernames = (AN, NOBODY, SOFIE, LEA, "no.body@uz-demo.example", invited.username)
    costs = [asked(*pair) for pair in zip(usernames, places(6), strict=True)]
    assert len(costs[0]) > 0
    assert all(cost == costs[0] for cost in costs)
    assert not any("account" in text.lower() for text in costs[0])


def test_asking_mails_nothing_by_itself() -> None:
    forgotten.ask(AN, HERE)
    assert factories.rows(OutboxMessage) == []
    assert factories.rows(MailLink) == []


@pytest.mark.parametrize("typed", ["", "an.peeters", "a@b", "a\0@demo.example", "\ud800@x.example"])
def test_what_is_no_address_is_refused_at_its_field(typed: str) -> None:
    refused = seen.refusal(lambda: forgotten.ask(typed, HERE))
    assert (refused.code, refused.field) == ("not_an_address", "email")
    assert factories.rows(ForgottenPassword) == []


def test_an_address_that_asks_too_often_is_stopped_whatever_it_asks_for() -> None:
    for n in range(send_limits.MOST_ASKING):
        forgotten.ask(f"person{n}@demo.example", HERE)
    for username in (AN, NOBODY):
        with pytest.raises(TooManyCodes):
            forgotten.ask(username, HERE)
    assert len(factories.rows(ForgottenPassword)) == send_limits.MOST_ASKING
    forgotten.ask(AN, Visit("203.0.113.9"))


# Answering.


def test_the_owner_gets_a_link_that_works_and_hears_who_asked() -> None:
    [body] = mailed()
    [(purpose, token)] = seen.links_in(body).items()
    assert purpose == mail_links.RESET
    assert works(token)
    assert password_link.page(token, mail_links.RESET).username == AN
    assert HERE.address in body
    assert "Firefox 128" in body
    assert factories.rows(ForgottenPassword) == []


def test_the_address_is_compared_without_case_and_the_mail_goes_to_the_stored_one() -> None:
    forgotten.ask("  AN.Peeters@DEMO.example ", HERE)
    forgotten.work_off()
    assert len(seen.post().to(AN)) == 1


def test_nobody_gets_nothing() -> None:
    assert mailed(NOBODY) == []
    assert mailed("no.body@uz-demo.example") == []
    assert factories.rows(OutboxMessage) == []
    assert factories.rows(ForgottenPassword) == []


@pytest.mark.parametrize("username", [AN, LEA])
def test_a_disabled_account_gets_nothing(username: str) -> None:
    factories.change(username, state=AccountState.DISABLED)
    assert mailed(username) == []
    assert factories.rows(MailLink) == []


def test_an_invited_account_gets_a_link_that_activates_it() -> None:
    someone = factories.account(state=AccountState.INVITED, password_hash=None)
    [body] = mailed(someone.username)
    [(purpose, token)] = seen.links_in(body).items()
    assert purpose == mail_links.ACTIVATION
    assert works(token, purpose)


def test_a_directory_account_hears_whom_to_ask_and_gets_no_link() -> None:
    [body] = mailed(LEA)
    assert "Ask it@uz-demo.example." in body
    assert "/link/" not in body
    assert factories.rows(MailLink) == []


def test_a_directory_account_that_is_invited_gets_no_link_either() -> None:
    factories.change(LEA, state=AccountState.INVITED, directory_guid=None)
    [body] = mailed(LEA)
    assert "/link/" not in body


def test_a_domain_without_an_administrator_is_named_itself() -> None:
    with db.writing() as session:
        session.execute(sa.update(Domain).values(administrator=""))
    [body] = mailed(LEA)
    assert "Ask uz-demo.example." in body


def test_a_locked_account_stays_locked_and_gets_its_link() -> None:
    factories.change(AN, state=AccountState.LOCKED)
    [body] = mailed()
    assert works(seen.links_in(body)[mail_links.RESET])
    assert factories.person(AN).state == AccountState.LOCKED


def test_only_the_newest_link_works() -> None:
    first, second = (seen.links_in(mailed()[0])[mail_links.RESET] for _ in range(2))
    assert not works(first)
    assert works(second)


def test_a_link_is_nowhere_once_it_has_left() -> None:
    [body] = mailed()
    assert seen.links_in(body)[mail_links.RESET] not in seen.stored()
    assert [row.sealed for row in factories.rows(OutboxMessage)] == [""]


# Floods.


def test_a_flood_stops_at_a_few_mails_and_leaves_the_last_link_good(moved: Clock) -> None:
    for visit in places(4 * send_limits.MOST_LINKS):
        forgotten.ask(AN, visit)
    while forgotten.work_off():
        pass
    bodies = seen.post().to(AN)
    assert len(bodies) == send_limits.MOST_LINKS
    assert works(seen.links_in(bodies[-1])[mail_links.RESET])
    assert factories.rows(ForgottenPassword) == []
    assert len(mailed(SOFIE)) == 1
    moved.forward(hours=1)
    assert len(mailed(AN)) == 1


def test_a_flood_uses_up_none_of_its_victims_codes() -> None:
    for visit in places(3 * send_limits.MOST_LINKS):
        forgotten.ask(AN, visit)
    forgotten.work_off()
    token = seen.links_in(seen.post().to(AN)[-1])[mail_links.RESET]
    for _ in range(send_limits.MOST["sms"]["account"]):
        password_link.send_code(token, mail_links.RESET, HERE)
    account_id = factories.own(factories.person(AN))
    with db.writing() as session:
        for _ in range(send_limits.MOST["mail"]["account"]):
            send_limits.reserve(session, "mail", account_id, AN, HERE.address)


def test_a_flood_is_logged_without_a_name(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "pacs_settings")
    for visit in places(send_limits.MOST_LINKS + 1):
        forgotten.ask(AN, visit)
    forgotten.work_off()
    assert caplog.records
    assert "peeters" not in caplog.text


# Workers.


def test_two_workers_at_once_answer_once() -> None:
    forgotten.ask(AN, HERE)
    factories.together(*[forgotten.work_off] * 3)
    assert len(seen.post().to(AN)) == 1


def test_all_are_answered_some_at_a_time() -> None:
    for n, visit in enumerate(places(forgotten.BATCH + 3)):
        forgotten.ask(f"person{n}@demo.example", visit)
    forgotten.ask(AN, HERE)
    assert [forgotten.work_off() for _ in range(3)] == [forgotten.BATCH, 4, 0]
    assert len(seen.post().to(AN)) == 1


def test_a_worker_that_dies_loses_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten.ask(AN, HERE)
    with monkeypatch.context() as patched:
        patched.setattr(forgotten, "_mail", _die)
        with pytest.raises(ZeroDivisionError):
            forgotten.work_off()
    assert forgotten.work_off() == 1
    assert len(seen.post().to(AN)) == 1


def _die(*_arguments: object) -> None:
    raise ZeroDivisionError
