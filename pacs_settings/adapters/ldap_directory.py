"""Active Directory, or another directory that speaks LDAP; only ever inside verified TLS."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import NoReturn, TypeVar

from ldap3 import Connection
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from pacs_settings.adapters.ldap_connection import (
    Entry,
    NoAnswer,
    bind,
    connected,
    entries,
    search,
)
from pacs_settings.adapters.ldap_leavers import GUIDS, guid_of, leavers
from pacs_settings.core import secrets
from pacs_settings.core.ports import DirectoryRefused, Identity
from pacs_settings.core.tables import Domain

LONGEST = 1024  # characters of a password; more is not sent on
ASIDE = 60.0  # seconds for which a server that failed is asked after the others
LONGEST_WAIT = 30  # seconds for one server, whatever the domain says
FIRST_NAME, LAST_NAME, MOBILE = "givenName", "sn", "mobile"

T = TypeVar("T")
logger = logging.getLogger(__name__)
_failed_at: dict[str, float] = {}


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
        return self._of_one(lambda connection: self._ask(connection, username, secret))

    def gone(self, guids: Iterable[str]) -> set[str]:
        """Ask as the service account, within the same time; without one nobody can tell."""
        people = set(guids)
        if not self.domain.bind_as:
            raise DirectoryRefused("unreachable")
        return self._of_one(lambda connection: self._look(connection, people)) if people else set()

    def _of_one(self, ask: Callable[[Connection], T]) -> T:
        longest = min(self.domain.timeout_seconds, LONGEST_WAIT)
        ends = monotonic() + 2 * longest
        for url in _best_first(self.domain.urls):
            left = min(ends - monotonic(), longest)
            if left > 0 and (answer := self._try(url, left, ask)) is not None:
                return answer
        raise DirectoryRefused("unreachable")

    def _try(self, url: str, seconds: float, ask: Callable[[Connection], T]) -> T | None:
        try:
            with connected(self.domain, url, seconds) as connection:
                answer = ask(connection)
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
        return answer

    def _ask(self, connection: Connection, username: str, secret: bytes) -> Identity:
        if self.domain.bind_as:
            self._bind_service(connection)
        else:
            bind(connection, username, secret)
        entry = self._find(connection, username)
        if entry is None:
            self._not_found(connection, secret)
        # Also after a direct bind: it proves that the entry found is the one that was bound.
        bind(connection, entry["dn"], secret)
        names = (_text(entry, name) for name in (FIRST_NAME, LAST_NAME, MOBILE))
        return Identity(guid_of(entry), *names)

    def _look(self, connection: Connection, people: set[str]) -> set[str]:
        self._bind_service(connection)
        return leavers(connection, self.domain.base_dn, people)

    def _bind_service(self, connection: Connection) -> None:
        password = secrets.unseal("directory", self.domain.sealed_bind_password)
        if not password:
            raise NoAnswer("the service account has no password")
        try:
            bind(connection, self.domain.bind_as, password.encode())
        except DirectoryRefused as refused:
            raise NoAnswer(f"the service account is refused: {refused.reason}") from None

    def _not_found(self, connection: Connection, secret: bytes) -> NoReturn:
        if not self.domain.bind_as:
            raise NoAnswer("the password is right, but nobody of this name is below the base")
        # Somebody unknown costs a bind too, so that time does not tell who is known.
        nobody = escape_rdn(secrets.new_id())
        bind(connection, f"CN={nobody},{self.domain.base_dn}", secret)
        raise DirectoryRefused("wrong")

    def _find(self, connection: Connection, username: str) -> Entry | None:
        for attribute, value in self._names(username):
            filter = f"({attribute}={escape_filter_chars(value)})"
            found = self._search(connection, filter)
            if len(found) > 1:
                logger.warning("directory %s: several have one %s", self.domain.name, attribute)
                return None
            if found:
                return found[0]
        return None

    def _search(self, connection: Connection, filter: str) -> list[Entry]:
        wanted = [*GUIDS, FIRST_NAME, LAST_NAME, MOBILE]
        return entries(search(connection, self.domain.base_dn, filter, wanted, at_most=2))

    def _names(self, username: str) -> Iterator[tuple[str, str]]:
        yield "userPrincipalName", username
        local, _, realm = username.rpartition("@")
        # Everybody is account@realm to Active Directory, whatever else their principal name is.
        # In another mail domain the part before the @ may be somebody else's account.
        labels = re.findall(r"dc=([^,]+)", self.domain.base_dn, re.IGNORECASE)
        if realm.lower() == ".".join(labels).lower():
            yield "sAMAccountName", local
        yield "mail", username


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


def _text(entry: Entry, name: str) -> str:
    values = entry["raw_attributes"].get(name)
    return " ".join(values[0].decode(errors="replace").split()) if values else ""
