"""What the service desk does with accounts."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from pacs_settings.core import db, desk, ports
from pacs_settings.core.accounts import password_link, remembered, sessions, sign_in
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.second_factor import recovery
from pacs_settings.core.accounts.sign_in import NextStep, SignedIn, SignInRefused
from pacs_settings.core.desk import Invitation
from pacs_settings.core.mail_links import ACTIVATION
from pacs_settings.core.tables import (
    AccountState,
    AuditEntry,
    MailLink,
    Method,
    OutboxMessage,
    RecoveryCode,
    RememberedBrowser,
    TotpDevice,
)
from pacs_settings.locale import text
from tests import factories, seen
from tests.core.conftest import Clock
from tests.factories import AN, HERE, JAN, LEA, PASSWORD
from tests.fakes import FakeDirectory

pytestmark = pytest.mark.usefixtures("database")
NEW = "new.one@demo.example"
GUEST = "new.one@uz-demo.example"
INVITATION = Invitation(NEW, "Noor", "Jacobs", "Flanders", "0470 11 12 22")


def refused(work: Callable[[], object]) -> tuple[str, str]:
    found = seen.refusal(work)
    return found.code, found.field


# Inviting.


def test_an_invited_account_waits_for_its_owner() -> None:
    desk.invite(INVITATION)
    made = factories.person(NEW)
    assert (made.username, made.first_name, made.last_name) == (NEW, "Noor", "Jacobs")
    assert (made.state, made.password_hash) == (AccountState.INVITED, None)
    assert (made.mobile_phone, made.domain_id, made.language) == ("+32470111222", None, "en")
    assert made.second_factor == Method.NONE
    assert not made.service_desk
    assert not made.may_edit_reports


def test_its_owner_gets_a_link_that_activates_it() -> None:
    desk.invite(INVITATION)
    [body] = seen.post().to(NEW)
    [(purpose, token)] = seen.links_in(body).items()
    assert purpose == ACTIVATION
    assert password_link.page(token, ACTIVATION).username == NEW
    assert token not in seen.stored()


def test_nobody_gets_in_before_that() -> None:
    desk.invite(INVITATION)
    for password in ("", PASSWORD, "the password of nobody"):
        with pytest.raises(SignInRefused):
            sign_in.check_password(sign_in.begin(NEW), password, HERE)


def test_the_region_gives_language_and_country() -> None:
    desk.invite(replace(INVITATION, region="Netherlands", mobile="06 12 34 56 78"))
    made = factories.person(NEW)
    assert (made.language, made.mobile_phone) == ("nl", "+31612345678")
    [(_to, subject, _body)] = seen.post().mails
    assert subject == text("nl", "mail.invitation.subject")


def test_the_mobile_may_be_missing() -> None:
    desk.invite(replace(INVITATION, mobile="  "))
    assert factories.person(NEW).mobile_phone is None


def test_names_are_kept_without_surplus_space() -> None:
    desk.invite(replace(INVITATION, first_name="  Noor   Marie ", last_name="van\tden Berg"))
    made = factories.person(NEW)
    assert (made.first_name, made.last_name) == ("Noor Marie", "van den Berg")


@pytest.mark.parametrize(
    ("values", "why", "field"),
    [
        ({"username": "not an address"}, "not_an_address", "username"),
        ({"username": AN}, "username_taken", "username"),
        ({"username": "AN.Peeters@DEMO.example"}, "username_taken", "username"),
        ({"first_name": " "}, "name_invalid", "first_name"),
        ({"last_name": "x" * 101}, "name_invalid", "last_name"),
        ({"last_name": "Ja\0cobs"}, "name_invalid", "last_name"),
        ({"region": "Atlantis"}, "region_unknown", "region"),
        ({"region": "\udcff"}, "region_unknown", "region"),
        ({"mobile": "ask at the desk"}, "phone_letters", "mobile"),
        ({"mobile": "0470"}, "phone_too_short", "mobile"),
        ({"mobile": "+32 2 555 12 12"}, "phone_not_mobile", "mobile"),
    ],
)
def test_every_refusal_names_its_field_and_makes_nothing(
    values: dict[str, str], why: str, field: str
) -> None:
    before = seen.stored()
    assert refused(lambda: desk.invite(replace(INVITATION, **values))) == (why, field)
    assert seen.stored() == before


def test_inviting_is_audited() -> None:
    desk.invite(INVITATION)
    [entry] = factories.rows(AuditEntry)
    assert (entry.tag, entry.actor_id, entry.after) == (
        "account:invited",
        None,
        {"username": NEW},
    )


# Accounts of a directory.


def test_an_account_of_a_directory_is_told_to_sign_in() -> None:
    desk.invite(replace(INVITATION, username=GUEST))
    made = factories.person(GUEST)
    assert made.domain_id == factories.person(LEA).domain_id
    assert made.state == AccountState.INVITED
    [body] = seen.post().to(GUEST)
    assert "the password of your organisation" in body
    assert "/link/" not in body
    assert factories.rows(MailLink) == []


def test_it_becomes_active_by_its_first_sign_in_with_a_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ports.directories, "demo", FakeDirectory(PASSWORD))
    desk.invite(replace(INVITATION, username=GUEST))
    step = sign_in.check_password(sign_in.begin(GUEST), PASSWORD, HERE)
    assert isinstance(step, NextStep)
    assert step.method == Method.SMS
    [(to, message)] = seen.post().texts
    assert to == "+32470111222"
    assert isinstance(sign_in.check_code(step.token, "sms", seen.code_in(message), HERE), SignedIn)
    assert factories.person(GUEST).state == AccountState.ACTIVE


# Inviting again.


def test_inviting_again_mails_a_fresh_link_and_the_former_one_ends() -> None:
    desk.invite(INVITATION)
    desk.invite_again("  NEW.one@demo.example ")
    first, second = (seen.links_in(body)[ACTIVATION] for body in seen.post().to(NEW))
    assert refused(lambda: password_link.page(first, ACTIVATION))[0] == "link_expired"
    assert password_link.page(second, ACTIVATION).username == NEW
    tags = [entry.tag for entry in factories.rows(AuditEntry)]
    assert tags == ["account:invited", "account:invited_again"]


def test_an_account_of_a_directory_is_told_again() -> None:
    desk.invite(replace(INVITATION, username=GUEST))
    desk.invite_again(GUEST)
    templates = [row.template for row in factories.rows(OutboxMessage)]
    assert templates == ["invitation_directory"] * 2


@pytest.mark.parametrize("state", [AccountState.ACTIVE, AccountState.LOCKED, AccountState.DISABLED])
def test_only_who_is_invited_is_invited_again(state: AccountState) -> None:
    factories.change(AN, state=state)
    assert refused(lambda: desk.invite_again(AN))[0] == "not_invited"
    assert factories.rows(MailLink) == []


# Unlocking.


def test_a_locked_account_gets_in_again_and_hears_of_it() -> None:
    factories.change(AN, state=AccountState.LOCKED, wrong_codes=3)
    desk.unlock(AN)
    an = factories.person(AN)
    assert (an.state, an.locked_until, an.wrong_codes) == (AccountState.ACTIVE, None, 0)
    assert isinstance(sign_in.check_password(sign_in.begin(AN), PASSWORD, Visit()), SignedIn)
    assert factories.rows(OutboxMessage)[0].template == "unlocked"
    [entry] = factories.rows(AuditEntry)
    assert (entry.tag, entry.after) == ("account:unlocked", {"username": AN})


def test_a_lock_for_a_while_is_taken_off_at_once(moved: Clock) -> None:
    moved.forward(hours=1)
    factories.change(AN, state=AccountState.LOCKED, locked_until=factories.clock.now())
    moved.forward(hours=-1)
    desk.unlock(AN)
    assert isinstance(sign_in.check_password(sign_in.begin(AN), PASSWORD, HERE), SignedIn)


def test_unlocking_keeps_the_second_factor() -> None:
    factories.device(factories.person(AN))
    factories.change(AN, state=AccountState.LOCKED)
    desk.unlock(AN)
    assert factories.person(AN).second_factor == Method.AUTHENTICATOR


@pytest.mark.parametrize(
    "state", [AccountState.ACTIVE, AccountState.INVITED, AccountState.DISABLED]
)
def test_only_what_is_locked_is_unlocked(state: AccountState) -> None:
    factories.change(AN, state=state)
    assert refused(lambda: desk.unlock(AN))[0] == "not_locked"
    assert factories.person(AN).state == state


# A second factor that was lost.


@pytest.mark.asvs("6.4.4")
def test_a_lost_factor_goes_with_all_that_belongs_to_it_and_the_owner_hears_of_it() -> None:
    for username in (AN, JAN):
        factories.device(factories.person(username))
        recovery.renew(factories.actor(factories.person(username)))
    cookie = factories.session(factories.person(AN))
    with db.writing() as session:
        remembered.remember(session, factories.own(factories.person(AN)), Visit(browser="here"))
    desk.remove_factor(AN)
    jan = factories.own(factories.person(JAN))
    assert factories.person(AN).second_factor == Method.NONE
    assert {row.account_id for row in factories.rows(TotpDevice)} == {jan}
    assert {row.account_id for row in factories.rows(RecoveryCode)} == {jan}
    assert factories.rows(RememberedBrowser) == []
    assert sessions.resolve(cookie) is None
    assert factories.rows(OutboxMessage)[-1].template == "factor_removed"
    entry = factories.rows(AuditEntry)[-1]
    assert (entry.tag, entry.actor_id) == ("account:factor:removed", None)
    assert entry.before == {"username": AN, "method": "authenticator"}
    assert isinstance(sign_in.check_password(sign_in.begin(AN), PASSWORD, HERE), SignedIn)


def test_where_a_factor_is_mandatory_another_must_be_chosen_then() -> None:
    factories.device(factories.person(JAN))
    desk.remove_factor(JAN)
    done = sign_in.check_password(sign_in.begin(JAN), PASSWORD, HERE)
    assert isinstance(done, SignedIn)
    assert done.must_enrol


def test_what_is_not_there_cannot_be_taken() -> None:
    assert refused(lambda: desk.remove_factor(AN))[0] == "no_factor"
    assert factories.rows(AuditEntry) == []


@pytest.mark.parametrize("act", [desk.unlock, desk.invite_again, desk.remove_factor])
@pytest.mark.parametrize("username", ["nobody@demo.example", "", "\ud800", "%"])
def test_an_unknown_account_is_refused(act: Callable[[str], None], username: str) -> None:
    assert refused(partial(act, username)) == ("account_unknown", "username")
