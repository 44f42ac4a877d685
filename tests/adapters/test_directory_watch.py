"""Signing people out whom a real directory does not let in any more."""

from datetime import timedelta

import pytest
from sqlmodel import col

from pacs_settings.adapters.ldap_directory import LdapDirectory
from pacs_settings.core import clock, ports, secrets
from pacs_settings.core.accounts import directory_watch, sessions
from pacs_settings.core.tables import AuditEntry, Domain
from tests import factories
from tests.adapters import slapd
from tests.adapters.certificates import Authority
from tests.adapters.clinic import Clinic
from tests.adapters.people import PASSWORD
from tests.adapters.test_ldap_leavers import somebody, ticks
from tests.conftest import free_port
from tests.factories import AN

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def plugged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ports.directories, "ldap", LdapDirectory)


@pytest.fixture
def domain(clinic: Clinic) -> Domain:
    sealed = secrets.seal("directory", PASSWORD)
    return factories.store(
        clinic.domain(bind_as="service@clinic.test", sealed_bind_password=sealed)
    )


def signed_in(domain: Domain, guid: str) -> str:
    """The cookie of somebody of a directory."""
    return factories.session(
        factories.account(domain_id=domain.id, directory_guid=guid, password_hash=None)
    )


def look() -> None:
    for thread in directory_watch.look():
        thread.join(60)
        assert not thread.is_alive()


def ends(cookie: str) -> bool:
    look()
    return sessions.find(cookie) is None and sessions.why_ended(cookie) == "disabled"


def test_disabled(clinic: Clinic, domain: Domain) -> None:
    name, guid = somebody(clinic)
    cookie = signed_in(domain, guid)
    colleague = signed_in(domain, somebody(clinic)[1])
    local = factories.session(factories.person(AN))
    look()
    assert sessions.find(cookie)
    clinic.admin.change(name, userAccountControl=514)
    assert ends(cookie)
    assert sessions.find(colleague)
    assert sessions.find(local)
    [entry] = factories.rows(AuditEntry, col(AuditEntry.tag) == "session:directory:ended")
    assert entry.after["sessions"] == 1


def test_removed(clinic: Clinic, domain: Domain) -> None:
    name, guid = somebody(clinic)
    cookie = signed_in(domain, guid)
    clinic.admin.remove(name)
    assert ends(cookie)


def test_expired(clinic: Clinic, domain: Domain) -> None:
    name, guid = somebody(clinic)
    cookie = signed_in(domain, guid)
    clinic.admin.change(name, accountExpires=ticks(clock.now() + timedelta(hours=1)))
    look()
    assert sessions.find(cookie)
    clinic.admin.change(name, accountExpires=ticks(clock.now() - timedelta(minutes=1)))
    assert ends(cookie)


def test_of_a_plain_directory(changing_practice: slapd.Slapd, authority: Authority) -> None:
    plain = factories.store(
        Domain(
            name="practice.test",
            directory="ldap",
            urls=[changing_practice.encrypted],
            base_dn=slapd.BASE,
            ca_file=str(authority.file),
            bind_as=slapd.SERVICE,
            sealed_bind_password=secrets.seal("directory", slapd.SERVICE_PASSWORD),
        )
    )
    cookie = signed_in(plain, slapd.GUID)
    look()
    assert sessions.find(cookie)
    with changing_practice.administrator() as admin:
        admin.delete(f"uid=eva,{slapd.BASE}")
    assert ends(cookie)


@pytest.mark.parametrize(
    "broken",
    [
        {"bind_as": ""},
        {"base_dn": "DC=elsewhere,DC=test"},
        {"base_dn": "CN=Program Data,DC=clinic,DC=test"},
        {"sealed_bind_password": ""},
        {"ca_file": ""},
        {"urls": []},
    ],
)
def test_a_domain_that_is_set_up_wrongly_signs_nobody_out(
    clinic: Clinic, domain: Domain, broken: dict[str, object]
) -> None:
    cookie = signed_in(domain, somebody(clinic)[1])
    factories.store(domain.sqlmodel_update(broken))
    look()
    assert sessions.find(cookie)


def test_a_directory_that_is_down_signs_nobody_out(clinic: Clinic, domain: Domain) -> None:
    dead = Domain(**(domain.model_dump(exclude={"id"}) | {"name": "dead.test"}))
    dead.urls = [f"ldaps://127.0.0.1:{free_port()}"]
    factories.store(dead)
    name, guid = somebody(clinic)
    unclear, clear = signed_in(dead, guid), signed_in(domain, guid)
    clinic.admin.change(name, userAccountControl=514)
    assert ends(clear)
    assert sessions.find(unclear)
