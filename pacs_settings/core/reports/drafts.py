"""Text that was typed and not saved: kept for its editor alone, on the server."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from pacs_settings.core import audit
from pacs_settings.core.clock import now
from pacs_settings.core.db import insert_or_update, writing
from pacs_settings.core.reports import rights, texts
from pacs_settings.core.reports.texts import Text
from pacs_settings.core.tables import ReportDraft

_TABLE: sa.Table = ReportDraft.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Draft:
    """Unsaved text, when it was kept, and the revision of the report that it was typed upon."""

    text: Text
    revision: int
    kept_at: datetime


def keep(actor: audit.Actor, report_id: int, typed: object, revision: int) -> Draft:
    """Keep what is typed, in the place of what was kept; raises NotYours, Refused `report_*`."""
    text = texts.read(typed)
    with writing() as db:
        _, row = rights.hold_report(db, actor.account_id, report_id)
        values = {
            "revision": min(max(0, revision), row.revision),
            "findings": text.findings,
            "conclusion": text.conclusion,
            "kept_at": now(),
        }
        key = {"account_id": actor.account_id, "report_id": report_id}
        insert_or_update(db, _TABLE, key | values, list(key), values)
    return Draft(text, int(values["revision"]), values["kept_at"])  # type: ignore[call-overload, arg-type]


def discard(actor: audit.Actor, report_id: int) -> None:
    """Forget what was kept; raises NotYours."""
    with writing() as db:
        rights.hold_report(db, actor.account_id, report_id)
        drop(db, actor.account_id, report_id)


def read(db: Session, account_id: int, report_id: int) -> Draft | None:
    """What was kept, if anything."""
    row = db.get(ReportDraft, (account_id, report_id), populate_existing=True)
    return Draft(Text(row.findings, row.conclusion), row.revision, row.kept_at) if row else None


def drop(db: Session, account_id: int, report_id: int) -> None:
    """Forget what was kept: it is saved now."""
    db.execute(
        sa.delete(ReportDraft).where(
            col(ReportDraft.account_id) == account_id, col(ReportDraft.report_id) == report_id
        )
    )
