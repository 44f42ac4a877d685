"""How an account is protected, in one look."""

import pytest

from pacs_settings.core.accounts import security
from pacs_settings.core.accounts.second_factor import recovery
from pacs_settings.core.tables import Method
from tests import factories
from tests.factories import AN, JAN, LEA, SOFIE

pytestmark = pytest.mark.usefixtures("database")


def look(username: str) -> security.Security:
    return security.load(factories.own(factories.person(username)))


def test_a_local_account() -> None:
    seen = look(AN)
    assert (seen.domain, seen.mandatory, seen.password_minimum, seen.devices) == ("", False, 15, [])


def test_a_device_shortens_the_password_and_is_listed() -> None:
    device, _ = factories.device(factories.person(AN), "Work phone")
    seen = look(AN)
    assert seen.password_minimum == 12
    assert [(row.id, row.name) for row in seen.devices] == [(device, "Work phone")]


def test_a_region_may_demand_a_factor() -> None:
    seen = look(JAN)
    assert seen.mandatory
    assert seen.methods == ["passkey", "authenticator", "sms"]


def test_what_may_be_chosen_from_the_strongest_first() -> None:
    seen = look(AN)
    assert seen.methods == ["passkey", "authenticator", "sms", "email", "none"]
    assert (seen.method, seen.passkeys, seen.recovery_left) == ("none", [], 0)


def test_a_region_may_allow_few() -> None:
    place = factories.region(second_factors=["sms"])
    someone = factories.account(region_id=place.id)
    assert look(someone.username).methods == ["sms", "none"]


def test_what_was_chosen_and_how_many_recovery_codes_are_left() -> None:
    factories.change(AN, second_factor=Method.EMAIL)
    recovery.renew(factories.actor(factories.person(AN)))
    seen = look(AN)
    assert (seen.method, seen.recovery_left, seen.password_minimum) == ("email", 10, 12)
    assert look(SOFIE).recovery_left == 0


def test_the_mobile_is_shown_as_people_of_the_region_write_it() -> None:
    factories.change(AN, mobile_phone="+32470123452")
    assert look(AN).mobile == "0470 12 34 52"
    factories.change(AN, mobile_phone=None)
    assert look(AN).mobile == ""


def test_an_account_of_a_domain_names_it() -> None:
    assert look(LEA).domain == "uz-demo.example"
