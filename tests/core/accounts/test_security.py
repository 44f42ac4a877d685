"""How an account is protected, in one look."""

import pytest

from pacs_settings.core.accounts import security
from tests import factories
from tests.factories import AN, JAN, LEA

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
    assert look(JAN).mandatory


def test_an_account_of_a_domain_names_it() -> None:
    assert look(LEA).domain == "uz-demo.example"
