"""Asking a directory that is not Active Directory, by LDAPS and by StartTLS."""

from typing import Any

import pytest

from pacs_settings.adapters.ldap_directory import LdapDirectory
from pacs_settings.core import secrets
from pacs_settings.core.ports import DirectoryRefused
from pacs_settings.core.tables import Domain
from tests.adapters.certificates import Authority
from tests.adapters.slapd import (
    BASE,
    BLIND,
    GUID,
    LIMITED,
    MAIL,
    PASSWORD,
    SERVICE,
    SERVICE_PASSWORD,
    Slapd,
)

STRANGER = "1b5c7d2f-9038-4e74-8b46-6e2cf1d0a8b3"


@pytest.fixture(params=["LDAPS", "StartTLS"])
def domain(request: pytest.FixtureRequest, practice: Slapd, authority: Authority) -> Domain:
    """How the portal is told to ask it, in both ways of beginning TLS."""
    later = request.param == "StartTLS"
    return Domain(
        name="practice.test",
        directory="ldap",
        urls=[practice.plain if later else practice.encrypted],
        start_tls=later,
        base_dn=BASE,
        ca_file=str(authority.file),
        bind_as=SERVICE,
        sealed_bind_password=secrets.seal("directory", SERVICE_PASSWORD),
    )


def reason(domain: Domain, username: str = MAIL, password: str = PASSWORD) -> str:
    with pytest.raises(DirectoryRefused) as refused:
        LdapDirectory(domain).check(username, password)
    return refused.value.reason


def but(domain: Domain, **values: Any) -> Domain:
    return Domain(**(domain.model_dump() | values))


def test_a_person_is_known_by_entry_uuid(domain: Domain) -> None:
    assert LdapDirectory(domain).check(MAIL, PASSWORD).guid == GUID


@pytest.mark.parametrize(
    ("username", "password"),
    [
        (MAIL, "wrong"),
        (MAIL, ""),
        (MAIL, "\u00ad"),  # nothing at all to ldap3, and a bind with nothing succeeds
        ("nobody@practice.test", PASSWORD),
        ("*@practice.test", PASSWORD),
        ("eva.smet@practice.test)(uid=*", PASSWORD),
    ],
)
def test_all_else_is_wrong(domain: Domain, username: str, password: str) -> None:
    assert reason(domain, username, password) == "wrong"


def test_two_of_one_address_are_nobody(domain: Domain, caplog: pytest.LogCaptureFixture) -> None:
    assert reason(domain, "both@practice.test") == "wrong"
    assert "several have one mail" in caplog.text


def test_a_base_that_is_not_there_is_no_answer(domain: Domain) -> None:
    assert reason(but(domain, base_dn="dc=elsewhere")) == "unreachable"


def test_who_reads_no_guid_lets_nobody_in(domain: Domain) -> None:
    # Eva herself may bind, but read nothing here.
    sealed = secrets.seal("directory", PASSWORD)
    assert (
        reason(but(domain, bind_as=f"uid=eva,{BASE}", sealed_bind_password=sealed)) == "unreachable"
    )


def test_without_a_service_account_an_address_is_no_name_to_bind_with(domain: Domain) -> None:
    assert reason(but(domain, bind_as="")) == "unreachable"


def test_another_authority_is_not_believed(
    domain: Domain,
    tmp_path_factory: pytest.TempPathFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = Authority(tmp_path_factory.mktemp("other"))
    assert reason(but(domain, ca_file=str(other.file))) == "unreachable"
    assert reason(but(domain, ca_file="")) == "unreachable"  # those of the system
    assert caplog.text.count("CERTIFICATE_VERIFY_FAILED") == 2
    assert reason(but(domain, ca_file="/nowhere.pem")) == "unreachable"


def test_another_name_for_the_same_server_is_not_believed(
    domain: Domain, caplog: pytest.LogCaptureFixture
) -> None:
    urls = [domain.urls[0].replace("127.0.0.1", "localhost")]
    assert reason(but(domain, urls=urls)) == "unreachable"
    assert "doesn't match any name" in caplog.text


def test_names_and_mobile_come_with_the_person(domain: Domain) -> None:
    identity = LdapDirectory(domain).check(MAIL, PASSWORD)
    assert (identity.first_name, identity.last_name) == ("Eva (é)", "Smet")
    assert identity.mobile == "+32 470 12 34 56"


# Who is gone.


def at(running: Slapd, authority: Authority, bind_as: str = SERVICE) -> Domain:
    return Domain(
        name="practice.test",
        directory="ldap",
        urls=[running.encrypted],
        base_dn=BASE,
        ca_file=str(authority.file),
        bind_as=bind_as,
        sealed_bind_password=secrets.seal("directory", SERVICE_PASSWORD),
    )


def gone(domain: Domain, *guids: str) -> set[str]:
    return LdapDirectory(domain).gone(guids)


def cannot_say(domain: Domain, *guids: str) -> bool:
    with pytest.raises(DirectoryRefused) as refused:
        gone(domain, *guids)
    return refused.value.reason == "unreachable"


def test_who_is_there_stays(domain: Domain) -> None:
    assert gone(domain, GUID) == set()


def test_who_was_removed_is_gone(changing_practice: Slapd, authority: Authority) -> None:
    domain = at(changing_practice, authority)
    assert gone(domain, GUID) == set()
    with changing_practice.administrator() as admin:
        admin.delete(f"uid=eva,{BASE}")
    assert gone(domain, GUID) == {GUID}
    assert gone(domain, GUID, STRANGER) == {GUID, STRANGER}


def test_one_of_two_is_gone(domain: Domain) -> None:
    assert gone(domain, GUID, STRANGER) == {STRANGER}


def test_who_can_see_nobody_tells_nothing(
    practice: Slapd, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    assert cannot_say(at(practice, authority, BLIND), GUID)
    assert "nobody is to be seen below the base" in caplog.text


def test_who_cannot_read_the_base_tells_nothing(practice: Slapd, authority: Authority) -> None:
    # Eva herself may bind, but read nothing here.
    sealed = secrets.seal("directory", PASSWORD)
    domain = but(at(practice, authority, f"uid=eva,{BASE}"), sealed_bind_password=sealed)
    assert cannot_say(domain, GUID)
    assert cannot_say(but(at(practice, authority), base_dn="dc=elsewhere"), GUID)


def test_people_who_may_be_at_another_server_are_not_gone(
    changing_practice: Slapd, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    domain = at(changing_practice, authority)
    with changing_practice.administrator() as admin:
        referral = {"ou": "away", "ref": f"ldap://127.0.0.1:1/ou=away,{BASE}"}
        admin.add(f"ou=away,{BASE}", ["referral", "extensibleObject"], referral)
    assert gone(domain, GUID) == set()
    assert cannot_say(domain, GUID, STRANGER)
    assert "another server may know" in caplog.text


def test_more_than_the_server_gives_at_once_is_no_answer(
    changing_practice: Slapd, authority: Authority
) -> None:
    """A limit that cuts an answer off makes nobody gone."""
    domain = but(at(changing_practice, authority), bind_as=LIMITED)
    with changing_practice.administrator() as admin:
        admin.search(BASE, "(uid=*)", attributes=["entryUUID"])
        people = [entry["attributes"]["entryUUID"][0] for entry in admin.response]
    assert len(people) == 3
    assert gone(domain, people[0]) == set()
    assert cannot_say(domain, *people)
