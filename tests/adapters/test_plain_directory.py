"""Asking a directory that is not Active Directory, by LDAPS and by StartTLS."""

from typing import Any

import pytest

from pacs_settings.adapters.ldap_directory import LdapDirectory
from pacs_settings.core import secrets
from pacs_settings.core.ports import DirectoryRefused
from pacs_settings.core.tables import Domain
from tests.adapters.certificates import Authority
from tests.adapters.slapd import BASE, GUID, MAIL, PASSWORD, SERVICE, SERVICE_PASSWORD, Slapd


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
