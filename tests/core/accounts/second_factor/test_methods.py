"""Choosing a second factor whose codes are sent."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from pacs_settings.core import audit, clock
from pacs_settings.core.accounts import fresh_proof, send_limits
from pacs_settings.core.accounts.second_factor import methods, totp
from pacs_settings.core.tables import (
    AccountState,
    AuditEntry,
    Challenge,
    Method,
    OutboxMessage,
    RememberedBrowser,
)
from tests import factories, seen
from tests.core.conftest import Clock
from tests.factories import AN, JAN, SOFIE

pytestmark = pytest.mark.usefixtures("database")
SENT = ["email", "sms"]


def who(username: str = AN) -> audit.Actor:
    return factories.actor(factories.person(username))


def sent(actor: audit.Actor, method: str) -> str:
    """The code that is sent at once."""
    methods.begin(actor, method)
    post = seen.post()
    return seen.code_in(post.texts[-1][1] if method == "sms" else post.mails[-1][2])


def refused(work: Callable[[], object]) -> tuple[str, str]:
    found = seen.refusal(work)
    return found.code, found.field


def method(username: str = AN) -> str:
    return factories.person(username).second_factor


def region_of(username: str, **values: object) -> None:
    """Change the policy for an account, as the service desk does."""
    place = factories.region(**values)
    factories.change(username, region_id=place.id)


@pytest.mark.parametrize("chosen", SENT)
def test_a_code_that_arrives_proves_the_choice(chosen: str) -> None:
    actor = who()
    digits = sent(actor, chosen)
    assert method() == Method.NONE
    methods.confirm(actor, chosen, digits)
    assert method() == chosen
    assert factories.rows(AuditEntry)[-1].after == {"method": chosen}
    [message] = [row for row in factories.rows(OutboxMessage) if row.template != "code"]
    assert (message.template, message.values["method"]) == ("factor_added", chosen)


def test_the_code_goes_where_it_belongs() -> None:
    methods.begin(who(), "sms")
    methods.begin(who(), "email")
    post = seen.post()
    assert [to for to, _ in post.texts] == [factories.person(AN).mobile_phone]
    assert [to for to, _, _ in post.mails] == [AN]


def test_text_messages_need_a_mobile_on_file() -> None:
    factories.change(AN, mobile_phone=None)
    assert refused(lambda: methods.begin(who(), "sms"))[0] == "no_mobile"
    assert factories.rows(Challenge) == []


# What a region does not allow.


@pytest.mark.parametrize("chosen", ["passkey", "authenticator", "none", "recovery", "", "Email"])
def test_only_what_is_sent_can_be_chosen_here(chosen: str) -> None:
    actor = who()
    assert refused(lambda: methods.begin(actor, chosen))[0] == "method_not_allowed"
    assert refused(lambda: methods.confirm(actor, chosen, "123456"))[0] == "method_not_allowed"
    assert method() == Method.NONE


def test_email_is_no_choice_where_a_factor_is_mandatory() -> None:
    actor = who(JAN)
    assert refused(lambda: methods.begin(actor, "email"))[0] == "method_not_allowed"
    assert seen.post().mails == []


def test_email_is_a_choice_where_the_region_says_that_it_suffices() -> None:
    region_of(JAN, strong_authentication=True, email_when_mandatory=True)
    actor = who(JAN)
    methods.confirm(actor, "email", sent(actor, "email"))
    assert method(JAN) == Method.EMAIL


@pytest.mark.parametrize("chosen", SENT)
def test_a_method_that_the_region_excludes_is_refused_at_its_beginning(chosen: str) -> None:
    region_of(AN, second_factors=["authenticator"])
    assert refused(lambda: methods.begin(who(), chosen))[0] == "method_not_allowed"
    assert factories.rows(Challenge) == []


@pytest.mark.parametrize("chosen", SENT)
def test_a_method_that_the_region_excludes_meanwhile_is_refused_at_its_end(chosen: str) -> None:
    actor = who()
    digits = sent(actor, chosen)
    region_of(AN, second_factors=["authenticator"])
    assert refused(lambda: methods.confirm(actor, chosen, digits))[0] == "method_not_allowed"
    assert method() == Method.NONE


def test_the_same_holds_for_authenticators(moved: Clock) -> None:
    actor = who()
    begun = totp.begin(actor)
    region_of(AN, second_factors=["sms"])
    moved.start_of_step()
    code = factories.code(begun.secret)
    work = partial(totp.confirm, actor, begun.device_id, "Phone", code)
    assert refused(work)[0] == "method_not_allowed"
    assert refused(lambda: totp.begin(actor))[0] == "method_not_allowed"
    assert totp.devices(factories.own(factories.person(AN))) == []


# Codes.


def test_a_code_is_good_once_for_its_method_its_session_and_its_account() -> None:
    actor = who()
    digits = sent(actor, "sms")
    strangers = [who(SOFIE), who(), actor]
    for stranger, chosen in zip(strangers, ("sms", "sms", "email"), strict=True):
        work = partial(methods.confirm, stranger, chosen, digits)
        assert refused(work) == ("wrong_code", "code")
    methods.confirm(actor, "sms", digits)
    assert refused(lambda: methods.confirm(actor, "sms", digits))[0] == "wrong_code"


def test_a_code_to_prove_oneself_chooses_nothing() -> None:
    factories.change(AN, second_factor=Method.EMAIL)
    actor = who()
    fresh_proof.begin(actor)
    digits = seen.code_in(seen.post().mails[-1][2])
    assert refused(lambda: methods.confirm(actor, "email", digits))[0] == "wrong_code"
    assert refused(lambda: methods.confirm(actor, "sms", digits))[0] == "wrong_code"


def test_a_code_is_no_good_once_the_number_on_file_is_another() -> None:
    actor = who()
    digits = sent(actor, "sms")
    factories.change(AN, mobile_phone="+32470999999")
    assert refused(lambda: methods.confirm(actor, "sms", digits))[0] == "wrong_code"


def test_five_wrong_codes_lock_the_account() -> None:
    actor = who()
    right = sent(actor, "sms")
    found = [refused(lambda: methods.confirm(actor, "sms", "12345"))[0] for _ in range(5)]
    assert found == ["wrong_code"] * 4 + ["locked"]
    assert factories.person(AN).state == AccountState.LOCKED
    assert refused(lambda: methods.confirm(actor, "sms", right))[0] == "locked"
    assert method() == Method.NONE


def test_too_many_codes_stop_and_leave_the_last_one_good() -> None:
    actor = who()
    codes = [sent(actor, "sms") for _ in range(send_limits.MOST["sms"]["account"])]
    assert refused(lambda: methods.begin(actor, "sms"))[0] == "too_many_codes"
    methods.confirm(actor, "sms", codes[-1])
    assert method() == Method.SMS


# What else a choice does.


def test_remembered_browsers_and_codes_under_way_go() -> None:
    actor = who()
    account_id = factories.own(factories.person(AN))
    factories.store(
        RememberedBrowser(
            id="b",
            token_hash="t",
            account_id=account_id,
            address="",
            until=clock.now() + timedelta(days=1),
        )
    )
    methods.begin(actor, "email")
    methods.confirm(actor, "sms", sent(actor, "sms"))
    assert factories.rows(RememberedBrowser) == []
    assert factories.rows(Challenge) == []


def test_choosing_the_same_again_takes_nothing_away() -> None:
    actor = who()
    for _ in range(2):
        methods.confirm(actor, "sms", sent(actor, "sms"))
    assert method() == Method.SMS
    templates = [row.template for row in factories.rows(OutboxMessage) if row.template != "code"]
    assert templates == ["factor_added"] * 2


@pytest.mark.parametrize("chosen", SENT)
def test_no_code_is_kept(chosen: str) -> None:
    actor = who()
    digits = sent(actor, chosen)
    rows = [row.model_dump() for row in factories.rows(Challenge)]
    rows += [row.model_dump() for row in factories.rows(OutboxMessage)]
    assert not any(str(value) == digits for row in rows for value in row.values())
    assert all(row.secret != digits for row in factories.rows(Challenge))
