"""Numbers of sources that nobody has: shown to the service desk, matched once somebody has them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from pacs_settings.core import audit
from pacs_settings.core.accounts import known, numbers
from pacs_settings.core.accounts.numbers import NumberKind, NumberRefused
from pacs_settings.core.clock import now
from pacs_settings.core.db import reading, transaction
from pacs_settings.core.errors import Refused
from pacs_settings.core.studies import intake, matching, notices
from pacs_settings.core.studies.events import StudyEvent
from pacs_settings.core.tables import (
    EventRecipient,
    Fate,
    PhysicianNumber,
    ReceivedEvent,
    ReportStatus,
    Source,
    StudyKind,
)

MAILED_FOR = timedelta(days=7)  # what waited longer is no news: it makes a mapping only
MOST_SHOWN = 200
_RECIPIENTS: sa.Table = EventRecipient.__table__  # type: ignore[attr-defined]
_EVENTS: sa.Table = ReceivedEvent.__table__  # type: ignore[attr-defined]
_SOURCES: sa.Table = Source.__table__  # type: ignore[attr-defined]
_NUMBERS: sa.Table = PhysicianNumber.__table__  # type: ignore[attr-defined]
_THEIR = [column for column in _EVENTS.c if column.name != "id"]
_WAIT = _RECIPIENTS.c.fate.in_([Fate.UNKNOWN, Fate.AMBIGUOUS])


@dataclass(frozen=True)
class Waiting:
    """A number and name at a source that reach nobody, with how many events wait."""

    source: str
    number: str
    name: str
    why: str
    events: int
    last: datetime


def waiting() -> list[Waiting]:
    """The latest of them first, at most 200."""
    key = (
        _SOURCES.c.name,
        _RECIPIENTS.c.number,
        _RECIPIENTS.c.name_at_source,
        _RECIPIENTS.c.fate,
    )
    last = sa.func.max(_EVENTS.c.received_at, type_=_EVENTS.c.received_at.type)
    query = (
        sa.select(*key, sa.func.count(), last)
        .join(_EVENTS, _EVENTS.c.id == _RECIPIENTS.c.event_id)
        .join(_SOURCES, _SOURCES.c.id == _EVENTS.c.source_id)
        .where(_WAIT)
        .group_by(*key)
        .order_by(last.desc())
        .limit(MOST_SHOWN)
    )
    with reading() as db:
        return [Waiting(*row) for row in db.execute(query)]


def link_number(username: str, kind: str, typed: str) -> int:
    """Give an account one more number; how many waiting events it is matched with.

    Raises Refused `account_unknown`, `number_*`, `number_taken`.
    """
    value = _normalised(kind, typed)
    with transaction() as db:
        account = known.find(db, username)
        row = numbers.row(account, NumberKind(kind), value).model_dump(exclude={"id"})
        taken = sa.exists().where(_NUMBERS.c.kind == kind, _NUMBERS.c.value == value)
        if db.scalar(sa.select(taken)):
            raise Refused("number_taken", "number")
        db.execute(_NUMBERS.insert(), row)
        audit.record(db, None, "account:number:linked", after={"account": account, "kind": kind})
        return _match(db, row["stable"])


def _normalised(kind: str, typed: str) -> str:
    if kind not in list(NumberKind):
        raise Refused("source_kind", "kind", kinds=", ".join(NumberKind))
    try:
        return numbers.normalise(NumberKind(kind), typed)
    except NumberRefused as refused:
        raise Refused(f"number_{refused.code}", "number") from None


def _match(db: sa.Connection, stable: str) -> int:
    """Match what waits for a number, oldest first."""
    query = (
        sa.select(*_RECIPIENTS.c["number", "name_at_source", "event_id"], *_THEIR, _RECIPIENTS.c.id)
        .join(_EVENTS, _EVENTS.c.id == _RECIPIENTS.c.event_id)
        .where(_RECIPIENTS.c.stable == stable, _WAIT)
        .order_by(_RECIPIENTS.c.id)
    )
    return sum(_matched(db, row) for row in db.execute(query).mappings().all())


def _matched(db: sa.Connection, row: Any) -> bool:
    source = db.execute(sa.select(_SOURCES).where(_SOURCES.c.id == row["source_id"])).one()
    number = matching.read(row["number"], tuple(source.number_kinds))
    holder = matching.holder(db, number, source.id, row["name_at_source"])
    if isinstance(holder, Fate):
        return False
    line = matching.line(db, holder, source.id, row["name_at_source"])
    changes: dict[str, Any] = {"mapping_id": line.id}
    if _told_already(db, row["event_id"], holder.account_id):
        changes |= {"fate": Fate.REPEATED}
    else:
        event = _event(row)
        fate = _fate(db, source, event, row, intake.decide(holder, line, event.kind))
        changes |= {"fate": fate, "account_id": holder.account_id}
        if fate == Fate.MAILED:
            put = notices.put(db, holder.account_id, line.id, source.name, event)
            changes |= {"message_id": put}
    db.execute(sa.update(_RECIPIENTS).where(_RECIPIENTS.c.id == row["id"]).values(changes))
    return True


def _fate(db: sa.Connection, source: Any, event: StudyEvent, row: Any, fate: Fate) -> Fate:
    if row["received_at"] < now() - MAILED_FOR:
        return Fate.TOO_OLD
    return intake.of_all(db, source, event) or fate


def _told_already(db: sa.Connection, event_id: int, account_id: int) -> bool:
    theirs = sa.and_(_RECIPIENTS.c.event_id == event_id, _RECIPIENTS.c.account_id == account_id)
    return bool(db.scalar(sa.select(sa.exists().where(theirs))))


def _event(row: Any) -> StudyEvent:
    report = row["kind"] == StudyKind.REPORT
    return StudyEvent(
        kind=StudyKind(row["kind"]),
        referrers=(),
        status=ReportStatus(row["status"]),
        study_instance_uid=row["study_instance_uid"],
        accession_number=row["accession_number"],
        report_id=row["subject"] if report else "",
        patient_initials=row["patient_initials"],
        description=row["description"],
        studied_on=row["studied_on"],
    )
