"""Take what a source tells: event, mapping and message in one transaction, or nothing.

Whoever acknowledges to a source does so after `take` has returned.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from pacs_settings.core.clock import now
from pacs_settings.core.db import alone, transaction
from pacs_settings.core.quick import add, insert_and_read, insert_with
from pacs_settings.core.reports import opening
from pacs_settings.core.studies import events, matching, notices
from pacs_settings.core.studies.events import EventRefused, Referrer, StudyEvent
from pacs_settings.core.studies.matching import Holder, Line
from pacs_settings.core.tables import (
    EventRecipient,
    Fate,
    ReceivedEvent,
    ReportStatus,
    Source,
    StudyKind,
)

_EVENTS: sa.Table = ReceivedEvent.__table__  # type: ignore[attr-defined]
_RECIPIENTS: sa.Table = EventRecipient.__table__  # type: ignore[attr-defined]
_SOURCES: sa.Table = Source.__table__  # type: ignore[attr-defined]
RANK = {ReportStatus.PRELIMINARY: 1, ReportStatus.FINAL: 2, ReportStatus.CORRECTED: 3}
# What counts of the source, read by the statement that stores the event.
_TELLER = tuple(
    sa.select(column).where(_SOURCES.c.id == sa.bindparam("teller")).scalar_subquery()
    for column in _SOURCES.c["name", "number_kinds", "preliminary"]
) + (opening.EDITED,)
_STATUSES = sa.select(_EVENTS.c.status).where(
    _EVENTS.c.source_id == sa.bindparam("source"),
    _EVENTS.c.subject == sa.bindparam("subject"),
    _EVENTS.c.kind == StudyKind.REPORT,
)
_TOLD_BEFORE = sa.select(_EVENTS.c.id, _EVENTS.c.digest, _EVENTS.c.message_key).where(
    _EVENTS.c.source_id == sa.bindparam("source"),
    sa.or_(
        _EVENTS.c.key == sa.bindparam("key"), _EVENTS.c.message_key == sa.bindparam("message_key")
    ),
)


@dataclass(frozen=True)
class Teller:
    """What counts of a source when it tells something."""

    id: int
    name: str
    number_kinds: list[str]
    preliminary: bool
    edited: bool


@dataclass(frozen=True)
class Taken:
    """What came of an event: whether it was new, and what for each physician it names."""

    event_id: int
    new: bool
    fates: tuple[Fate, ...] = ()


def take(source_id: int, event: StudyEvent) -> Taken:
    """Take one event; raises EventRefused, also `key_reused` for another event of the same key."""
    [taken] = take_all(source_id, [event])
    return taken


def take_all(
    source_id: int, told: Iterable[StudyEvent], url: str = "", **of_source: Any
) -> list[Taken]:
    """Take events together with what is to be known of their source from now on, or none of it.

    `of_source` are columns of the source, such as how far the changes of the Orthanc at `url` were
    read; raises EventRefused `source_changed` where its Orthanc is another one by now.
    """
    cleaned = [events.clean(event) for event in told]
    with transaction() as db:
        taken = [_take(db, source_id, event) for event in cleaned]
        if of_source:
            _keep(db, source_id, url, of_source)
    return taken


def _keep(db: sa.Connection, source_id: int, url: str, of_source: dict[str, Any]) -> None:
    where = [_SOURCES.c.id == source_id, *([_SOURCES.c.orthanc_url == url] if url else [])]
    if not db.execute(sa.update(_SOURCES).where(*where).values(**of_source)).rowcount:
        raise EventRefused("source_changed")


def _take(db: sa.Connection, source_id: int, event: StudyEvent) -> Taken:
    if event.kind == StudyKind.REPORT:
        # Two states of one report that arrive at once are looked at one after the other.
        alone(db, f"report:{source_id}:{event.subject}")
    stored = _store(db, source_id, event)
    if stored is None:
        return _told_before(db, source_id, event)
    event_id, *told = stored
    source = Teller(source_id, *told)
    if source.edited and event.kind == StudyKind.STUDY:
        opening.open_for(db, source_id, event)
    fate = of_all(db, source, event)
    seen: set[int] = set()
    fates = [
        _deliver(db, source, event, event_id, referrer, fate, seen) for referrer in event.referrers
    ]
    return Taken(event_id, True, tuple(fates))


def _store(db: sa.Connection, source_id: int, event: StudyEvent) -> Any:
    """The event's id and what counts of its source; None where it was told before."""
    row = {
        "source_id": source_id,
        "kind": event.kind,
        "status": event.status,
        "key": event.key,
        "message_key": event.message_key,
        "digest": event.digest,
        "subject": event.subject,
        "study_instance_uid": event.study_instance_uid,
        "accession_number": event.accession_number,
        "patient_initials": event.patient_initials,
        "description": event.description,
        "institution": event.institution,
        "studied_on": event.studied_on,
        "received_at": now(),
    }
    return insert_and_read(db, _EVENTS, row, *_TELLER, teller=source_id)


def _told_before(db: sa.Connection, source_id: int, event: StudyEvent) -> Taken:
    values = {"source": source_id, "key": event.key, "message_key": event.message_key}
    rows = db.execute(_TOLD_BEFORE, values).all()
    for row in rows:
        if event.message_key and row.message_key == event.message_key:
            if row.digest != event.digest:
                raise EventRefused("key_reused")
            return Taken(row.id, False)
    return Taken(rows[0].id, False)


def _superseded(db: sa.Connection, source_id: int, event: StudyEvent) -> bool:
    """Whether a later state of the report was told already."""
    found = db.scalars(_STATUSES, {"source": source_id, "subject": event.subject}).all()
    return any(RANK[ReportStatus(status)] > RANK[event.status] for status in found)


def of_all(db: sa.Connection, source: Any, event: StudyEvent) -> Fate | None:
    """The fate of an event that no switch decides; None where switches do."""
    if event.kind == StudyKind.STUDY:
        return None
    if _superseded(db, source.id, event):
        return Fate.SUPERSEDED
    if event.status == ReportStatus.PRELIMINARY and not source.preliminary:
        return Fate.UNWANTED
    return None


def _deliver(
    db: sa.Connection,
    source: Any,
    event: StudyEvent,
    event_id: int,
    referrer: Referrer,
    fate: Fate | None,
    seen: set[int],
) -> Fate:
    number = matching.read(referrer.number, tuple(source.number_kinds))
    row: dict[str, Any] = {
        "event_id": event_id,
        "number": number.value,
        "stable": number.stable,
        "name_at_source": referrer.name,
    }
    known = matching.holder(db, number, source.id, referrer.name)
    if isinstance(known, Fate):
        return _note(db, row, known)
    line = matching.line(db, known, source.id, referrer.name)
    row |= {"mapping_id": line.id}
    if known.account_id in seen:  # named twice, under another number or name
        return _note(db, row, Fate.REPEATED)
    seen.add(known.account_id)
    row |= {"account_id": known.account_id}
    fate = fate or decide(known, line, event.kind)
    if fate != Fate.MAILED:
        return _note(db, row, fate)
    message = notices.message(known.account_id, line.id, source.name, event)
    insert_with(db, notices.OUTBOX, message, _RECIPIENTS, row | {"fate": fate}, "message_id")
    return fate


def decide(known: Holder, line: Line, kind: StudyKind) -> Fate:
    """Whether an e-mail goes out, by the switch as it stands now."""
    if not known.writes:
        return Fate.NOT_ACTIVE
    on = line.on_study if kind == StudyKind.STUDY else line.on_report
    return Fate.MAILED if on else Fate.SWITCHED_OFF


def _note(db: sa.Connection, row: dict[str, Any], fate: Fate) -> Fate:
    add(db, _RECIPIENTS, row | {"fate": fate})
    return fate
