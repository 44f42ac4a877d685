"""Who signs a version of a report, and by which signature."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import audit
from pacs_settings.core.accounts import numbers, sessions
from pacs_settings.core.greetings import full_name
from pacs_settings.core.tables import (
    Account,
    PhysicianNumber,
    ReportVersion,
    Signature,
)

WITH_SIGNATURE: sa.Select[ReportVersion, Signature] = sa.select(ReportVersion, Signature).outerjoin(
    Signature, col(Signature.id) == col(ReportVersion.signature_id)
)


@dataclass(frozen=True)
class Signer:
    """Columns of a version that say who made it; name and number as they are at this moment."""

    editor_id: int
    signature_id: int | None
    signer_name: str
    signer_number: str
    session_id: str
    proven_by: str


def signer(db: Session, account: Account, actor: audit.Actor) -> Signer:
    """The account as a signer now, with the signature in use."""
    return Signer(
        editor_id=actor.account_id,
        signature_id=current(db, actor.account_id),
        signer_name=full_name(account),
        signer_number=_number(db, actor.account_id),
        session_id=actor.session_id,
        proven_by=sessions.proven_by(db, actor.session_id),
    )


def current(db: Session, account_id: int) -> int | None:
    """The number of the signature in use, to sign with."""
    mine = sa.select(col(Signature.id), col(Signature.withdrawn_at))
    query = mine.where(col(Signature.account_id) == account_id)
    row = db.execute(query.order_by(col(Signature.version).desc()).limit(1)).one_or_none()
    return row.id if row and row.withdrawn_at is None else None


def _number(db: Session, account_id: int) -> str:
    query = select(PhysicianNumber).where(PhysicianNumber.account_id == account_id)
    row = db.exec(query.order_by(col(PhysicianNumber.id)).limit(1)).one_or_none()
    return numbers.display(numbers.NumberKind(row.kind), row.value) if row else ""
