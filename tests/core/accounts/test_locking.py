"""Locking one's own account by the link of an alert."""

from functools import partial

import pytest

from pacs_settings.core import db, desk, mail_links, outbox
from pacs_settings.core.accounts import locking, passwords, remembered, sessions, sign_in
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.sign_in import NextStep, SignedIn, SignInRefused
from pacs_settings.core.mail_links import LOCK, RESET
from pacs_settings.core.tables import (
    AccountState,
    AuditEntry,
    OutboxMessage,
    RememberedBrowser,
    SignInSession,
)
from tests import factories, seen
from tests.core.conftest import Clock
from tests.factories import AN, HERE, LEA, PASSWORD, SOFIE

pytestmark = pytest.mark.usefixtures("database")


def link(username: str = AN) -> str:
    """The link that an alert carries."""
    with db.writing() as session:
        outbox.put_alert(session, factories.person(username), "password_changed", HERE)
    return seen.links_in(seen.post().to(username)[-1])[LOCK]


def others() -> list[str]:
    """All accounts but hers as they are stored."""
    rows = [row for row in seen.stored().splitlines() if row.startswith("account: ")]
    return [row for row in rows if AN not in row]


def sign_in_code(username: str = AN) -> str:
    with pytest.raises(SignInRefused) as refused:
        sign_in.check_password(sign_in.begin(username), PASSWORD, HERE)
    return refused.value.code


def test_the_link_of_an_alert_locks_until_the_service_desk_unlocks(moved: Clock) -> None:
    locking.lock(link(), HERE)
    an = factories.person(AN)
    assert (an.state, an.locked_until) == (AccountState.LOCKED, None)
    moved.forward(days=300)
    assert sign_in_code() == "locked"
    desk.unlock(AN)
    assert isinstance(sign_in.check_password(sign_in.begin(AN), PASSWORD, HERE), SignedIn)


def test_a_lock_for_a_while_becomes_one_for_good(moved: Clock) -> None:
    token = link()
    factories.change(AN, state=AccountState.LOCKED, locked_until=factories.clock.now())
    locking.lock(token, HERE)
    moved.forward(hours=1)
    assert sign_in_code() == "locked"


def test_all_sessions_end_and_those_of_others_go_on() -> None:
    cookies = [factories.session(factories.person(AN)) for _ in range(2)]
    theirs = factories.session(factories.person(SOFIE))
    locking.lock(link(), HERE)
    assert [sessions.resolve(cookie) for cookie in cookies] == [None, None]
    assert sessions.why_ended(cookies[0]) == "locked"
    assert sessions.resolve(theirs)


def test_remembered_browsers_and_sign_ins_under_way_end() -> None:
    _, secret = factories.device(factories.person(AN))
    step = sign_in.check_password(sign_in.begin(AN), PASSWORD, HERE)
    assert isinstance(step, NextStep)
    with db.writing() as session:
        here = Visit(HERE.address, HERE.user_agent, "a browser's cookie")
        remembered.remember(session, factories.own(factories.person(AN)), here)
    token = link()
    locking.lock(token, HERE)
    assert factories.rows(RememberedBrowser) == []
    with pytest.raises(SignInRefused) as refused:
        sign_in.check_code(step.token, "authenticator", factories.code(secret), HERE)
    assert refused.value.code == "expired"


def test_a_sign_in_whose_password_is_being_checked_does_not_take_the_lock_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = link()
    verify = passwords.verify

    def slow(password: str, stored: str | None) -> bool:
        locking.lock(token, HERE)
        return verify(password, stored)

    with monkeypatch.context() as patched:
        patched.setattr(passwords, "verify", slow)
        with pytest.raises(SignInRefused):
            sign_in.check_password(sign_in.begin(AN), PASSWORD, HERE)
    assert factories.person(AN).state == AccountState.LOCKED
    assert [row for row in factories.rows(SignInSession) if row.ended_at is None] == []


def test_it_works_once() -> None:
    token = link()
    locking.lock(token, HERE)
    desk.unlock(AN)
    assert seen.refusal(lambda: locking.lock(token, HERE)).code == "link_expired"
    assert seen.refusal(lambda: locking.page(token)).code == "link_expired"
    assert factories.person(AN).state == AccountState.ACTIVE


def test_of_two_at_once_one_locks() -> None:
    token = link()
    ends = factories.together(*[partial(locking.lock, token, HERE)] * 3)
    assert sorted(getattr(end, "code", "locked") for end in ends) == [
        "link_expired",
        "link_expired",
        "locked",
    ]
    assert [entry.tag for entry in factories.rows(AuditEntry)] == ["account:locked"]


def test_it_works_for_thirty_days(moved: Clock) -> None:
    tokens = [link(), link()]
    moved.forward(days=29, hours=23)
    assert locking.page(tokens[0]).username == AN
    locking.lock(tokens[0], HERE)
    moved.forward(hours=2)
    desk.unlock(AN)
    assert seen.refusal(lambda: locking.lock(tokens[1], HERE)).code == "link_expired"


def test_opening_names_the_account_and_changes_nothing() -> None:
    token = link()
    before = seen.stored()
    with factories.statements() as sent:
        assert locking.page(token).username == AN
    assert all(text.startswith("SELECT") for text, _values in sent)
    assert seen.stored() == before


def test_it_touches_no_other_account() -> None:
    tokens = {username: link(username) for username in (AN, SOFIE, LEA)}
    before = others()
    locking.lock(tokens[AN], HERE)
    assert others() == before
    assert locking.page(tokens[SOFIE]).username == SOFIE


@pytest.mark.parametrize("token", ["", "no such link", "\ud800", "\0"])
def test_what_is_no_link_locks_nobody(token: str) -> None:
    assert seen.refusal(lambda: locking.page(token)).code == "link_expired"
    assert seen.refusal(lambda: locking.lock(token, HERE)).code == "link_expired"


def test_a_link_for_a_password_locks_nobody() -> None:
    with db.writing() as session:
        token = mail_links.make(session, factories.own(factories.person(AN)), RESET)
    assert seen.refusal(lambda: locking.lock(token, HERE)).code == "link_expired"
    assert factories.person(AN).state == AccountState.ACTIVE


def test_a_directory_account_can_be_locked_too() -> None:
    locking.lock(link(LEA), HERE)
    assert factories.person(LEA).state == AccountState.LOCKED


def test_an_invited_account_is_locked_and_invited_again_when_unlocked() -> None:
    someone = factories.account(state=AccountState.INVITED, password_hash=None)
    locking.lock(link(someone.username), HERE)
    assert factories.person(someone.username).state == AccountState.LOCKED
    desk.unlock(someone.username)
    assert factories.person(someone.username).state == AccountState.INVITED


def test_a_disabled_account_does_not_become_one_that_can_be_unlocked() -> None:
    token = link()
    factories.change(AN, state=AccountState.DISABLED)
    locking.lock(token, HERE)
    assert factories.person(AN).state == AccountState.DISABLED


def test_the_owner_is_told_and_it_is_audited() -> None:
    locking.lock(link(), HERE)
    [entry] = factories.rows(AuditEntry)
    assert (entry.tag, entry.actor_id) == ("account:locked", factories.person(AN).id)
    assert (entry.session_id, entry.address) == ("", HERE.address)
    assert factories.rows(OutboxMessage)[-1].template == "locked_by_owner"
    [body] = seen.post().to(AN)
    assert HERE.address in body
