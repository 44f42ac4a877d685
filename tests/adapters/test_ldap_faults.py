"""Servers that are down, slow or not who they should be: nobody gets in, and nobody waits long."""

import socket
import threading
import time
from collections.abc import Callable

import pytest

from pacs_settings.adapters.ldap_directory import LdapDirectory
from pacs_settings.core import secrets
from pacs_settings.core.ports import DirectoryRefused
from pacs_settings.core.tables import Domain
from tests.adapters import faults
from tests.adapters.certificates import Authority
from tests.adapters.clinic import Clinic
from tests.adapters.faults import Behaviour, Faulty
from tests.adapters.people import PASSWORD
from tests.conftest import free_port
from tests.factories import together

RIGHT = "right@clinic.test"
SLACK = 4.0  # seconds that a busy machine may add
Make = Callable[[Behaviour], Faulty]


def reason(domain: Domain) -> str:
    with pytest.raises(DirectoryRefused) as refused:
        LdapDirectory(domain).check(RIGHT, PASSWORD)
    return refused.value.reason


def domain_at(*urls: str, authority: Authority | None = None, **values: bool) -> Domain:
    """A domain at these servers, with a time-out of one second."""
    ca_file = str(authority.file) if authority else ""
    return Domain(
        name="x", directory="ldap", urls=[*urls], timeout_seconds=1, ca_file=ca_file, **values
    )


@pytest.fixture
def refused() -> str:
    """An address where nothing listens."""
    return f"ldaps://127.0.0.1:{free_port()}"


def test_nothing_listens(refused: str) -> None:
    started = time.monotonic()
    assert reason(domain_at(refused)) == "unreachable"
    assert time.monotonic() - started < SLACK


def test_there_is_no_server_at_all() -> None:
    assert reason(domain_at()) == "unreachable"


@pytest.mark.parametrize("url", ["", "ldaps://", "nonsense", "https://127.0.0.1", "ldaps://x:y"])
def test_an_address_that_is_none(url: str) -> None:
    assert reason(domain_at(url)) == "unreachable"


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
@pytest.mark.parametrize(
    "behave", [faults.silent, faults.closing, faults.half_open, faults.dripping]
)
def test_a_bad_server_takes_bounded_time(faulty: Make, behave: Behaviour, scheme: str) -> None:
    server = faulty(behave)
    started = time.monotonic()
    assert reason(domain_at(server.url(scheme), start_tls=True)) == "unreachable"
    assert time.monotonic() - started < 1 + SLACK
    assert server.heard == 1


def test_a_server_that_is_mute_once_it_is_trusted(faulty: Make, authority: Authority) -> None:
    server = faulty(faults.mute(authority.sign("127.0.0.1")))
    started = time.monotonic()
    assert reason(domain_at(server.url(), authority=authority)) == "unreachable"
    assert time.monotonic() - started < 1 + SLACK


def test_a_server_whose_tls_never_comes_to_an_end(faulty: Make) -> None:
    server = faulty(faults.endless_hello)
    started = time.monotonic()
    assert reason(domain_at(server.url())) == "unreachable"
    assert time.monotonic() - started < 1 + SLACK
    assert server.heard == 1


def test_who_is_gone_is_asked_in_bounded_time_too(
    clinic: Clinic, faulty: Make, authority: Authority
) -> None:
    server = faulty(faults.mute(authority.sign("127.0.0.1")))
    sealed = secrets.seal("directory", PASSWORD)
    domain = clinic.domain(
        urls=[server.url(), faulty(faults.silent).url()],
        timeout_seconds=1,
        bind_as="service@clinic.test",
        sealed_bind_password=sealed,
    )
    started = time.monotonic()
    with pytest.raises(DirectoryRefused) as refused:
        LdapDirectory(domain).gone(["6f1d3a52-0d5c-4c53-9c7e-3f4f6a0b7d11"])
    assert refused.value.reason == "unreachable"
    assert time.monotonic() - started < 2 + SLACK
    domain.urls += clinic.domain().urls
    guid = clinic.admin.guid("right")
    assert LdapDirectory(domain).gone([guid]) == set()


def test_many_silent_servers_take_no_longer_than_two(faulty: Make) -> None:
    servers = [faulty(faults.silent) for _ in range(6)]
    started = time.monotonic()
    assert reason(domain_at(*(server.url() for server in servers))) == "unreachable"
    assert time.monotonic() - started < 2 + SLACK
    assert sum(server.heard for server in servers) <= 3


@pytest.mark.asvs("6.8.2")
def test_a_certificate_for_another_name(
    faulty: Make,
    tmp_path_factory: pytest.TempPathFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    signing = Authority(tmp_path_factory.mktemp("names"))
    server = faulty(faults.mute(signing.sign("127.0.0.2")))
    assert reason(domain_at(server.url(), authority=signing)) == "unreachable"
    assert "doesn't match any name" in caplog.text


def test_a_certificate_of_another_authority(
    clinic: Clinic,
    tmp_path_factory: pytest.TempPathFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = Authority(tmp_path_factory.mktemp("other"))
    assert reason(clinic.domain(ca_file=str(other.file))) == "unreachable"
    assert reason(clinic.domain(ca_file="")) == "unreachable"
    assert caplog.text.count("CERTIFICATE_VERIFY_FAILED") == 2


@pytest.mark.asvs("6.8.2")
def test_plain_ldap_is_never_spoken(faulty: Make) -> None:
    server = faulty(faults.silent)
    assert reason(domain_at(server.url("ldap"))) == "unreachable"
    assert server.heard == 0


def test_start_tls_comes_before_everything(clinic: Clinic) -> None:
    url = f"ldap://{clinic.address}"
    assert reason(clinic.domain(urls=[url])) == "unreachable"
    domain = clinic.domain(urls=[url], start_tls=True)
    assert LdapDirectory(domain).check(RIGHT, PASSWORD).guid


@pytest.mark.asvs("6.8.2")
def test_no_password_leaves_without_tls(faulty: Make, caplog: pytest.LogCaptureFixture) -> None:
    """A server that answers StartTLS with another result than success hears no password."""
    heard: list[bytes] = []

    def unwilling(connection: socket.socket, _over: threading.Event) -> None:
        while asked := connection.recv(4096):
            heard.append(asked)
            number = asked[2 : 4 + asked[3]]
            # ExtendedResponse, result 53: unwillingToPerform
            answer = number + b"\x78\x07\x0a\x01\x35\x04\x00\x04\x00"
            connection.sendall(bytes([0x30, len(answer)]) + answer)

    server = faulty(unwilling)
    assert reason(domain_at(server.url("ldap"), start_tls=True)) == "unreachable"
    server.close()
    assert heard
    assert "unwillingToPerform" in caplog.text
    assert PASSWORD.encode() not in b"".join(heard)


@pytest.mark.parametrize("behave", [faults.silent, faults.closing])
def test_the_next_server_answers(clinic: Clinic, faulty: Make, behave: Behaviour) -> None:
    first = faulty(behave)
    domain = clinic.domain(urls=[first.url(), *clinic.domain().urls], timeout_seconds=1)
    guid = LdapDirectory(domain).check(RIGHT, PASSWORD).guid
    assert guid == LdapDirectory(clinic.domain()).check(RIGHT, PASSWORD).guid
    # Whoever comes next does not wait for the same server.
    LdapDirectory(domain).check(RIGHT, PASSWORD)
    assert first.heard == 1


def test_a_wrong_password_is_asked_of_one_server_only(clinic: Clinic, faulty: Make) -> None:
    second = faulty(faults.silent)
    with pytest.raises(DirectoryRefused) as told:
        domain = clinic.domain(urls=[*clinic.domain().urls, second.url()])
        LdapDirectory(domain).check(RIGHT, "wrong")
    assert told.value.reason == "wrong"
    assert second.heard == 0


def test_threads_and_sockets_do_not_pile_up(faulty: Make) -> None:
    server = faulty(faults.silent)
    before = set(threading.enumerate())
    domain = domain_at(server.url())
    ends = together(*[lambda: LdapDirectory(domain).check(RIGHT, PASSWORD)] * 12)
    assert {getattr(end, "reason", end) for end in ends} == {"unreachable"}
    server.close()
    left = [t for t in set(threading.enumerate()) - before if not t.join(5) and t.is_alive()]
    assert left == []


def test_good_answers_leave_no_thread_either(clinic: Clinic) -> None:
    LdapDirectory(clinic.domain()).check(RIGHT, PASSWORD)
    before = threading.active_count()
    for _ in range(10):
        LdapDirectory(clinic.domain()).check(RIGHT, PASSWORD)
    time.sleep(0.2)
    assert threading.active_count() <= before
