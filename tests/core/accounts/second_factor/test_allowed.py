"""Which second factors a region allows."""

import pytest

from pacs_settings.core.accounts.second_factor import allowed
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Method, Region

ALL = [Method.PASSKEY, Method.AUTHENTICATOR, Method.SMS, Method.EMAIL]


@pytest.mark.parametrize(
    ("values", "methods"),
    [
        ({}, [*ALL, Method.NONE]),
        ({"strong_authentication": True}, ALL[:3]),
        ({"strong_authentication": True, "email_when_mandatory": True}, ALL),
        ({"second_factors": ["sms"]}, [Method.SMS, Method.NONE]),
        ({"second_factors": ["email", "passkey"]}, [Method.PASSKEY, Method.EMAIL, Method.NONE]),
        ({"strong_authentication": True, "second_factors": ["email", "none"]}, []),
        ({"second_factors": ["none", "carrier pigeon"]}, [Method.NONE]),
    ],
)
def test_what_a_region_offers_the_strongest_first(
    values: dict[str, object], methods: list[Method]
) -> None:
    region = Region(name="Somewhere", **values)
    assert allowed.methods(region) == methods
    for method in [*Method, "recovery", "carrier pigeon", ""]:
        if method in methods:
            assert allowed.check(region, method) == method
        else:
            with pytest.raises(Refused) as refused:
                allowed.check(region, method)
            assert refused.value.code == "method_not_allowed"


@pytest.mark.parametrize(
    ("method", "mandatory", "email", "enough"),
    [
        ("none", False, False, True),
        ("none", True, False, False),
        ("none", True, True, False),
        ("email", True, False, False),
        ("email", True, True, True),
        ("sms", True, False, False),  # not among those of this region
        ("passkey", True, False, True),
        ("passkey", False, False, True),
    ],
)
def test_what_is_enough(method: str, mandatory: bool, email: bool, enough: bool) -> None:
    assert allowed.enough(method, mandatory, email, ["passkey", "email"]) == enough
