"""The one second factor that an account has chosen."""

from functools import partial

import pytest

from pacs_settings.core import audit, clock
from pacs_settings.core.accounts import sessions
from pacs_settings.core.accounts.second_factor import chosen, methods, passkeys, recovery, totp
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import (
    Account,
    AuditEntry,
    Method,
    OutboxMessage,
    Passkey,
    RecoveryCode,
    TotpDevice,
)
from tests import factories, seen
from tests.core.conftest import Clock
from tests.factories import AN, HERE, JAN, SOFIE

pytestmark = pytest.mark.usefixtures("database")


def key(of: Account, name: str = "Key") -> int:
    """A passkey: its identifier."""
    row = Passkey(
        account_id=factories.own(of), name=name, credential_id=f"{of.id}{name}", public_key="x"
    )
    factories.change(of.username, second_factor=Method.PASSKEY)
    return factories.store(row).id or 0


def method(username: str) -> str:
    return factories.person(username).second_factor


def choose_text_messages(actor: audit.Actor) -> None:
    methods.begin(actor, "sms")
    [(_to, text)] = seen.post().texts
    methods.confirm(actor, "sms", seen.code_in(text))


def told() -> list[str]:
    return [row.template for row in factories.rows(OutboxMessage) if row.template != "code"]


# Doing without.


def test_where_the_region_lets_it_an_account_may_do_without() -> None:
    an = factories.person(AN)
    factories.device(an)
    actor = factories.actor(an)
    recovery.renew(actor)
    chosen.do_without(actor)
    assert method(AN) == Method.NONE
    assert factories.rows(TotpDevice) == []
    assert factories.rows(RecoveryCode) == []
    assert told() == ["recovery_renewed", "factor_removed"]
    entry = factories.rows(AuditEntry)[-1]
    assert (entry.tag, entry.before, entry.after) == (
        "account:factor:chosen",
        {"method": "authenticator"},
        {"method": "none"},
    )


@pytest.mark.parametrize("former", [*Method])
def test_where_a_factor_is_mandatory_none_is_refused(former: Method) -> None:
    jan = factories.change(JAN, second_factor=former)
    assert seen.refusal(lambda: chosen.do_without(factories.actor(jan))).code == "last_factor"
    assert method(JAN) == former


def test_nobody_is_told_where_nothing_changes() -> None:
    chosen.do_without(factories.actor(factories.person(AN)))
    assert told() == []
    assert factories.rows(AuditEntry) == []


# The last one.


def test_the_last_authenticator_stays_where_a_factor_is_mandatory() -> None:
    jan = factories.person(JAN)
    first, _ = factories.device(jan, "Phone")
    second, _ = factories.device(jan, "Tablet")
    actor = factories.actor(jan)
    totp.remove(actor, first)
    assert seen.refusal(lambda: totp.remove(actor, second)).code == "last_factor"
    assert [row.name for row in factories.rows(TotpDevice)] == ["Tablet"]
    assert method(JAN) == Method.AUTHENTICATOR


def test_the_last_passkey_stays_where_a_factor_is_mandatory() -> None:
    jan = factories.person(JAN)
    first, second = key(jan, "One"), key(jan, "Two")
    actor = factories.actor(jan)
    passkeys.remove(actor, first)
    assert seen.refusal(lambda: passkeys.remove(actor, second)).code == "last_factor"
    assert [row.name for row in factories.rows(Passkey)] == ["Two"]
    assert method(JAN) == Method.PASSKEY


def test_of_the_last_two_removed_at_once_one_stays() -> None:
    jan = factories.person(JAN)
    keys = [key(jan, "One"), key(jan, "Two")]
    actor = factories.actor(jan)
    ends = factories.together(*[partial(passkeys.remove, actor, each) for each in keys])
    assert [end.code for end in ends if isinstance(end, Refused)] == ["last_factor"]
    assert len(factories.rows(Passkey)) == 1


def test_elsewhere_removing_the_last_one_is_to_do_without_and_picks_no_weaker_one() -> None:
    an = factories.person(AN)
    only = key(an)
    recovery.renew(factories.actor(an))
    passkeys.remove(factories.actor(an), only)
    assert method(AN) == Method.NONE
    assert factories.rows(RecoveryCode) == []


# Another one.


def test_another_method_takes_the_place_of_the_former_one_and_its_devices() -> None:
    an, sofie = factories.person(AN), factories.person(SOFIE)
    factories.device(an)
    factories.device(sofie)
    key(sofie)
    recovery.renew(factories.actor(an))
    choose_text_messages(factories.actor(an))
    assert method(AN) == Method.SMS
    assert {row.account_id for row in factories.rows(TotpDevice)} == {sofie.id}
    assert {row.account_id for row in factories.rows(Passkey)} == {sofie.id}
    assert len(factories.rows(RecoveryCode)) == 10  # there is something to recover still


@pytest.mark.parametrize("former", ["authenticator", "passkey"])
def test_the_owner_is_told_what_came_and_what_went(former: str) -> None:
    an = factories.person(AN)
    factories.device(an) if former == "authenticator" else key(an)
    choose_text_messages(factories.actor(an))
    assert told() == ["factor_removed", "factor_added"]
    removed, added = seen.post().to(AN)
    name = {"authenticator": "Authenticator app", "passkey": "Passkey"}[former]
    assert f"“{name}” can no longer" in removed
    assert "“Text message” can now" in added
    for body in (removed, added):
        assert HERE.address in body
        assert "Firefox 128" in body
        assert "lock" in seen.links_in(body)


def test_a_device_that_was_never_proven_goes_too() -> None:
    actor = factories.actor(factories.person(AN))
    totp.begin(actor)
    choose_text_messages(actor)
    assert factories.rows(TotpDevice) == []


def test_an_authenticator_takes_the_place_of_passkeys(moved: Clock) -> None:
    key(factories.person(AN))
    actor = factories.actor(factories.person(AN))
    begun = totp.begin(actor)
    moved.start_of_step()
    totp.confirm(actor, begun.device_id, "Phone", factories.code(begun.secret))
    assert method(AN) == Method.AUTHENTICATOR
    assert factories.rows(Passkey) == []
    assert told() == ["factor_removed", "factor_added"]


def test_a_second_device_takes_nothings_place(moved: Clock) -> None:
    factories.device(factories.person(AN), "Tablet")
    actor = factories.actor(factories.person(AN))
    begun = totp.begin(actor)
    moved.start_of_step()
    totp.confirm(actor, begun.device_id, "Phone", factories.code(begun.secret))
    assert [row.name for row in factories.rows(TotpDevice)] == ["Tablet", "Phone"]
    assert told() == ["factor_added"]


def test_a_factor_that_is_mandatory_and_chosen_opens_the_rest(moved: Clock) -> None:
    cookie = factories.session(factories.person(JAN))
    facts = sessions.resolve(cookie)
    assert facts is not None
    assert facts.must_enrol
    choose_text_messages(factories.actor(factories.person(JAN), cookie))
    facts = sessions.resolve(cookie)
    assert facts is not None
    assert (facts.must_enrol, facts.method) == (False, "sms")
    assert facts.ends_at > clock.now()
