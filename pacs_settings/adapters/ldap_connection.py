"""One connection with a directory's server: verified TLS before anything else, bounded time."""

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from ldap3 import NONE, SIMPLE, SUBTREE, Connection, Server, Tls

from pacs_settings.adapters import host_names
from pacs_settings.core.ports import DirectoryRefused, Reason
from pacs_settings.core.tables import Domain

SUCCESS, SIZE_LIMIT_EXCEEDED, INVALID_CREDENTIALS = 0, 4, 49

# What Active Directory adds to result 49 is a Windows error code in hexadecimal. All but 52e
# (wrong), 525 (nobody of this name) and 775 (locked) take the right password to be told.
ANSWERS: dict[str, Reason] = {
    "530": "logon_hours",
    "531": "workstation",
    "532": "expired",
    "533": "disabled",
    "701": "account_expired",
    "773": "must_change",
    "775": "locked",
}

Entry = dict[str, Any]


class NoAnswer(Exception):
    """This server could not say; another one might."""


class _Server(Server):
    """A server whose addresses are known: ldap3 would look them up without a limit of time."""

    def __init__(self, addresses: list[Any], **values: Any) -> None:
        super().__init__(**values)
        # Behind each, what ldap3 notes down of it: whether it was there, and when.
        self._addresses = [[*address, None, None] for address in addresses]

    @property
    def address_info(self) -> list[list[Any]]:
        """The addresses, in the order in which they are tried."""
        return self._addresses


class _Tls(Tls):
    """TLS that can be hung up on while it begins, when ldap3 holds no socket of use."""

    line: socket.socket | None = None

    def wrap_socket(self, connection: Connection, do_handshake: bool = False) -> None:
        """Keep a second handle of the socket, then begin."""
        self.line = connection.socket.dup()
        super().wrap_socket(connection, do_handshake)


@contextmanager
def connected(domain: Domain, url: str, seconds: float) -> Iterator[Connection]:
    """A connection inside TLS; cut after so many seconds, whatever it is doing by then."""
    ends = monotonic() + seconds
    connection = _prepare(domain, url, ends)
    over = threading.Event()
    # ldap3's time-outs begin again with every byte and every address; this one does not.
    watch = threading.Thread(target=_cut, args=[connection, over, ends], daemon=True)
    watch.start()
    try:
        connection.open(read_server_info=False)
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not connection.server.ssl:
            connection.start_tls(read_server_info=False)
        if not isinstance(connection.socket, ssl.SSLSocket):
            raise NoAnswer("TLS did not begin")
        yield connection
    finally:
        over.set()
        _close(connection)


def bind(connection: Connection, name: str, secret: bytes) -> None:
    """Say who asks; raises DirectoryRefused where the password is not right."""
    connection.rebind(name, secret, authentication=SIMPLE, read_server_info=False)
    code = connection.result["result"]
    if code == INVALID_CREDENTIALS:
        told = re.search(r"\bdata ([0-9a-f]+)\b", connection.result["message"])
        raise DirectoryRefused(ANSWERS.get(told[1], "wrong") if told else "wrong")
    if code != SUCCESS:
        raise NoAnswer(f"bind: {connection.result['description']}")


def search(
    connection: Connection,
    base: str,
    filter: str,
    attributes: list[str],
    *,
    at_most: int = 0,
    scope: str = SUBTREE,
    controls: list[tuple[str, bool, None]] | None = None,
) -> list[Entry]:
    """All that fits, or `at_most` so many; raises NoAnswer unless that is sure to be all.

    Besides entries (`searchResEntry`) there may be references to other servers.
    """
    limit = {"size_limit": at_most, "search_scope": scope, "controls": controls}
    connection.search(base, filter, attributes=attributes, **limit)
    well = (SUCCESS, SIZE_LIMIT_EXCEEDED) if at_most else (SUCCESS,)
    if connection.result["result"] not in well:
        raise NoAnswer(f"search: {connection.result['description']}")
    return list(connection.response)


def entries(answers: list[Entry]) -> list[Entry]:
    """The entries of an answer: a domain controller also refers to other parts of its forest."""
    return [answer for answer in answers if answer["type"] == "searchResEntry"]


def _prepare(domain: Domain, url: str, ends: float) -> Connection:
    encrypted, host, port = _parts(domain, url)
    addresses = host_names.look_up(host, port, ends - monotonic())
    left = max(0.1, ends - monotonic())
    server = _Server(
        addresses,
        host=host,
        port=port,
        use_ssl=encrypted,
        tls=_Tls(
            validate=ssl.CERT_REQUIRED,
            ca_certs_file=domain.ca_file or None,
            sni=host,
        ),
        get_info=NONE,
        connect_timeout=left / len(addresses),  # an address that is dead leaves time for the next
    )
    return Connection(
        server,
        check_names=False,  # else ldap3 reads principal names as distinguished names
        auto_referrals=False,  # another server would be sent the password
        receive_timeout=max(1, round(left)),  # whole seconds only
    )


def _parts(domain: Domain, url: str) -> tuple[bool, str, int]:
    address = urlsplit(url)
    encrypted = address.scheme == "ldaps"
    if not encrypted and not (address.scheme == "ldap" and domain.start_tls):
        raise NoAnswer("neither ldaps:// nor ldap:// with StartTLS")
    if not address.hostname:
        raise NoAnswer("no name of a server")
    return encrypted, address.hostname, address.port or (636 if encrypted else 389)


def _cut(connection: Connection, over: threading.Event, ends: float) -> None:
    # Once more every tenth of a second: it may be just between two sockets.
    while not over.wait(max(0.1, ends - monotonic())):
        for line in (connection.socket, connection.server.tls.line):
            with suppress(Exception):
                line.shutdown(socket.SHUT_RDWR)


def _close(connection: Connection) -> None:
    with suppress(Exception):
        connection.unbind()
    for line in (connection.socket, connection.server.tls.line):
        with suppress(Exception):  # where it never was quite open
            line.close()
