"""Active Directory, or another directory that speaks LDAP; only ever inside verified TLS."""

import logging
import re
import socket
import ssl
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any, NoReturn
from urllib.parse import urlsplit

from ldap3 import NONE, SIMPLE, Connection, Server, Tls
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from pacs_settings.core import secrets
from pacs_settings.core.ports import DirectoryRefused, Identity, Reason
from pacs_settings.core.tables import Domain

LONGEST = 1024  # characters of a password; more is not sent on
ASIDE = 60.0  # seconds for which a server that failed is asked after the others
SUCCESS, SIZE_LIMIT_EXCEEDED, INVALID_CREDENTIALS = 0, 4, 49
GUIDS = ["objectGUID", "entryUUID"]

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

logger = logging.getLogger(__name__)
_failed_at: dict[str, float] = {}


class NoAnswer(Exception):
    """This server could not check a password; another one might."""


class LdapDirectory:
    """A Directory of one or more servers; `ldaps://`, or `ldap://` with StartTLS."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain

    def check(self, username: str, password: str) -> Identity:
        """Ask one server after the other, at most twice the domain's time-out in all."""
        secret = _to_send(password)
        # A bind without a password succeeds: RFC 4513 calls it unauthenticated (section 5.1.2).
        if not secret or not username or not username.isprintable():
            raise DirectoryRefused("wrong")
        ends = monotonic() + 2 * self.domain.timeout_seconds
        for url in _best_first(self.domain.urls):
            left = min(ends - monotonic(), self.domain.timeout_seconds)
            if left > 0 and (identity := self._try(url, left, username, secret)):
                return identity
        raise DirectoryRefused("unreachable")

    def _try(self, url: str, seconds: float, username: str, secret: bytes) -> Identity | None:
        try:
            identity = self._ask(url, seconds, username, secret)
        except DirectoryRefused:
            _failed_at.pop(url, None)
            raise
        except Exception as failure:
            # Whatever goes wrong on the way, here or in ldap3, lets nobody in and goes no further.
            _failed_at[url] = monotonic()
            kind = type(failure).__name__
            logger.warning("directory %s at %s: %s %s", self.domain.name, url, kind, failure)
            return None
        _failed_at.pop(url, None)
        return identity

    def _ask(self, url: str, seconds: float, username: str, secret: bytes) -> Identity:
        with self._connected(url, seconds) as connection:
            if self.domain.bind_as:
                self._bind_service(connection)
            else:
                _bind(connection, username, secret)
            entry = self._find(connection, username)
            if entry is None:
                self._not_found(connection, secret)
            # Also after a direct bind: it proves that the entry found is the one that was bound.
            _bind(connection, entry["dn"], secret)
            return Identity(_guid(entry))

    def _bind_service(self, connection: Connection) -> None:
        password = secrets.unseal("directory", self.domain.sealed_bind_password)
        if not password:
            raise NoAnswer("the service account has no password")
        try:
            _bind(connection, self.domain.bind_as, password.encode())
        except DirectoryRefused as refused:
            raise NoAnswer(f"the service account is refused: {refused.reason}") from None

    def _not_found(self, connection: Connection, secret: bytes) -> NoReturn:
        if not self.domain.bind_as:
            raise NoAnswer("the password is right, but nobody of this name is below the base")
        # Somebody unknown costs a bind too, so that time does not tell who is known.
        nobody = escape_rdn(secrets.new_id())
        _bind(connection, f"CN={nobody},{self.domain.base_dn}", secret)
        raise DirectoryRefused("wrong")

    def _find(self, connection: Connection, username: str) -> dict[str, Any] | None:
        for attribute, value in self._names(username):
            filter = f"({attribute}={escape_filter_chars(value)})"
            found = _search(connection, self.domain.base_dn, filter)
            if len(found) > 1:
                logger.warning("directory %s: several have one %s", self.domain.name, attribute)
                return None
            if found:
                return found[0]
        return None

    def _names(self, username: str) -> Iterator[tuple[str, str]]:
        yield "userPrincipalName", username
        local, _, realm = username.rpartition("@")
        # Everybody is account@realm to Active Directory, whatever else their principal name is.
        # In another mail domain the part before the @ may be somebody else's account.
        labels = re.findall(r"dc=([^,]+)", self.domain.base_dn, re.IGNORECASE)
        if realm.lower() == ".".join(labels).lower():
            yield "sAMAccountName", local
        yield "mail", username

    @contextmanager
    def _connected(self, url: str, seconds: float) -> Iterator[Connection]:
        connection = self._prepare(url, seconds)
        # ldap3's time-outs begin again with every byte; this one does not.
        watch = threading.Timer(seconds, _hang_up, [connection])
        watch.daemon = True
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
            watch.cancel()
            _close(connection)

    def _prepare(self, url: str, seconds: float) -> Connection:
        address = urlsplit(url)
        encrypted = address.scheme == "ldaps"
        if not encrypted and not (address.scheme == "ldap" and self.domain.start_tls):
            raise NoAnswer("neither ldaps:// nor ldap:// with StartTLS")
        server = Server(
            address.hostname,
            port=address.port or (636 if encrypted else 389),
            use_ssl=encrypted,
            tls=Tls(
                validate=ssl.CERT_REQUIRED,
                ca_certs_file=self.domain.ca_file or None,
                sni=address.hostname,
            ),
            get_info=NONE,
            connect_timeout=seconds,
        )
        return Connection(
            server,
            check_names=False,  # else ldap3 reads principal names as distinguished names
            auto_referrals=False,  # another server would be sent the password
            receive_timeout=max(1, round(seconds)),  # whole seconds only
        )


def _best_first(urls: list[str]) -> list[str]:
    """The servers in their order, but those that failed lately after the others."""
    lately = monotonic() - ASIDE
    return sorted(urls, key=lambda url: _failed_at.get(url, lately) > lately)


def _to_send(password: str) -> bytes:
    """What to bind with; empty where nobody's password can look like this."""
    # A NUL ends a password for servers written in C, at worst before its first character.
    if len(password) > LONGEST or "\0" in password:
        return b""
    try:
        # Bytes go out as they are; of a str ldap3 drops characters (SASLprep), down to none.
        return password.encode()
    except UnicodeEncodeError:  # half a character, at which a server may hang up
        return b""


def _bind(connection: Connection, name: str, secret: bytes) -> None:
    connection.rebind(name, secret, authentication=SIMPLE, read_server_info=False)
    code = connection.result["result"]
    if code == INVALID_CREDENTIALS:
        told = re.search(r"\bdata ([0-9a-f]+)\b", connection.result["message"])
        raise DirectoryRefused(ANSWERS.get(told[1], "wrong") if told else "wrong")
    if code != SUCCESS:
        raise NoAnswer(f"bind: {connection.result['description']}")


def _search(connection: Connection, base: str, filter: str) -> list[dict[str, Any]]:
    connection.search(base, filter, attributes=GUIDS, size_limit=2)
    if connection.result["result"] not in (SUCCESS, SIZE_LIMIT_EXCEEDED):
        raise NoAnswer(f"search: {connection.result['description']}")
    # A domain controller also answers with references to other parts of its forest.
    return [entry for entry in connection.response if entry["type"] == "searchResEntry"]


def _guid(entry: dict[str, Any]) -> str:
    raw = entry["raw_attributes"]
    if raw.get("objectGUID"):
        return str(uuid.UUID(bytes_le=raw["objectGUID"][0]))
    if raw.get("entryUUID"):
        return str(uuid.UUID(raw["entryUUID"][0].decode()))
    raise NoAnswer("neither objectGUID nor entryUUID may be read")


def _hang_up(connection: Connection) -> None:
    with suppress(Exception):
        connection.socket.shutdown(socket.SHUT_RDWR)


def _close(connection: Connection) -> None:
    with suppress(Exception):
        connection.unbind()
    with suppress(Exception):  # where it never was quite open
        connection.socket.close()
