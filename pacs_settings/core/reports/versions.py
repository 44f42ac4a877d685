"""The versions of a report: all of them in few words, and in full those that are shown."""

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from pacs_settings.core import signature_kinds
from pacs_settings.core.reports import signing
from pacs_settings.core.reports.texts import Text
from pacs_settings.core.signature_kinds import Content, Kind
from pacs_settings.core.tables import ReportVersion, Signature, VersionKind

_TABLE: sa.Table = ReportVersion.__table__  # type: ignore[attr-defined]
FINAL = (VersionKind.VALIDATED, VersionKind.ADDENDUM)  # what goes back to the source
_FEW = _TABLE.c["id", "number", "kind", "signer_name", "created_at", "sha256"]


@dataclass(frozen=True)
class Step:
    """What made a version, who and when; SHA-256 of its text."""

    id: int
    number: int
    kind: VersionKind
    name: str
    at: datetime
    sha256: str


@dataclass(frozen=True)
class Version(Step):
    """One version in full: its text, and how it is signed."""

    text: Text
    physician_number: str
    drawn: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def mark(self) -> Content | None:
        """What signed it, None unsigned. Takes some 20 ms, so never while a database waits."""
        return (
            signature_kinds.from_canonical(Kind(self.drawn[0]), self.drawn[1])
            if self.drawn
            else None
        )


def history(db: Session, report_id: int) -> list[Step]:
    """All versions, the latest first."""
    query = sa.select(*_FEW).where(_TABLE.c.report_id == report_id)
    rows = db.execute(query.order_by(_TABLE.c.number.desc())).all()
    return [Step(row.id, row.number, VersionKind(row.kind), *row[3:]) for row in rows]


def shown(db: Session, report_id: int) -> list[Version]:
    """What stands and after it all addenda, in order; the last of them is the newest version."""
    mine = (_TABLE.c.report_id == report_id, _TABLE.c.kind != VersionKind.ADDENDUM)
    stands = sa.select(sa.func.max(_TABLE.c.number)).where(*mine).scalar_subquery()
    query = signing.WITH_SIGNATURE.where(
        col(ReportVersion.report_id) == report_id, col(ReportVersion.number) >= stands
    )
    rows = db.execute(query.order_by(col(ReportVersion.number))).all()
    return [_version(row, signature) for row, signature in rows]


def newest(db: Session, report_id: int) -> Version:
    """The latest version of a report that has one."""
    return shown(db, report_id)[-1]


def _version(row: ReportVersion, signature: Signature | None) -> Version:
    return Version(
        row.id or 0,
        row.number,
        VersionKind(row.kind),
        row.signer_name,
        row.created_at,
        row.sha256,
        Text(row.findings, row.conclusion),
        row.signer_number,
        (str(signature.kind), signature.drawing) if signature else None,
    )
