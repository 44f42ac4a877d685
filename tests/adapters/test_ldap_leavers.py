"""Asking a real Active Directory who is gone: never too many, never by mistake."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from pacs_settings.adapters import ldap_leavers
from pacs_settings.adapters.ldap_directory import LdapDirectory
from pacs_settings.core import clock, secrets
from pacs_settings.core.ports import DirectoryRefused
from pacs_settings.core.tables import Domain
from tests.adapters import samba
from tests.adapters.clinic import Clinic
from tests.adapters.people import PASSWORD
from tests.conftest import free_port

_serial = count(1)
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


@pytest.fixture
def watched(clinic: Clinic) -> Domain:
    """The clinic, asked by its service account."""
    return at(clinic)


def at(clinic: Clinic, **values: Any) -> Domain:
    sealed = secrets.seal("directory", PASSWORD)
    first = {"bind_as": "service@clinic.test", "sealed_bind_password": sealed}
    return clinic.domain(**(first | values))


def somebody(clinic: Clinic, **attributes: Any) -> tuple[str, str]:
    """The name and GUID of somebody new."""
    name = f"leaver{next(_serial)}"
    clinic.admin.add(name, **attributes)
    return name, clinic.admin.guid(name)


def gone(domain: Domain, *guids: str) -> set[str]:
    return LdapDirectory(domain).gone(guids)


def cannot_say(domain: Domain, *guids: str) -> bool:
    with pytest.raises(DirectoryRefused) as refused:
        gone(domain, *guids)
    return refused.value.reason == "unreachable"


def ticks(moment: datetime) -> int:
    """As Active Directory writes a moment: 100 ns since 1601."""
    return (moment - EPOCH) // timedelta(microseconds=1) * 10


def test_who_is_there_stays(clinic: Clinic, watched: Domain) -> None:
    _, guid = somebody(clinic)
    assert gone(watched, guid, clinic.admin.guid("right")) == set()
    assert gone(watched) == set()


def test_disabled(clinic: Clinic, watched: Domain) -> None:
    name, guid = somebody(clinic)
    _, other = somebody(clinic)
    clinic.admin.change(name, userAccountControl=514)
    assert gone(watched, guid, other) == {guid}
    assert gone(watched, guid) == {guid}
    clinic.admin.change(name, userAccountControl=512)
    assert gone(watched, guid, other) == set()


@pytest.mark.parametrize("never", [0, 2**63 - 1])
def test_expired(clinic: Clinic, watched: Domain, never: int) -> None:
    name, guid = somebody(clinic, accountExpires=never)
    assert gone(watched, guid) == set()
    clinic.admin.change(name, accountExpires=ticks(clock.now() + timedelta(hours=1)))
    assert gone(watched, guid) == set()
    clinic.admin.change(name, accountExpires=ticks(clock.now() - timedelta(seconds=1)))
    assert gone(watched, guid) == {guid}


def test_removed(clinic: Clinic, watched: Domain) -> None:
    name, guid = somebody(clinic)
    _, other = somebody(clinic)
    clinic.admin.remove(name)
    assert gone(watched, guid, other) == {guid}
    assert gone(watched, guid) == {guid}
    assert gone(watched, str(uuid4())) != set()


@pytest.mark.parametrize("name", ["locked", "must_change", "expired", "logon_hours", "workstation"])
def test_who_may_come_back_by_themselves_stays(clinic: Clinic, watched: Domain, name: str) -> None:
    assert gone(watched, clinic.admin.guid(name)) == set()


def test_somebody_with_another_name_and_place_stays(clinic: Clinic, watched: Domain) -> None:
    name, guid = somebody(clinic)
    clinic.admin.rename(name, f"{name}.married")
    assert gone(watched, guid) == set()
    clinic.admin.add(name)
    assert gone(watched, guid) == set()


def test_more_people_than_one_question_takes(
    clinic: Clinic, watched: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ldap_leavers, "BATCH", 2)
    everybody = [somebody(clinic) for _ in range(5)]
    clinic.admin.change(everybody[0][0], userAccountControl=514)
    clinic.admin.remove(everybody[4][0])
    expected = {everybody[0][1], everybody[4][1]}
    assert gone(watched, *(guid for _, guid in everybody)) == expected


def test_many_people_at_once(clinic: Clinic) -> None:
    _, guid = somebody(clinic)
    strangers = {str(uuid4()) for _ in range(350)}
    assert gone(at(clinic, timeout_seconds=60), guid, *strangers) == strangers


def test_what_is_no_guid_is_nobody(
    clinic: Clinic, watched: Domain, caplog: pytest.LogCaptureFixture
) -> None:
    name, guid = somebody(clinic, userAccountControl=514)
    assert gone(watched, guid, "*", "", ")(cn=*") == {guid}
    assert gone(watched, "*") == set()
    assert "directory_guid that is none" in caplog.text


def test_letters_of_a_guid_may_be_large(clinic: Clinic, watched: Domain) -> None:
    _, guid = somebody(clinic, userAccountControl=514)
    assert gone(watched, guid.upper()) == {guid.upper()}


def test_of_whom_it_cannot_be_read_stays(
    clinic: Clinic, watched: Domain, caplog: pytest.LogCaptureFixture
) -> None:
    clinic.admin.add_contact("unreadable")
    _, other = somebody(clinic, userAccountControl=514)
    assert gone(watched, clinic.admin.guid("unreadable"), other) == {other}
    assert "userAccountControl of 1 people may not be read" in caplog.text


# What is no answer.


def test_without_a_service_account_nobody_can_tell(clinic: Clinic) -> None:
    assert cannot_say(clinic.domain(), str(uuid4()))


def test_a_service_account_that_is_refused(clinic: Clinic) -> None:
    sealed = secrets.seal("directory", "wrong")
    assert cannot_say(at(clinic, sealed_bind_password=sealed), str(uuid4()))


@pytest.mark.parametrize("base", ["DC=elsewhere,DC=test", "OU=gone,DC=clinic,DC=test", "nonsense"])
def test_a_base_that_is_not_there(clinic: Clinic, base: str) -> None:
    assert cannot_say(at(clinic, base_dn=base), clinic.admin.guid("right"))


def test_a_base_with_nobody_below(clinic: Clinic, caplog: pytest.LogCaptureFixture) -> None:
    base = f"CN=Program Data,{samba.BASE}"
    assert cannot_say(at(clinic, base_dn=base), clinic.admin.guid("right"))
    assert "nobody is to be seen" in caplog.text


def test_a_server_that_is_down(clinic: Clinic) -> None:
    dead = f"ldaps://127.0.0.1:{free_port()}"
    _, guid = somebody(clinic, userAccountControl=514)
    assert cannot_say(at(clinic, urls=[dead]), guid)
    assert gone(at(clinic, urls=[dead, *clinic.domain().urls]), guid) == {guid}
