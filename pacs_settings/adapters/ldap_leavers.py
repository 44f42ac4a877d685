"""Who of a directory's people has left it; what is not quite clear counts as no answer."""

import logging
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from ldap3 import BASE, Connection

from pacs_settings.adapters.ldap_connection import Entry, NoAnswer, entries, search
from pacs_settings.core.clock import now

GUIDS = ["objectGUID", "entryUUID"]
STANDING = ["userAccountControl", "accountExpires"]
BATCH = 100  # people in one question; Active Directory answers with 1,000 entries at most
DISABLED = 2  # ADS_UF_ACCOUNTDISABLE
NEVER = (0, 2**63 - 1)
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)

# LDAP_SERVER_DOMAIN_SCOPE: else a domain controller refers to the rest of its forest in every
# answer. Other directories refer to another server only where people may really be there.
HERE_ONLY = [("1.2.840.113556.1.4.1339", False, None)]

logger = logging.getLogger(__name__)


def guid_of(entry: Entry) -> str:
    """Who an entry is, whatever its name is by now; raises NoAnswer where that may not be read."""
    raw = entry["raw_attributes"]
    if raw.get("objectGUID"):
        return str(uuid.UUID(bytes_le=raw["objectGUID"][0]))
    if raw.get("entryUUID"):
        return str(uuid.UUID(raw["entryUUID"][0].decode()))
    raise NoAnswer("neither objectGUID nor entryUUID may be read")


def leavers(connection: Connection, base: str, guids: Iterable[str]) -> set[str]:
    """Of these people, those who are disabled, expired or not there any more."""
    asked = _readable(guids)
    key = _key(connection, base)
    found = {
        guid_of(entry): entry
        for batch in _batches(asked)
        for entry in _of_batch(connection, base, key, batch)
    }
    if asked and not found:
        _see_anybody(connection, base, key)
    _complain(key, list(found.values()))
    gone = {guid for guid, entry in found.items() if _may_not_sign_in(entry)}
    return {given for guid, given in asked.items() if guid in gone or guid not in found}


def _readable(guids: Iterable[str]) -> dict[str, str]:
    """As the directory writes them, and as they were given; what is no GUID is not asked for."""
    asked = {}
    for given in guids:
        try:
            asked[str(uuid.UUID(given))] = given
        except ValueError:
            logger.warning("an account has a directory_guid that is none")
    return asked


def _batches(asked: Iterable[str]) -> Iterator[list[str]]:
    left = iter(asked)
    while batch := list(islice(left, BATCH)):
        yield batch


def _key(connection: Connection, base: str) -> str:
    """By which attribute people are known here.

    Asked of the base itself: where that may not be read, nobody below it is missing.
    """
    found = entries(search(connection, base, "(objectClass=*)", GUIDS, scope=BASE))
    for name in GUIDS:
        if found and found[0]["raw_attributes"].get(name):
            return name
    raise NoAnswer("the base may not be read")


def _of_batch(connection: Connection, base: str, key: str, guids: list[str]) -> list[Entry]:
    wanted = "".join(f"({key}={_value(key, guid)})" for guid in guids)
    controls = HERE_ONLY if key == "objectGUID" else None
    answers = search(connection, base, f"(|{wanted})", [key, *STANDING], controls=controls)
    found = entries(answers)
    if len(found) < len(guids) and len(found) < len(answers):
        raise NoAnswer("search: another server may know the people who are not here")
    return found


def _value(key: str, guid: str) -> str:
    if key == "entryUUID":
        return guid
    return "".join(f"\\{byte:02x}" for byte in uuid.UUID(guid).bytes_le)


def _see_anybody(connection: Connection, base: str, key: str) -> None:
    # All at once are gone: more likely they are hidden from the service account, or it looks in
    # the wrong place. It may always see itself, so one other must be there.
    filter = f"(&(objectClass=person)({key}=*))"
    if len(entries(search(connection, base, filter, [key], at_most=2))) < 2:
        raise NoAnswer("nobody is to be seen below the base")


def _complain(key: str, found: list[Entry]) -> None:
    unknown = [one for one in found if not one["raw_attributes"].get("userAccountControl")]
    if key == "objectGUID" and unknown:
        logger.warning("userAccountControl of %s people may not be read", len(unknown))


def _may_not_sign_in(entry: Entry) -> bool:
    control, expires = (_number(entry, name) for name in STANDING)
    if control & DISABLED:
        return True
    # In units of 100 ns.
    return expires not in NEVER and expires <= (now() - EPOCH) // timedelta(microseconds=1) * 10


def _number(entry: Entry, name: str) -> int:
    values = entry["raw_attributes"].get(name)
    return int(values[0]) if values else 0
