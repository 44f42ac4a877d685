"""Sources and the ways they speak to us; who a message comes from."""

import json
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import audit, secrets
from pacs_settings.core.accounts.numbers import NumberKind
from pacs_settings.core.clock import now
from pacs_settings.core.db import holding, reading, transaction, writing
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Source, SourceToken

PURPOSE = "orthanc"
OVERLAP = timedelta(hours=24)  # for which a token that was replaced still works
THIS_MACHINE = ("127.0.0.0/8", "::1/128")
_TABLE: sa.Table = Source.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Archive:
    """An Orthanc to follow: from which change on, and how to sign in there."""

    source_id: int
    name: str
    url: str
    user: str
    password: str
    cursor: int | None


@dataclass(frozen=True)
class Ways:
    """What the service desk says of a source; None leaves a value as it is."""

    orthanc_url: str | None = None
    orthanc_login: str | None = None
    hl7_application: str | None = None
    hl7_facility: str | None = None
    hl7_addresses: list[str] | None = None
    number_kinds: list[str] | None = None
    preliminary: bool | None = None
    return_archive: bool | None = None
    result_address: str | None = None
    result_tls: bool | None = None


@dataclass(frozen=True)
class Destination:
    """Where reports go back to: an archive or none, an HL7 receiver or none (no host)."""

    source_id: int
    name: str
    archive: Archive | None
    hl7_application: str
    hl7_facility: str
    host: str
    port: int
    tls: bool


def destination(source_id: int) -> Destination | None:
    """Where reports of a source go back to; None where there is no such source."""
    with reading() as db:
        row = db.get(Source, source_id)
    return _destination(row) if row else None


def _destination(row: Source) -> Destination:
    archive = _archive(row) if row.return_archive and row.orthanc_url else None
    return Destination(
        source_id=row.id or 0,
        name=row.name,
        archive=archive,
        hl7_application=row.hl7_application,
        hl7_facility=row.hl7_facility,
        host=row.result_host,
        port=row.result_port,
        tls=row.result_tls,
    )


def archives() -> list[Archive]:
    """All sources whose Orthanc is followed."""
    query = select(Source).where(Source.orthanc_url != "").order_by(col(Source.id))
    with reading() as db:
        return [_archive(row) for row in db.exec(query)]


def _archive(row: Source) -> Archive:
    login = secrets.unseal(PURPOSE, row.sealed_orthanc_login) if row.sealed_orthanc_login else ":"
    user, _, password = login.partition(":")
    return Archive(row.id or 0, row.name, row.orthanc_url, user, password, row.orthanc_cursor)


def of_hl7(application: str, facility: str, address: str) -> int | None:
    """The source that MSH-3, MSH-4 and the sender's address belong to; None where there is none."""
    query = select(Source).where(
        Source.hl7_application == application, Source.hl7_facility == facility
    )
    with reading() as db:
        rows = db.exec(query).all() if application or facility else []
    return next((row.id for row in rows if _from_there(row, address)), None)


def of_token(token: str) -> int | None:
    """The source that a bearer token belongs to; None where it is not valid (any more)."""
    query = select(SourceToken.source_id).where(
        SourceToken.token_hash == secrets.fingerprint(token),
        sa.or_(col(SourceToken.expires_at).is_(None), col(SourceToken.expires_at) > now()),
    )
    with reading() as db:
        return db.exec(query).one_or_none()


def note(source_id: int, problem: str = "", **values: Any) -> None:
    """Keep that a source was heard of, or why it could not be."""
    told = {"problem": problem[:200]} if problem else {"problem": "", "seen_at": now()}
    with transaction() as db:
        db.execute(sa.update(_TABLE).where(_TABLE.c.id == source_id).values(**told, **values))


def put(name: str, ways: Ways) -> None:
    """Make or change a source; raises Refused `source_*` with what is wrong."""
    with writing() as db:
        row = _find(db, name) or Source(name=_name(name))
        changes = _changes(ways)
        before = {key: getattr(row, key) for key in changes if not key.startswith("sealed")}
        if before.get("orthanc_url") != changes.get("orthanc_url"):
            row.orthanc_cursor = None
        for key, value in changes.items():
            setattr(row, key, value)
        db.add(row)
        db.flush()
        told = {key: value for key, value in changes.items() if not key.startswith("sealed")}
        audit.record(db, None, "source:changed", before, {"source": row.id, **told})


def new_token(name: str) -> str:
    """A new bearer token, told only now; those before it work for another day.

    Raises Refused `source_unknown`.
    """
    token = secrets.new_token()
    with writing() as db:
        row = _find(db, name)
        if row is None:
            raise Refused("source_unknown", "name")
        former = sa.and_(
            col(SourceToken.source_id) == row.id, col(SourceToken.expires_at).is_(None)
        )
        db.execute(sa.update(SourceToken).where(former).values(expires_at=now() + OVERLAP))
        over = col(SourceToken.expires_at) < now()
        db.execute(sa.delete(SourceToken).where(over))
        db.add(SourceToken(token_hash=secrets.fingerprint(token), source_id=row.id or 0))
        audit.record(db, None, "source:token:made", after={"source": row.id})
    return token


def _find(db: Session, name: str) -> Source | None:
    return db.exec(holding(select(Source).where(Source.name == name))).one_or_none()


def _name(typed: str) -> str:
    name = " ".join(typed.split())
    if not 1 <= len(name) <= 120 or not name.isprintable():
        raise Refused("source_name", "name")
    return name


def _changes(ways: Ways) -> dict[str, Any]:
    given = {key: value for key, value in vars(ways).items() if value is not None}
    if "orthanc_login" in given:
        login = given.pop("orthanc_login")
        given["sealed_orthanc_login"] = secrets.seal(PURPOSE, login) if login else ""
    if "result_address" in given:
        address = _host_and_port(given.pop("result_address"))
        given["result_host"], given["result_port"] = address
    if given.get("orthanc_url"):
        given["orthanc_url"] = _url(given["orthanc_url"])
    for address in given.get("hl7_addresses", []):
        _network(address)
    for kind in given.get("number_kinds", []):
        if kind not in list(NumberKind):
            raise Refused("source_kind", "number_kinds", kinds=", ".join(NumberKind))
    return given


def _url(typed: str) -> str:
    try:
        address = urlsplit(typed)
        fit = address.scheme in ("http", "https") and address.hostname and address.port != 0
    except ValueError:  # also a port beyond all ports
        fit = False
    if not fit or "@" in typed or "?" in typed or "#" in typed or not typed.isprintable():
        raise Refused("source_url", "orthanc_url")
    return typed.rstrip("/")


def _host_and_port(typed: str) -> tuple[str, int]:
    """Of `host:port`, or `[address]:port` of IPv6; empty for none."""
    if not typed:
        return "", 0
    try:
        address = urlsplit(f"//{typed}")
        host, port = address.hostname or "", address.port or 0
    except ValueError:
        host, port = "", 0
    plain = typed.isascii() and typed.isprintable() and not set(typed) & set("@/?# ")
    if not host or not port or not plain or len(host) > 255:
        raise Refused("source_result", "result_address")
    return host, port


def _network(typed: str) -> str:
    try:
        return str(ip_network(typed))
    except ValueError:
        raise Refused("source_address", "hl7_addresses", address=json.dumps(typed)) from None


def _from_there(row: Source, address: str) -> bool:
    try:
        sender = ip_address(address)
    except ValueError:
        return False
    sender = getattr(sender, "ipv4_mapped", None) or sender
    return any(sender in ip_network(net) for net in row.hl7_addresses or THIS_MACHINE)
