"""Looking up host names: bounded, and without threads that pile up."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pacs_settings.adapters import host_names
from pacs_settings.adapters.ldap_directory import LdapDirectory
from pacs_settings.core.ports import DirectoryRefused
from pacs_settings.core.tables import Domain
from tests.adapters.certificates import Authority
from tests.adapters.clinic import Clinic
from tests.adapters.people import PASSWORD

SILENT, DOUBLE = "silent.test", "double.test"


class NameService:
    """Stands for the system's: silent about one name, with a dead address first for another."""

    def __init__(self, real: Callable[..., list[Any]], alive: str) -> None:
        self._real, self._alive = real, alive
        self.over = threading.Event()
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, **values: Any) -> list[Any]:
        self.asked.append(host)
        if host == SILENT:
            self.over.wait(60)
            raise socket.gaierror("no answer")
        if host == DOUBLE:
            return self._real("127.0.0.1", 1, **values) + self._real(self._alive, port, **values)
        return self._real(host, port, **values)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch, clinic: Clinic) -> Iterator[NameService]:
    service = NameService(socket.getaddrinfo, clinic.address)
    monkeypatch.setattr(socket, "getaddrinfo", service)
    yield service
    service.over.set()


def looking_up() -> int:
    return len(host_names._under_way)


def test_addresses_of_a_name() -> None:
    found = host_names.look_up("127.0.0.1", 636, 5)
    assert [address[4] for address in found] == [("127.0.0.1", 636)]
    assert looking_up() == 0


def test_a_name_that_is_none() -> None:
    for name in ("x" * 80, "a..b"):
        with pytest.raises(UnicodeError):
            host_names.look_up(name, 636, 30)
    assert looking_up() == 0


def test_a_silent_name_service_is_waited_for_in_bounded_time(names: NameService) -> None:
    for _ in range(3):
        with pytest.raises(TimeoutError):
            host_names.look_up(SILENT, 636, 0.05)
    assert names.asked == [SILENT]
    assert looking_up() == 1
    assert host_names.look_up("127.0.0.1", 636, 5)


def test_the_next_server_answers_while_one_has_no_address(
    names: NameService, clinic: Clinic
) -> None:
    urls = [f"ldaps://{SILENT}", *clinic.domain().urls]
    domain = clinic.domain(urls=urls, timeout_seconds=1)
    assert LdapDirectory(domain).check("right@clinic.test", PASSWORD).guid


def test_nobody_waits_for_a_silent_name_service_alone(names: NameService) -> None:
    domain = Domain(name="x", directory="ldap", urls=[f"ldaps://{SILENT}"], timeout_seconds=1)
    with pytest.raises(DirectoryRefused) as refused:
        LdapDirectory(domain).check("right@clinic.test", PASSWORD)
    assert refused.value.reason == "unreachable"


def test_a_name_with_several_addresses(
    names: NameService, clinic: Clinic, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """The second address answers; its certificate must be for the name, not for the address."""
    domain = clinic.domain(urls=[f"ldaps://{DOUBLE}"])
    with pytest.raises(DirectoryRefused):
        LdapDirectory(domain).check("right@clinic.test", PASSWORD)
    assert "doesn't match any name" in caplog.text
    assert DOUBLE in caplog.text
