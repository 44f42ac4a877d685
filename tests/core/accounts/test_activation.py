"""Activation: the first password of an invited account."""

import pytest

from pacs_settings.core import desk
from pacs_settings.core.accounts import password_link, sign_in
from pacs_settings.core.accounts.sign_in import SignedIn
from pacs_settings.core.mail_links import ACTIVATION
from pacs_settings.core.tables import AccountState, AuditEntry, OutboxMessage, SignInSession
from tests import factories, seen
from tests.core.accounts.links import NEW, code, fits, invited, link, put, refused
from tests.core.conftest import Clock
from tests.factories import HERE

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.asvs("6.4.1")
def test_activation_sets_the_password_and_makes_the_account_active() -> None:
    someone = invited(mobile_phone="+32470111222")
    token = link(someone.username, ACTIVATION)
    put(token, code(token, ACTIVATION), purpose=ACTIVATION)
    after = factories.person(someone.username)
    assert after.state == AccountState.ACTIVE
    assert fits(NEW, someone.username)
    [entry] = factories.rows(AuditEntry)
    assert entry.tag == "account:activated"
    [message] = [row for row in factories.rows(OutboxMessage) if row.template != "code"]
    assert message.template == "activated"


def test_activation_does_not_sign_in() -> None:
    someone = invited(mobile_phone="+32470111222")
    token = link(someone.username, ACTIVATION)
    put(token, code(token, ACTIVATION), purpose=ACTIVATION)
    assert factories.rows(SignInSession) == []
    assert isinstance(sign_in.check_password(sign_in.begin(someone.username), NEW, HERE), SignedIn)


def test_activation_where_a_factor_is_mandatory_leads_to_choosing_one() -> None:
    place = factories.region(strong_authentication=True, password_minimum=9)
    someone = invited(mobile_phone="+32470111222", region_id=place.id)
    token = link(someone.username, ACTIVATION)
    assert password_link.page(token, ACTIVATION).minimum == 9
    put(token, code(token, ACTIVATION), "nine-okapi", purpose=ACTIVATION)
    done = sign_in.check_password(sign_in.begin(someone.username), "nine-okapi", HERE)
    assert isinstance(done, SignedIn)
    assert done.must_enrol


@pytest.mark.asvs("6.4.1")
def test_an_invitation_is_worth_nothing_without_the_mobile_on_file() -> None:
    someone = invited(mobile_phone="+32470111222")
    token = link(someone.username, ACTIVATION)
    assert refused(lambda: put(token, "123456", purpose=ACTIVATION))[0] == "wrong_code"
    assert factories.person(someone.username).state == AccountState.INVITED
    assert factories.person(someone.username).password_hash is None


def test_wrong_codes_at_activation_lock_for_a_while_and_then_it_goes_on(moved: Clock) -> None:
    someone = invited(mobile_phone="+32470111222")
    token = link(someone.username, ACTIVATION)
    codes = [refused(lambda: put(token, "12345", purpose=ACTIVATION))[0] for _ in range(5)]
    assert codes[-1] == "locked"
    moved.forward(minutes=16)
    seen.post()
    put(token, code(token, ACTIVATION), purpose=ACTIVATION)
    after = factories.person(someone.username)
    assert (after.state, after.locked_until) == (AccountState.ACTIVE, None)
    tags = [entry.tag for entry in factories.rows(AuditEntry)]
    assert tags == ["account:activated"]


def test_an_invited_account_that_is_unlocked_is_invited_still_and_gets_a_fresh_link() -> None:
    someone = invited()
    token = link(someone.username, ACTIVATION)
    for _ in range(5):
        seen.refusal(lambda: put(token, "12345", purpose=ACTIVATION))
    desk.unlock(someone.username)
    assert factories.person(someone.username).state == AccountState.INVITED
    fresh = seen.links_in(seen.post().to(someone.username)[-1])[ACTIVATION]
    assert fresh != token
    assert password_link.page(fresh, ACTIVATION).username == someone.username
    desk.invite_again(someone.username)
