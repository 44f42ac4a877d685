"""Why do I get this: what last came under a mapping, and whether its e-mail was delivered."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlmodel import col, select

from pacs_settings.core import notice_mails, outbox
from pacs_settings.core.accounts import numbers, send_limits
from pacs_settings.core.audit import Actor
from pacs_settings.core.db import hold, reading, writing
from pacs_settings.core.errors import NotYours
from pacs_settings.core.greetings import full_name
from pacs_settings.core.ports import Letter
from pacs_settings.core.tables import (
    Account,
    EventRecipient,
    Fate,
    GroupMember,
    GroupPractice,
    Mapping,
    OutboxMessage,
    PhysicianNumber,
    ReceivedEvent,
    ReportStatus,
    Source,
    StudyKind,
)

EXAMPLE = {  # an invented patient
    "initials": "J.V.",
    "description": "CT thorax",
    "date": "2026-03-02",
    "uid": "",
    "accession": "",
    "status": "",
}


class Delivery(StrEnum):
    """What became of an e-mail."""

    DELIVERED = "delivered"
    WAITING = "waiting"
    AGAIN = "again"
    GIVEN_UP = "given_up"


@dataclass(frozen=True)
class Event:
    """A study or report as it is told: what, of when, and what became of it."""

    description: str
    studied_on: date | None
    received_at: datetime
    status: ReportStatus
    fate: Fate


@dataclass(frozen=True)
class Mail:
    """The last e-mail of a mapping; `problem` is what the mail server answered last."""

    at: datetime
    delivery: Delivery
    problem: str


@dataclass(frozen=True)
class Why:
    """All that explains a mapping."""

    mapping_id: int
    source: str
    number: str
    name: str
    on_study: bool
    on_report: bool
    study: Event | None
    report: Event | None
    mail: Mail | None
    group: str
    members: list[str]


def explain(account_id: int, mapping_id: int) -> Why:
    """Why e-mails come (or not) under one's own mapping; raises NotYours."""
    with reading() as db:
        mapping, source, number, group = _own(db, account_id, mapping_id)
        return Why(
            mapping_id,
            source.name,
            numbers.display(numbers.NumberKind(number.kind), number.value),
            mapping.name_at_source,
            mapping.on_study,
            mapping.on_report,
            _last(db, mapping_id, StudyKind.STUDY),
            _last(db, mapping_id, StudyKind.REPORT),
            _mail(db, mapping_id),
            group.name if group else "",
            _members(db, group.id or 0) if group else [],
        )


def preview(account_id: int, mapping_id: int, kind: StudyKind) -> Letter:
    """The e-mail as it would come for this mapping, with an invented patient; raises NotYours."""
    with reading() as db:
        _, source, _, _ = _own(db, account_id, mapping_id)
        account = db.get_one(Account, account_id)
    reader = _Reader(account_id, account)
    return notice_mails.render(reader, str(kind), _example(mapping_id, source.name, kind))


def send_test(actor: Actor, mapping_id: int, kind: StudyKind) -> None:
    """Have such an e-mail sent to its owner; raises NotYours, TooManyCodes."""
    with writing() as db:
        hold(db, Account, actor.account_id)
        _, source, _, _ = _own(db, actor.account_id, mapping_id)
        send_limits.reserve_test(db, actor.account_id)
        values = _example(mapping_id, source.name, kind)
        outbox.put_notice(db.connection(), actor.account_id, "test", values)


class _Reader:
    """An account as mails are written to it."""

    def __init__(self, account_id: int, account: Account) -> None:
        self.account_id = account_id
        self.title, self.gender = account.title, account.gender
        self.first_name, self.last_name = account.first_name, account.last_name
        self.language = account.language


def _example(mapping_id: int, source: str, kind: StudyKind) -> dict[str, Any]:
    return {**EXAMPLE, "kind": str(kind), "mapping": mapping_id, "source": source}


def _own(
    db: Any, account_id: int, mapping_id: int
) -> tuple[Mapping, Source, PhysicianNumber, GroupPractice | None]:
    query = (
        select(Mapping, Source, PhysicianNumber, GroupPractice)
        .join(Source, col(Source.id) == col(Mapping.source_id))
        .join(PhysicianNumber, col(PhysicianNumber.id) == col(Mapping.physician_number_id))
        .outerjoin(GroupPractice, col(GroupPractice.id) == col(Mapping.group_id))
        .where(Mapping.id == mapping_id, Mapping.account_id == account_id)
    )
    row = db.exec(query).one_or_none()
    if row is None:
        raise NotYours
    return row[0], row[1], row[2], row[3]


def _last(db: Any, mapping_id: int, kind: StudyKind) -> Event | None:
    query = (
        select(ReceivedEvent, EventRecipient.fate)
        .join(EventRecipient, col(EventRecipient.event_id) == col(ReceivedEvent.id))
        .where(EventRecipient.mapping_id == mapping_id, ReceivedEvent.kind == kind)
        .order_by(col(EventRecipient.event_id).desc())
        .limit(1)
    )
    row = db.exec(query).first()
    if row is None:
        return None
    event, fate = row
    return Event(
        event.description,
        event.studied_on,
        event.received_at,
        ReportStatus(event.status),
        Fate(fate),
    )


def _mail(db: Any, mapping_id: int) -> Mail | None:
    query = (
        select(OutboxMessage)
        .join(EventRecipient, col(EventRecipient.message_id) == col(OutboxMessage.id))
        .where(EventRecipient.mapping_id == mapping_id)
        .order_by(col(EventRecipient.event_id).desc())
        .limit(1)
    )
    row = db.exec(query).first()
    if row is None:
        return None
    return Mail(row.sent_at or row.created_at, _delivery(row), row.problem)


def _delivery(row: OutboxMessage) -> Delivery:
    if row.sent_at:
        return Delivery.DELIVERED
    if row.next_try is None:
        return Delivery.GIVEN_UP
    return Delivery.AGAIN if row.problem else Delivery.WAITING


def _members(db: Any, group_id: int) -> list[str]:
    query = (
        select(Account.title, Account.first_name, Account.last_name)
        .join(GroupMember, col(GroupMember.account_id) == col(Account.id))
        .where(GroupMember.group_id == group_id)
        .order_by(col(Account.last_name), col(Account.first_name))
    )
    return [full_name(row) for row in db.execute(query)]
