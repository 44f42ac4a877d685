"""Several workers at once: each decides by what holds when it writes, and none waits in a ring.

`together` is for whatever order chance brings. What must be seen in one order holds a transaction
open by hand until another one waits for it; on SQLite that one could not even begin.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from pacs_settings.core import db, desk, mail_links, ports, secrets
from pacs_settings.core.accounts import (
    credentials,
    forgotten,
    known_browsers,
    remembered,
    send_limits,
    sessions,
    sign_in,
    throttle,
)
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.second_factor import totp
from pacs_settings.core.accounts.send_limits import TooManyCodes
from pacs_settings.core.accounts.sign_in import NextStep, SignedIn, SignInRefused
from pacs_settings.core.desk import Invitation
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import (
    Account,
    Domain,
    MailLink,
    Means,
    Method,
    PendingSignIn,
    RememberedBrowser,
    SignInSession,
    Throttle,
    TotpDevice,
)
from tests import factories
from tests.core.conftest import Clock, Still
from tests.factories import AN, HERE, PASSWORD
from tests.fakes import FakeDirectory

pytestmark = pytest.mark.usefixtures("database")
one_by_one = pytest.mark.only_on("postgresql", "SQLite lets one writer begin at a time")


class Aside:
    """Work in a thread, which waits for a transaction of ours; then what it returned or raised."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self.end: Any = None
        self.thread = factories.held(self._run)

    def _run(self) -> None:
        try:
            self.end = self._work()
        except Exception as failure:
            self.end = failure

    @property
    def waits(self) -> bool:
        return self.thread.is_alive()

    def ended(self) -> Any:
        self.thread.join(30)
        return self.end


def an() -> int:
    return factories.own(factories.person(AN))


def codes(ends: list[Any]) -> list[str]:
    """The refusals among the ends; anything else that was raised is a failure."""
    assert not [end for end in ends if isinstance(end, Exception) and not isinstance(end, Refused)]
    return [end.code for end in ends if isinstance(end, Refused)]


# Counting.


def test_keys_that_are_counted_in_any_order_never_wait_in_a_ring(still: Still) -> None:
    def count(step: int) -> None:
        for n in range(20):  # the first time there is no row yet
            keys = [f"{kind}:{n // 2}" for kind in ("address", "account", "browser")]
            with db.writing() as session:
                (throttle.settle if n % 2 else throttle.reserve)(session, keys[::step])

    assert factories.together(*[partial(count, step) for step in (1, -1, 1, -1)]) == [None] * 4
    assert len(factories.rows(Throttle)) == 30


def test_no_more_messages_leave_than_may_although_all_are_the_first() -> None:
    def send() -> None:
        with db.writing() as session:
            send_limits.reserve_link(session, 1)

    ends = factories.together(*[send] * 12)
    assert ends.count(None) == send_limits.MOST_LINKS
    assert all(isinstance(end, TooManyCodes) for end in ends if end is not None)


# Signing in.


@pytest.mark.parametrize("factor", [False, True])
def test_a_password_that_is_posted_twice_at_once_counts_once(factor: bool) -> None:
    if factor:
        factories.device(factories.person(AN))
    token = sign_in.begin(AN)
    ends = factories.together(*[partial(sign_in.check_password, token, PASSWORD, HERE)] * 3)
    assert codes(ends) == ["expired", "expired"]
    assert sum(isinstance(end, SignedIn | NextStep) for end in ends) == 1
    assert len(factories.rows(SignInSession)) == (0 if factor else 1)


def at_code() -> tuple[str, str]:
    """A sign-in whose password was right, and the secret of the device that it asks for."""
    _, secret = factories.device(factories.person(AN))
    step = sign_in.check_password(sign_in.begin(AN), PASSWORD, HERE)
    assert isinstance(step, NextStep)
    return step.token, secret


@one_by_one
def test_a_code_opens_nothing_once_the_password_was_changed_meanwhile(moved: Clock) -> None:
    moved.start_of_step()
    token, secret = at_code()
    answer = factories.code(secret)
    with db.writing() as session:
        db.hold(session, Account, an())
        trying = Aside(partial(sign_in.check_code, token, Means.AUTHENTICATOR, answer, HERE))
        assert trying.waits
        credentials.changed(session, an())
    assert codes([trying.ended()]) == ["expired"]
    assert factories.rows(SignInSession) == []


@one_by_one
def test_a_refusal_that_comes_too_late_is_no_failure() -> None:
    token = sign_in.begin(AN)
    with db.writing() as session:
        session.execute(sa.delete(PendingSignIn))
        session.flush()
        late = Aside(partial(sign_in._refuse, token, "wrong", "password"))
        assert late.waits
    assert isinstance(late.ended(), SignInRefused)


@one_by_one
@pytest.mark.parametrize("old", [PendingSignIn, RememberedBrowser, MailLink])
def test_cleaning_up_waits_for_nobody(moved: Clock, old: Any) -> None:
    someone = factories.own(factories.account())
    visit = Visit("192.0.2.9", browser="a browser")
    with db.writing() as session:
        remembered.remember(session, someone, visit)
        mail_links.make(session, someone, mail_links.RESET)
    sign_in.begin(AN)
    moved.forward(days=40)
    with db.writing() as session:
        session.execute(sa.delete(old))
        session.flush()
        ends = factories.together(partial(sign_in.begin, AN), partial(_remember_and_mail, visit))
        assert not [end for end in ends if isinstance(end, Exception)]


def _remember_and_mail(visit: Visit) -> None:
    with db.writing() as session:
        remembered.remember(session, an(), visit)
        mail_links.make(session, an(), mail_links.RESET)


@one_by_one
def test_a_browser_may_sign_in_to_two_accounts_at_once() -> None:
    def enter() -> SignedIn | NextStep:
        return sign_in.check_password(sign_in.begin(AN), PASSWORD, visit)

    visit = HERE
    first = enter()
    assert isinstance(first, SignedIn)
    visit = Visit(HERE.address, HERE.user_agent, first.browser)
    with db.writing() as session:  # as the sign-in to the other account does
        known_browsers._rename(session, secrets.fingerprint(first.browser), Visit(browser="new"))
        second = Aside(enter)
        assert second.waits
    assert isinstance(second.ended(), SignedIn)


# An account that is held.


@one_by_one
@pytest.mark.parametrize("act", ["end", "end_all_others"])
def test_sessions_end_while_the_password_is_changed(act: str) -> None:
    actor, other = (factories.actor(factories.person(AN)) for _ in range(2))
    with db.writing() as session:
        db.hold(session, Account, an())
        ending = Aside(partial(getattr(sessions, act), other))
        assert not ending.waits  # else it would hold the session that is ended next
        assert ending.end is None
        sessions.end_others(session, actor, "password_changed")


@one_by_one
def test_a_browser_is_forgotten_while_the_factor_is_changed() -> None:
    with db.writing() as session:
        remembered.remember(session, an(), Visit("192.0.2.9", browser="a browser"))
    [row] = factories.rows(RememberedBrowser)
    actor = factories.actor(factories.person(AN))
    with db.writing() as session:
        db.hold(session, Account, an())
        forgetting = Aside(partial(remembered.forget, actor, row.id))
        assert not forgetting.waits
        assert forgetting.end is None
        credentials.changed(session, an())


@one_by_one
def test_whoever_holds_an_account_has_it_alone() -> None:
    def rename() -> None:
        with db.writing() as session:
            db.hold(session, Account, an()).first_name += "e"

    with db.writing() as session:
        account = db.hold(session, Account, an())
        waiting = Aside(rename)
        assert waiting.waits
        account.first_name += "n"
    waiting.ended()
    assert factories.person(AN).first_name == "Anne"


# Only one of a kind.


def test_of_several_links_that_set_a_password_only_the_newest_works() -> None:
    for n in range(3):
        forgotten.ask(AN, Visit(f"198.51.100.{n}"))
    assert codes(factories.together(*[forgotten.work_off] * 3)) == []
    assert len(factories.rows(MailLink, col(MailLink.purpose) == mail_links.RESET)) == 1


def test_of_several_devices_being_linked_there_is_one() -> None:
    actor = factories.actor(factories.person(AN))
    assert codes(factories.together(*[partial(totp.begin, actor)] * 4)) == []
    assert len(factories.rows(TotpDevice)) == 1


def test_an_address_is_invited_once() -> None:
    invitation = Invitation("new@demo.example", "New", "Person", "Flanders")
    ends = factories.together(*[partial(desk.invite, invitation)] * 4)
    assert codes(ends) == ["username_taken"] * 3
    assert ends.count(None) == 1


def test_somebody_whom_a_directory_vouches_for_is_taken_in_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ports.directories, "demo", FakeDirectory("of the hospital"))
    region = factories.region()
    with db.writing() as session:
        session.execute(sa.update(Domain).values(create_accounts=True, region_id=region.id))
    tokens = [sign_in.begin("new@uz-demo.example") for _ in range(4)]
    works = [partial(sign_in.check_password, one, "of the hospital", HERE) for one in tokens]
    ends = factories.together(*works)
    assert codes(ends) == []
    assert {end.method for end in ends if isinstance(end, NextStep)} == {Method.EMAIL}
    assert len(factories.rows(Account, col(Account.username) == "new@uz-demo.example")) == 1
