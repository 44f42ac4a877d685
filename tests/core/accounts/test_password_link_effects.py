"""What setting a password by a link leaves as it is, and what it ends."""

import pytest

from pacs_settings.core import db
from pacs_settings.core.accounts import (
    locking,
    password_link,
    remembered,
    sessions,
    sign_in,
)
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.second_factor import recovery
from pacs_settings.core.accounts.sign_in import NextStep, SignedIn, SignInRefused
from pacs_settings.core.mail_links import LOCK, RESET
from pacs_settings.core.tables import (
    AccountState,
    AuditEntry,
    Challenge,
    MailLink,
    Method,
    Passkey,
    RecoveryCode,
    Region,
    SignInSession,
    TotpDevice,
)
from tests import factories, seen
from tests.core.accounts.links import NEW, code, fits, link, put, refused
from tests.core.conftest import Clock
from tests.factories import AN, HERE, PASSWORD, SOFIE

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.asvs("6.4.3")
def test_the_second_factor_stays_with_all_that_belongs_to_it() -> None:
    an = factories.person(AN)
    factories.device(an)
    factories.store(
        Passkey(account_id=factories.own(an), name="Key", credential_id="a", public_key="b")
    )
    recovery.renew(factories.actor(an))
    kept = (TotpDevice, Passkey, RecoveryCode)
    before = [[row.model_dump() for row in factories.rows(table)] for table in kept]
    token = link()
    put(token, code(token))
    assert [[row.model_dump() for row in factories.rows(table)] for table in kept] == before
    assert factories.person(AN).second_factor == Method.AUTHENTICATOR
    step = sign_in.check_password(sign_in.begin(AN), NEW, HERE)
    assert isinstance(step, NextStep)
    assert step.method == Method.AUTHENTICATOR


def test_no_other_link_is_left() -> None:
    token = link()
    digits = code(token)
    [row] = factories.rows(MailLink)
    stray = MailLink(**row.model_dump() | {"token_hash": "left over by a race"})
    factories.store(stray)
    put(token, digits)
    assert [row.purpose for row in factories.rows(MailLink)] == [LOCK]


@pytest.mark.asvs("6.4.3")
def test_it_opens_no_session() -> None:
    token = link()
    put(token, code(token))
    assert factories.rows(SignInSession) == []


def test_all_sessions_end_and_those_of_others_go_on() -> None:
    cookies = [factories.session(factories.person(AN)) for _ in range(2)]
    theirs = factories.session(factories.person(SOFIE))
    token = link()
    put(token, code(token))
    assert [sessions.resolve(cookie) for cookie in cookies] == [None, None]
    assert sessions.why_ended(cookies[0]) == "password_changed"
    assert sessions.resolve(theirs)


def test_remembered_browsers_are_forgotten() -> None:
    _, secret = factories.device(factories.person(AN))
    here = Visit(HERE.address, HERE.user_agent, "a browser's cookie")
    account_id = factories.own(factories.person(AN))
    with db.writing() as session:
        remembered.remember(session, account_id, here)
        remembered.remember(session, factories.own(factories.person(SOFIE)), here)
    assert isinstance(sign_in.check_password(sign_in.begin(AN), PASSWORD, here), SignedIn)
    token = link()
    put(token, code(token))
    assert remembered.listed(account_id) == []
    assert len(remembered.listed(factories.own(factories.person(SOFIE)))) == 1
    assert isinstance(sign_in.check_password(sign_in.begin(AN), NEW, here), NextStep)


def test_a_sign_in_that_has_proven_the_old_password_must_begin_again(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    step = sign_in.check_password(sign_in.begin(AN), PASSWORD, HERE)
    assert isinstance(step, NextStep)
    token = link()
    put(token, code(token))
    moved.start_of_step()
    with pytest.raises(SignInRefused) as found:
        sign_in.check_code(step.token, "authenticator", factories.code(secret), HERE)
    assert found.value.code == "expired"


def test_a_lock_stays_as_it_is() -> None:
    token = link()
    digits = code(token)
    factories.change(AN, state=AccountState.LOCKED)
    assert refused(lambda: put(token, digits))[0] == "locked"
    assert fits(PASSWORD)
    an = factories.person(AN)
    assert (an.state, an.locked_until) == (AccountState.LOCKED, None)


def test_a_lock_that_is_over_is_left_to_the_next_sign_in(moved: Clock) -> None:
    token = link()
    code(token)
    for _ in range(5):
        seen.refusal(lambda: put(token, "12345"))
    until = factories.person(AN).locked_until
    moved.forward(minutes=16)
    token = link()
    put(token, code(token))
    an = factories.person(AN)
    assert (an.state, an.locked_until) == (AccountState.LOCKED, until)
    assert isinstance(sign_in.check_password(sign_in.begin(AN), NEW, HERE), SignedIn)


def test_the_owner_is_told_and_it_is_audited_without_any_secret() -> None:
    token = link()
    digits = code(token)
    put(token, digits)
    [entry] = factories.rows(AuditEntry)
    assert (entry.tag, entry.actor_id) == ("account:password:reset", factories.person(AN).id)
    assert entry.address == HERE.address
    [body] = seen.post().to(AN)
    assert HERE.address in body
    assert LOCK in seen.links_in(body)
    for secret in (NEW, digits, token):
        assert secret not in seen.stored()
        assert secret not in body


def test_locking_makes_a_link_that_sets_a_password_worth_nothing() -> None:
    token = link()
    digits = code(token)
    locking.lock(link(purpose=LOCK), HERE)
    assert refused(lambda: put(token, digits))[0] == "link_expired"
    assert refused(lambda: password_link.page(token, RESET))[0] == "link_expired"


def test_the_regions_time_is_the_regions() -> None:
    place = factories.region(code_seconds=60)
    someone = factories.account(region_id=place.id, mobile_phone="+32470111222")
    token = link(someone.username)
    password_link.send_code(token, RESET, HERE)
    [row] = factories.rows(Challenge)
    assert (row.expires_at - row.created_at).total_seconds() == pytest.approx(60, abs=1)
    assert place.code_seconds == factories.rows(Region)[-1].code_seconds
