"""Real directories on loopback, and bad servers in their place."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pacs_settings.adapters import ldap_directory
from pacs_settings.core.tables import Domain
from tests.adapters import people, samba, slapd
from tests.adapters.certificates import Authority
from tests.adapters.faults import Behaviour, Faulty
from tests.conftest import require


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """No test remembers which servers failed in another."""
    ldap_directory._failed_at.clear()
    yield
    ldap_directory._failed_at.clear()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whom the clinic trusts."""
    return Authority(tmp_path_factory.mktemp("clinic"))


def wait_for_port(address: tuple[str, int], process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(address, 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nothing listens at {address}")


def end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(20)


@dataclass(frozen=True)
class Clinic:
    """A running domain controller, and how to change what it knows."""

    address: str
    authority: Authority
    admin: people.Administrator

    def domain(self, **values: Any) -> Domain:
        """How the portal is told to ask it."""
        first: dict[str, Any] = {
            "name": "clinic.test",
            "directory": "ldap",
            "urls": [f"ldaps://{self.address}"],
            "base_dn": samba.BASE,
            "ca_file": str(self.authority.file),
        }
        return Domain(**(first | values))


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Clinic]:
    """Active Directory with its people; its ports are fixed, so its address is its own."""
    require(samba.missing())
    folder = tmp_path_factory.mktemp("samba")
    address = f"127.77.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
    process = samba.start(folder, authority, address)
    try:
        wait_for_port((address, 636), process)
        admin = people.Administrator(address, str(authority.file))
        people.populate(admin)
        samba.age_password(folder, people.dn("expired"))
        yield Clinic(address, authority, admin)
    finally:
        end(process)


@pytest.fixture(scope="session")
def practice(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> Iterator[slapd.Slapd]:
    """OpenLDAP with few people, whom nobody changes."""
    with _slapd(tmp_path_factory.mktemp("slapd"), authority) as running:
        yield running


@pytest.fixture
def changing_practice(tmp_path: Path, authority: Authority) -> Iterator[slapd.Slapd]:
    """The same for one test, which may change it."""
    with _slapd(tmp_path, authority) as running:
        yield running


@contextmanager
def _slapd(folder: Path, authority: Authority) -> Iterator[slapd.Slapd]:
    require(slapd.missing())
    running = slapd.start(folder, authority)
    try:
        for url in (running.plain, running.encrypted):
            host, _, port = url.partition("://")[2].partition(":")
            wait_for_port((host, int(port)), running.process)
        yield running
    finally:
        end(running.process)


@pytest.fixture
def faulty() -> Iterator[Callable[[Behaviour], Faulty]]:
    """Makes servers that behave badly, and ends them."""
    made: list[Faulty] = []

    def make(behave: Behaviour) -> Faulty:
        made.append(Faulty(behave))
        return made[-1]

    yield make
    for server in made:
        server.close()
