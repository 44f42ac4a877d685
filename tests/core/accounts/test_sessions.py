"""Sessions."""

from datetime import timedelta

import pytest

from pacs_settings.core import clock, db
from pacs_settings.core.accounts import sessions
from pacs_settings.core.accounts.second_factor import totp
from pacs_settings.core.errors import NotYours
from pacs_settings.core.tables import Account, AccountState, AuditEntry, SignInSession
from tests import factories
from tests.core.conftest import Clock
from tests.factories import AN, JAN, LEA, SOFIE

pytestmark = pytest.mark.usefixtures("database")


def opened(username: str = AN) -> str:
    return factories.session(factories.person(username))


def test_a_cookie_names_its_account_and_what_it_may() -> None:
    facts = sessions.resolve(opened())
    assert facts is not None
    assert facts.account_id == factories.person(AN).id
    assert (facts.domain, facts.may_edit_reports, facts.service_desk) == (None, True, False)
    lea = sessions.resolve(opened(LEA))
    assert lea is not None
    assert (lea.domain, lea.may_edit_reports) == ("uz-demo.example", False)


@pytest.mark.asvs("7.2.3")
def test_only_the_hash_of_a_token_is_stored() -> None:
    cookie = opened()
    session_id, _, token = cookie.partition(".")
    [row] = factories.rows(SignInSession)
    assert row.id == session_id
    assert len(token) >= 43
    assert session_id in factories.everything()
    assert token not in factories.everything()


@pytest.mark.asvs("7.2.1")
@pytest.mark.parametrize("spoil", ["", "x", "{id}", "{id}.", "{id}.{token}x", ".{token}", "é.é"])
def test_a_cookie_that_is_not_whole_is_nobody(spoil: str) -> None:
    session_id, _, token = opened().partition(".")
    assert sessions.resolve(spoil.format(id=session_id, token=token)) is None


@pytest.mark.asvs("7.2.1")
def test_a_token_of_another_session_is_nobody() -> None:
    one, other = opened(AN), opened(SOFIE)
    assert sessions.resolve(f"{one.partition('.')[0]}.{other.partition('.')[2]}") is None


@pytest.mark.asvs("7.3.1")
def test_it_ends_when_nothing_happens_for_half_an_hour(moved: Clock) -> None:
    cookie = opened()
    moved.forward(minutes=29, seconds=50)
    assert sessions.resolve(cookie, use=False)
    moved.forward(seconds=15)
    assert sessions.resolve(cookie) is None
    assert sessions.why_ended(cookie) == "idle"


@pytest.mark.asvs("7.3.2")
def test_every_use_restarts_the_idle_limit_but_not_the_absolute_one(moved: Clock) -> None:
    cookie = opened()
    for _ in range(9):  # 9 × 26 minutes = 3 h 54
        moved.forward(minutes=26)
        assert sessions.resolve(cookie)
    moved.forward(minutes=5, seconds=50)
    facts = sessions.resolve(cookie)
    assert facts is not None
    assert facts.ends_at == facts.until
    moved.forward(seconds=15)
    assert sessions.resolve(cookie) is None
    assert sessions.why_ended(cookie) == "absolute"


@pytest.mark.asvs("7.3.1")
def test_a_look_does_not_prolong(moved: Clock) -> None:
    cookie = opened()
    for _ in range(2):
        moved.forward(minutes=14, seconds=55)
        assert sessions.resolve(cookie, use=False)
    moved.forward(seconds=15)
    assert sessions.resolve(cookie, use=False) is None


@pytest.mark.asvs("7.3.1", "7.3.2")
def test_the_limits_are_those_of_the_region(moved: Clock) -> None:
    strict = factories.region(idle_seconds=60, absolute_seconds=100)
    someone = factories.account(region_id=strict.id)
    idle, busy = factories.session(someone), factories.session(someone)
    moved.forward(seconds=50)
    assert sessions.resolve(busy)
    moved.forward(seconds=15)
    assert sessions.resolve(idle) is None
    assert sessions.resolve(busy)
    moved.forward(seconds=40)
    assert sessions.resolve(busy) is None


def test_uses_close_together_cost_one_write(moved: Clock) -> None:
    cookie = opened()
    moved.forward(minutes=1)
    with factories.statements() as sent:
        sessions.resolve(cookie)
        sessions.resolve(cookie)
    assert [text.split()[0] for text, _ in sent] == ["UPDATE"]  # looking up is not seen by this


@pytest.mark.asvs("7.4.2")
@pytest.mark.parametrize("state", [AccountState.DISABLED, AccountState.INVITED])
def test_the_session_of_an_account_that_may_not_sign_in_is_dead(state: AccountState) -> None:
    cookie = opened()
    factories.change(AN, state=state)
    assert sessions.resolve(cookie) is None


@pytest.mark.asvs("7.4.2")
def test_an_account_that_is_deleted_takes_its_sessions_along() -> None:
    someone = factories.account()
    cookie = factories.session(someone)
    with db.writing() as session:
        session.delete(session.get_one(Account, someone.id))
    assert sessions.resolve(cookie) is None
    assert factories.rows(SignInSession) == []


@pytest.mark.asvs("7.1.2")
def test_an_account_may_have_many_sessions_at_once() -> None:
    cookies = [opened() for _ in range(50)]
    assert all(sessions.resolve(cookie) for cookie in cookies)


def test_a_disabled_owner_is_told_why() -> None:
    cookie = opened()
    factories.change(AN, state=AccountState.DISABLED)
    assert sessions.why_ended(cookie) == "disabled"


def test_a_lock_keeps_strangers_out_and_not_who_is_in() -> None:
    cookie = opened()
    until = clock.now() + timedelta(minutes=15)
    factories.change(AN, state=AccountState.LOCKED, locked_until=until)
    assert sessions.resolve(cookie)


def test_enrolment_is_due_until_a_device_is_proven() -> None:
    cookie = opened(JAN)
    facts = sessions.resolve(cookie)
    assert facts is not None
    assert facts.must_enrol
    factories.device(factories.person(SOFIE))
    still = sessions.resolve(cookie)
    assert still is not None
    assert still.must_enrol
    factories.device(factories.person(JAN))
    free = sessions.resolve(cookie)
    assert free is not None
    assert not free.must_enrol


@pytest.mark.asvs("7.4.1")
def test_signing_out_ends_this_session_only() -> None:
    one, other = opened(), opened()
    sessions.end(factories.actor(factories.person(AN), one))
    assert sessions.resolve(one) is None
    assert sessions.why_ended(one) == "signed_out"
    assert sessions.resolve(other)
    assert [row.tag for row in factories.rows(AuditEntry)] == ["session:ended"]


@pytest.mark.asvs("7.4.3")
def test_ending_all_others_leaves_this_one_and_other_accounts() -> None:
    here, there, stranger = opened(), opened(), opened(SOFIE)
    sessions.end_all_others(factories.actor(factories.person(AN), here))
    assert sessions.resolve(here)
    assert sessions.resolve(stranger)
    assert sessions.resolve(there) is None
    assert sessions.why_ended(there) == "ended_elsewhere"
    assert [row.tag for row in factories.rows(AuditEntry)] == ["session:others:ended"]


def test_why_a_session_ended_stays_what_it_was_first() -> None:
    here, there = opened(), opened()
    sessions.end(factories.actor(factories.person(AN), there))
    sessions.end_all_others(factories.actor(factories.person(AN), here))
    assert sessions.why_ended(there) == "signed_out"


def test_when_sessions_end_is_one_query_for_all(moved: Clock) -> None:
    ids = [opened(name).partition(".")[0] for name in (AN, JAN, SOFIE)]
    with factories.statements() as sent:
        found = sessions.ends([*ids, "unknown"])
    assert set(found) == set(ids)
    assert len(sent) == 1
    assert not found[ids[0]].absolute
    assert abs(found[ids[0]].ends_at - clock.now() - timedelta(minutes=30)) < timedelta(seconds=30)


@pytest.mark.parametrize("cookie", ["", "unknown.token"])
def test_nothing_is_said_of_sessions_that_never_were(cookie: str) -> None:
    assert sessions.why_ended(cookie) == ""


@pytest.mark.asvs("7.5.2")
def test_the_owner_sees_all_live_sessions_and_ends_any_of_them(moved: Clock) -> None:
    actor = factories.actor(factories.person(AN))
    other, _strangers = opened(), opened(SOFIE)
    over = opened()
    moved.forward(minutes=29)
    assert sessions.resolve(other)  # used, so it goes on
    moved.forward(minutes=2)
    alive = [row.id for row in sessions.alive(actor.account_id)]
    assert other.partition(".")[0] in alive
    assert over.partition(".")[0] not in alive
    sessions.end_one(actor, other.partition(".")[0])
    assert sessions.resolve(other) is None
    assert sessions.why_ended(other) == "ended_elsewhere"
    assert other.partition(".")[0] not in [row.id for row in sessions.alive(actor.account_id)]


@pytest.mark.asvs("7.5.2")
def test_a_session_of_somebody_else_cannot_be_ended() -> None:
    actor = factories.actor(factories.person(AN))
    strangers = opened(SOFIE)
    for session_id in (strangers.partition(".")[0], "made up", ""):
        with pytest.raises(NotYours):
            sessions.end_one(actor, session_id)
    assert sessions.resolve(strangers)
    assert factories.rows(AuditEntry) == []


@pytest.mark.asvs("7.4.3")
def test_after_a_change_of_factors_the_other_sessions_may_be_ended() -> None:
    account = factories.person(AN)
    actor, other = factories.actor(account), opened()
    device, _secret = factories.device(account)
    totp.remove(actor, device)
    assert sessions.resolve(other)  # the owner decides
    sessions.end_all_others(actor)
    assert sessions.resolve(other) is None
    assert [row.id for row in sessions.alive(actor.account_id)] == [actor.session_id]
