"""The e-mail about an event: what of it is kept for it, and the link that turns its switch off."""

from typing import Any

import sqlalchemy as sa

from pacs_settings.core import outbox, secrets
from pacs_settings.core.quick import insert
from pacs_settings.core.studies.events import StudyEvent
from pacs_settings.core.tables import OutboxMessage, StudyKind

OUTBOX: sa.Table = OutboxMessage.__table__  # type: ignore[attr-defined]
PURPOSE = "unsubscribe"
_SHORT = {"s": StudyKind.STUDY, "r": StudyKind.REPORT}


def put(db: sa.Connection, account_id: int, mapping_id: int, source: str, event: StudyEvent) -> int:
    """Have an e-mail leave about an event; the id of the message."""
    return insert(db, OUTBOX, message(account_id, mapping_id, source, event))


def message(account_id: int, mapping_id: int, source: str, event: StudyEvent) -> dict[str, Any]:
    """The row of such an e-mail."""
    return outbox.notice(account_id, str(event.kind), _told(mapping_id, source, event))


def _told(mapping_id: int, source: str, event: StudyEvent) -> dict[str, Any]:
    return {
        "mapping": mapping_id,
        "source": source,
        "status": str(event.status),
        "initials": event.patient_initials,
        "description": event.description,
        "date": event.studied_on.isoformat() if event.studied_on else "",
        "uid": event.study_instance_uid,
        "accession": event.accession_number,
    }


def token(account_id: int, mapping_id: int, kind: StudyKind) -> str:
    """What turns one switch of one mapping off, signed; good as long as the mapping is there."""
    return f"{mapping_id}.{kind[0]}.{_signature(account_id, mapping_id, kind)}"


def read(given: str) -> tuple[int, StudyKind, str] | None:
    """Mapping, kind and signature of a token; None where it is none."""
    mapping, _, rest = given.partition(".")
    short, _, signature = rest.partition(".")
    if not (mapping.isdecimal() and mapping.isascii() and len(mapping) <= 9 and short in _SHORT):
        return None
    return int(mapping), _SHORT[short], signature


def signed(account_id: int, mapping_id: int, kind: StudyKind, signature: str) -> bool:
    """Whether the signature is ours."""
    return secrets.same(signature, _signature(account_id, mapping_id, kind))


def _signature(account_id: int, mapping_id: int, kind: StudyKind) -> str:
    return secrets.mark(PURPOSE, account_id, mapping_id, kind)[:32]
