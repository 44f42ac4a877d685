"""Report signatures: versions of vector strokes, never changed once saved."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import audit, strokes
from pacs_settings.core.clock import now
from pacs_settings.core.db import hold, reading, writing
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Account, Signature


@dataclass(frozen=True)
class Saved:
    """The signature in use: its version (from 1), moment in ISO 8601, SHA-256 and drawing."""

    version: int
    created_at: str
    sha256: str
    drawing: strokes.Drawing


def current(account_id: int) -> Saved | None:
    """The latest version, or None where nothing was ever saved."""
    query = (
        select(Signature)
        .where(Signature.account_id == account_id)
        .order_by(col(Signature.version).desc())
        .limit(1)
    )
    with reading() as db:
        row = db.exec(query).one_or_none()
    return _saved(row) if row else None


def save(actor: audit.Actor, raw: object) -> Saved:
    """Store a drawing as the next version; raises Refused, also without the right to edit."""
    try:
        drawing = strokes.parse(raw)
    except strokes.StrokesRefused as refused:
        raise Refused(f"strokes_{refused.code}") from None
    with writing() as db:
        _refuse_without_right(db, actor)
        row = Signature(
            account_id=actor.account_id,
            version=_next_version(db, actor.account_id),
            drawing=strokes.canonical(drawing),
            sha256=strokes.digest(drawing),
            session_id=actor.session_id,
            created_at=now(),
        )
        db.add(row)
        after = {"version": row.version, "sha256": row.sha256}
        audit.record(db, actor, "account:signature:saved", after=after)
    return _saved(row)


def _refuse_without_right(db: Session, actor: audit.Actor) -> None:
    account = hold(db, Account, actor.account_id)
    if not account.may_edit_reports:
        raise Refused("may_not_edit_reports")


def _next_version(db: Session, account_id: int) -> int:
    latest = sa.select(sa.func.max(col(Signature.version))).where(
        col(Signature.account_id) == account_id
    )
    return (db.scalar(latest) or 0) + 1


def _saved(row: Signature) -> Saved:
    drawing = strokes.from_canonical(row.drawing)
    return Saved(row.version, row.created_at.isoformat(), row.sha256, drawing)
