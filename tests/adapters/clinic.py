"""One Active Directory a process, for whatever asks it: adapters and journeys."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from pacs_settings.core.tables import Domain
from tests.adapters import people, samba
from tests.adapters.certificates import Authority
from tests.conftest import require


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
