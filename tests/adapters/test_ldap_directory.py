"""Asking a real Active Directory for passwords."""

import logging
import uuid
from typing import Any

import pytest

from pacs_settings.adapters.ldap_directory import LONGEST, LdapDirectory
from pacs_settings.core import secrets
from pacs_settings.core.ports import DirectoryRefused, Identity
from pacs_settings.core.tables import Domain
from tests.adapters import people
from tests.adapters.clinic import Clinic
from tests.adapters.people import PASSWORD

RIGHT = "right@clinic.test"
SERVICE = {"bind_as": "service@clinic.test"}


def ask(domain: Domain, username: str, password: str = PASSWORD) -> str:
    """The GUID of whom a password belongs to."""
    return LdapDirectory(domain).check(username, password).guid


def reason(domain: Domain, username: str, password: str = PASSWORD) -> str:
    """Why a password is refused."""
    with pytest.raises(DirectoryRefused) as refused:
        ask(domain, username, password)
    return refused.value.reason


@pytest.fixture(params=["direct", "service"])
def way(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Both ways of asking: as the person, or by a service account that looks for the person."""
    sealed = secrets.seal("directory", PASSWORD)
    return SERVICE | {"sealed_bind_password": sealed} if request.param == "service" else {}


@pytest.fixture
def by_service(clinic: Clinic) -> Domain:
    sealed = secrets.seal("directory", PASSWORD)
    return clinic.domain(**SERVICE, sealed_bind_password=sealed)


def test_the_right_password_says_who_it_is(clinic: Clinic, way: dict[str, Any]) -> None:
    guid = ask(clinic.domain(**way), RIGHT)
    assert str(uuid.UUID(guid)) == guid


def test_names_and_mobile_come_with_the_person(clinic: Clinic, way: dict[str, Any]) -> None:
    identity = LdapDirectory(clinic.domain(**way)).check(RIGHT, PASSWORD)
    assert (identity.first_name, identity.last_name) == ("Right", "De Smet")
    assert identity.mobile == "0470 12 34 56"


def test_names_may_be_missing(clinic: Clinic, way: dict[str, Any]) -> None:
    name = "nameless.service" if way else "nameless.direct"
    clinic.admin.add(name, givenName=[], sn=[], mobile=[])
    identity = LdapDirectory(clinic.domain(**way)).check(f"{name}@clinic.test", PASSWORD)
    assert identity == Identity(identity.guid)


@pytest.mark.parametrize("told", people.OF_A_REASON)
def test_each_reason_is_told_to_whoever_knows_the_password(
    clinic: Clinic, way: dict[str, Any], told: str
) -> None:
    domain = clinic.domain(**way)
    if told == "locked":
        for _ in range(4):
            reason(domain, "locked@clinic.test", "wrong")
    assert reason(domain, f"{told}@clinic.test") == told


@pytest.mark.parametrize("told", [told for told in people.OF_A_REASON if told != "locked"])
def test_no_reason_is_told_with_a_wrong_password(
    clinic: Clinic, way: dict[str, Any], told: str
) -> None:
    assert reason(clinic.domain(**way), f"{told}@clinic.test", "wrong") == "wrong"


def test_a_lock_is_told_with_a_wrong_password_too(clinic: Clinic) -> None:
    # Why only a browser that is known may be told: see sign_in.
    told = [reason(clinic.domain(), "locked@clinic.test", "wrong") for _ in range(5)]
    assert told[-1] == "locked"


@pytest.mark.parametrize(
    ("username", "password"),
    [
        (RIGHT, "wrong"),
        (RIGHT, PASSWORD.lower()),
        (RIGHT, f"{PASSWORD} "),
        ("nobody@clinic.test", PASSWORD),
        ("nobody@elsewhere.test", PASSWORD),
    ],
)
def test_a_wrong_password_and_nobody_are_alike(
    clinic: Clinic, way: dict[str, Any], username: str, password: str
) -> None:
    assert reason(clinic.domain(**way), username, password) == "wrong"


@pytest.mark.parametrize(
    ("username", "password"),
    [
        (RIGHT, ""),
        ("", PASSWORD),
        ("", ""),
        (RIGHT, "\0"),
        (RIGHT, "\ud800"),
        (f"{RIGHT}\0", PASSWORD),
        (RIGHT, f"{PASSWORD}\0"),
        (RIGHT, "x" * (LONGEST + 1)),
    ],
)
def test_what_could_bind_as_nobody_is_never_sent(username: str, password: str) -> None:
    domain = Domain(name="clinic.test", directory="ldap", urls=["ldaps://127.0.0.1:1"])
    assert reason(domain, username, password) == "wrong"


@pytest.mark.parametrize("password", ["\u00ad", "\u200b", "ª"])
def test_odd_characters_are_sent_as_they_are(
    clinic: Clinic, way: dict[str, Any], password: str
) -> None:
    assert reason(clinic.domain(**way), RIGHT, password) == "wrong"


@pytest.mark.parametrize(
    "username",
    [
        "*",
        "righ*@clinic.test",
        "*@clinic.test",
        "right@clinic.test)(mail=*",
        "x)(|(mail=*",
        "right\\2a@clinic.test",
        "\\2a@clinic.test",
        "right@clinic.test\0",
        "righ\\74@clinic.test",
        "CN=right,CN=Users,DC=clinic,DC=test",
        "CLINIC\\right-sam",
    ],
)
def test_a_name_is_a_name_and_no_filter(by_service: Domain, username: str) -> None:
    assert reason(by_service, username) == "wrong"


def test_people_are_found_by_either_of_their_names(by_service: Domain) -> None:
    guid = ask(by_service, RIGHT)
    assert ask(by_service, "RIGHT@clinic.TEST") == guid
    assert ask(by_service, "right-sam@clinic.test") == guid
    assert ask(by_service, "right.mail@hospital.test") == guid


def test_an_account_name_counts_in_its_own_realm_only(by_service: Domain) -> None:
    assert reason(by_service, "right-sam@hospital.test") == "wrong"


def test_without_a_service_account_a_principal_name_will_do(clinic: Clinic) -> None:
    assert ask(clinic.domain(), "right-sam@clinic.test") == ask(clinic.domain(), RIGHT)
    assert reason(clinic.domain(), "right.mail@hospital.test") == "wrong"


def test_a_guid_outlives_all_names(clinic: Clinic, way: dict[str, Any]) -> None:
    old, new = (f"{name}.{'service' if way else 'direct'}" for name in ("maiden", "married"))
    clinic.admin.add(old)
    domain = clinic.domain(**way)
    guid = ask(domain, f"{old}@clinic.test")
    clinic.admin.rename(old, new)
    assert ask(domain, f"{new}@clinic.test") == guid
    assert reason(domain, f"{old}@clinic.test") == "wrong"
    clinic.admin.add(old)
    assert ask(domain, f"{old}@clinic.test") != guid


def test_an_old_password_is_dead_at_once(clinic: Clinic, way: dict[str, Any]) -> None:
    name = "changes.service" if way else "changes.direct"
    clinic.admin.add(name)
    domain = clinic.domain(**way)
    assert ask(domain, f"{name}@clinic.test")
    clinic.admin.give_password(name, "Another-right-2026")
    assert reason(domain, f"{name}@clinic.test") == "wrong"
    assert ask(domain, f"{name}@clinic.test", "Another-right-2026")


def test_a_service_account_that_is_refused_is_no_answer(
    clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    for password in ("wrong", ""):
        sealed = secrets.seal("directory", password)
        assert reason(clinic.domain(**SERVICE, sealed_bind_password=sealed), RIGHT) == "unreachable"
    assert reason(clinic.domain(**SERVICE, sealed_bind_password="broken"), RIGHT) == "unreachable"
    assert "service account is refused" in caplog.text
    assert PASSWORD not in caplog.text


def test_a_base_that_is_not_there_is_no_answer(
    clinic: Clinic, way: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    domain = clinic.domain(**way, base_dn="DC=elsewhere,DC=test")
    assert reason(domain, RIGHT) == "unreachable"
    assert caplog.text


def test_nothing_secret_is_logged(clinic: Clinic, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ask(clinic.domain(), RIGHT)
    reason(clinic.domain(urls=["ldaps://127.0.0.1:1"]), RIGHT)
    assert "127.0.0.1:1" in caplog.text
    assert PASSWORD not in caplog.text
    assert RIGHT not in caplog.text
