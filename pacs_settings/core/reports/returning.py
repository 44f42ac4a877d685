"""The way back of validated reports to their source: what leaves, and where it is.

A version goes back under names that are made of it alone, so that a repetition is known as one: the
SOPInstanceUID of the archive's instance, and MSH-10 of the message.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import NAMESPACE_OID, uuid5

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import audit, outbox, ports
from pacs_settings.core.clock import now
from pacs_settings.core.db import reading, transaction, writing
from pacs_settings.core.outbox import RETURNS, Channel
from pacs_settings.core.quick import insert_unless_there
from pacs_settings.core.reports.document import ReportDocument
from pacs_settings.core.studies import sources
from pacs_settings.core.studies.sources import Destination
from pacs_settings.core.tables import OutboxMessage, ReportPdf, Source

Compose = Callable[[int], ReportDocument]  # of a version; raises LookupError
Make = Callable[[ReportDocument], bytes]  # its sealed PDF; raises Away, ValueError
_PDFS: sa.Table = ReportPdf.__table__  # type: ignore[attr-defined]
_OUTBOX: sa.Table = OutboxMessage.__table__  # type: ignore[attr-defined]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sealed:
    """The sealed PDF of a version, its SHA-256 in hexadecimal and when it was made."""

    pdf: bytes
    sha256: str
    at: datetime


@dataclass(frozen=True)
class Outgoing:
    """All that is told to a source of one version of a report."""

    to: Destination
    report_id: int
    version_id: int
    document: ReportDocument
    sealed: Sealed

    @property
    def instance_uid(self) -> str:
        """SOPInstanceUID of these very bytes (DICOM PS3.5, B.2)."""
        return _uid("instance", self.version_id, self.sealed.sha256)

    @property
    def series_uid(self) -> str:
        """SeriesInstanceUID of a report: its versions are in one series."""
        return _uid("series", self.report_id, self.document.study.study_instance_uid)

    @property
    def control_id(self) -> str:
        """MSH-10; twenty characters at most."""
        return f"R{self.version_id}-{self.sealed.sha256[:8]}"


class Way(Protocol):
    """A way back; raises Away, NotAccepted, OSError."""

    def __call__(self, outgoing: Outgoing) -> None:
        """Hand over a version."""


class State(StrEnum):
    """How far a version is on a way."""

    SENT = "sent"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True)
class Where:
    """How far a version is on one way; since when, and why it is not there."""

    channel: Channel
    source: str
    state: State
    at: datetime
    problem: str = ""
    tries: int = 0
    version_id: int = 0


def put(db: Session, account_id: int, source_id: int, report_id: int, version_id: int) -> None:
    """Have a validated version go back on the ways that its source has; once, however often."""
    source = db.get_one(Source, source_id)
    values = {"report": report_id, "version": version_id}
    if source.return_archive and source.orthanc_url:
        outbox.put_return(db, Channel.ARCHIVE, account_id, source_id, values)
    if source.result_host:
        outbox.put_return(db, Channel.RESULT, account_id, source_id, values)


def sealed_pdf(version_id: int, compose: Compose, make: Make) -> Sealed:
    """The one PDF of a version, made by whoever needs it first; raises as those two do."""
    return _kept(version_id) or _keep(version_id, make(compose(version_id)))


def _kept(version_id: int) -> Sealed | None:
    with reading() as db:
        row = db.get(ReportPdf, version_id)
    return Sealed(row.pdf, row.sha256, row.sealed_at) if row else None


def _keep(version_id: int, pdf: bytes) -> Sealed:
    made = Sealed(pdf, hashlib.sha256(pdf).hexdigest(), now())
    row = {"version_id": version_id, "pdf": pdf, "sha256": made.sha256, "sealed_at": made.at}
    with transaction() as db:
        insert_unless_there(db, _PDFS, row)
    return _kept(version_id) or made  # another process may have been first


def set_up(compose: Compose, make: Make, ways: dict[Channel, Way]) -> None:
    """Let delivery send what `put` has written."""
    for channel, way in ways.items():
        ports.returns[channel] = _handing_over(channel, compose, make, way)


def _handing_over(
    channel: Channel, compose: Compose, make: Make, way: Way
) -> Callable[[Any], None]:
    def hand_over(row: Any) -> None:
        report_id, version_id = row.values["report"], row.values["version"]
        to = sources.destination(int(row.to))
        if to is None or not (to.archive if channel == Channel.ARCHIVE else to.host):
            raise ports.NotAccepted("the source has no such way any more", final=True)
        document = compose(version_id)
        sealed = sealed_pdf(version_id, lambda _: document, make)
        way(Outgoing(to, report_id, version_id, document, sealed))

    return hand_over


def where(version_id: int) -> list[Where]:
    """How far a version is on each of its ways; empty where it has none."""
    names = [outbox.return_name(channel, version_id) for channel in RETURNS]
    return _found(col(OutboxMessage.message_id).in_(names))


def not_there() -> list[Where]:
    """All that waits after a failure or is given up, for the service desk; oldest first."""
    mine = col(OutboxMessage.channel).in_(RETURNS)
    return _found(sa.and_(mine, col(OutboxMessage.sent_at).is_(None), col(OutboxMessage.tries) > 0))


def again(version_id: int) -> int:
    """Try anew what was given up of a version; how many ways."""
    names = [outbox.return_name(channel, version_id) for channel in RETURNS]
    given_up = sa.and_(
        _OUTBOX.c.message_id.in_(names), _OUTBOX.c.sent_at.is_(None), _OUTBOX.c.next_try.is_(None)
    )
    with writing() as db:
        changed = db.execute(sa.update(_OUTBOX).where(given_up).values(tries=0, next_try=now()))
        count = int(changed.rowcount)  # type: ignore[attr-defined]
        if count:
            audit.record(db, None, "report:return:again", after={"version": version_id})
    return count


def _found(which: sa.ColumnElement[bool]) -> list[Where]:
    query = select(OutboxMessage).where(which).order_by(col(OutboxMessage.id))
    with reading() as db:
        rows = db.exec(query).all()
        names = {row.id: row.name for row in db.exec(select(Source))} if rows else {}
    return [_where(row, names.get(int(row.to), "")) for row in rows]


def _where(row: OutboxMessage, source: str) -> Where:
    channel, version = Channel(row.channel), int(row.values["version"])
    if row.sent_at:
        return Where(channel, source, State.SENT, row.sent_at, version_id=version)
    state = State.WAITING if row.next_try else State.FAILED
    return Where(channel, source, state, row.created_at, row.problem, row.tries, version)


def _uid(*parts: object) -> str:
    return f"2.25.{uuid5(NAMESPACE_OID, ':'.join(map(str, ('pacs-settings', *parts)))).int}"
