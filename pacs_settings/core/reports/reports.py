"""Reports: listed, opened, saved, validated, and added to; every version of them is kept."""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import audit
from pacs_settings.core.clock import now
from pacs_settings.core.db import reading, writing
from pacs_settings.core.errors import NotYours, Refused
from pacs_settings.core.reports import drafts, returning, rights, signing, texts, versions
from pacs_settings.core.reports.drafts import Draft
from pacs_settings.core.reports.texts import Text
from pacs_settings.core.reports.versions import Step, Version
from pacs_settings.core.tables import (
    Account,
    Region,
    Report,
    ReportState,
    ReportVersion,
    Source,
    VersionKind,
)

PAGE = 50


@dataclass(frozen=True)
class Facts:
    """What is known of a study; of its patient only the initials."""

    id: int
    source: str
    institution: str
    description: str
    studied_on: date | None
    accession_number: str
    study_instance_uid: str
    patient_initials: str
    state: ReportState
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class Listing:
    """A page of reports, newest study first; `total` counts what the filter lets through."""

    reports: list[Facts]
    total: int
    number: int
    pages: int


@dataclass(frozen=True)
class Opened:
    """A report as its editor sees it; `latest` is what stands, addenda come after a validation.

    `signs` says whether the editor has a signature, `may_validate` whether it can be done so.
    """

    facts: Facts
    revision: int
    latest: Version | None
    addenda: list[Version]
    history: list[Step]
    draft: Draft | None
    signs: bool
    may_validate: bool

    @property
    def newest(self) -> Version | None:
        """The version that was made last."""
        return self.addenda[-1] if self.addenda else self.latest

    @property
    def final_id(self) -> int:
        """The newest version that is final, which goes back to the source; 0 for none."""
        return next((one.id for one in self.history if one.kind in versions.FINAL), 0)


class Changed(Refused):
    """Somebody else has saved meanwhile; `theirs` is what stands now."""

    def __init__(self, theirs: Version) -> None:
        super().__init__("report_changed", name=theirs.name)
        self.theirs = theirs


def listed(account_id: int, state: str = "", number: int = 1) -> Listing:
    """The reports that an account may edit, all or those in one state."""
    mine = col(Report.source_id).in_(rights.sources_of(account_id))
    where = [mine, *([col(Report.state) == state] if state in list(ReportState) else [])]
    with reading() as db:
        total = db.scalar(sa.select(sa.func.count()).select_from(Report).where(*where)) or 0
        pages = max(1, -(-total // PAGE))
        number = min(max(1, number), pages)
        rows = db.exec(
            select(Report, Source.name)
            .join(Source, col(Source.id) == col(Report.source_id))
            .where(*where)
            .order_by(col(Report.created_at).desc(), col(Report.id).desc())
            .limit(PAGE)
            .offset((number - 1) * PAGE)
        ).all()
    return Listing([_facts(row, source) for row, source in rows], total, number, pages)


def opened(account_id: int, report_id: int) -> Opened:
    """A report that the account may edit; raises NotYours."""
    with reading() as db:
        return _opened(db, account_id, report_id)


def save(actor: audit.Actor, report_id: int, typed: object, revision: int) -> Opened:
    """Keep a version, signed by its editor; raises Changed, NotYours, Refused `report_*`."""
    return _write(actor, report_id, typed, revision, VersionKind.SAVED)


def validate(actor: audit.Actor, report_id: int, typed: object, revision: int) -> Opened:
    """Keep the version that is final; raises like `save`, and Refused `report_unsigned`."""
    return _write(actor, report_id, typed, revision, VersionKind.VALIDATED)


def add(actor: audit.Actor, report_id: int, typed: object, revision: int) -> Opened:
    """Add to a validated report what it did not say; raises like `validate`."""
    return _write(actor, report_id, typed, revision, VersionKind.ADDENDUM)


def _write(
    actor: audit.Actor, report_id: int, typed: object, revision: int, kind: VersionKind
) -> Opened:
    text = texts.read(typed)
    if text.empty:
        raise Refused("report_empty", "findings")
    with writing() as db:
        account, row = rights.hold_report(db, actor.account_id, report_id)
        _refuse_unfit(db, row, revision, kind)
        signer = signing.signer(db, account, actor)
        if kind != VersionKind.SAVED and not signer.signature_id and not _may_unsigned(db, account):
            raise Refused("report_unsigned")
        version = _append(db, row, kind, text, signer)
        drafts.drop(db, actor.account_id, report_id)
        after = {"report": row.id, "version": version.number, "sha256": version.sha256}
        audit.record(db, actor, f"report:{kind}", {"version": revision}, after)
        if kind != VersionKind.SAVED:
            returning.put(db, actor.account_id, row.source_id, report_id, version.id or 0)
        db.flush()
        return _opened(db, actor.account_id, report_id)


def _refuse_unfit(db: Session, row: Report, revision: int, kind: VersionKind) -> None:
    if not 0 <= revision <= row.revision:
        raise Refused("report_unreadable")  # typed upon a version that never was
    if row.revision != revision:
        raise Changed(versions.newest(db, row.id or 0))
    final = row.state == ReportState.VALIDATED
    if final != (kind == VersionKind.ADDENDUM):
        raise Refused("report_final" if final else "report_not_final")


def _append(
    db: Session, row: Report, kind: VersionKind, text: Text, signer: signing.Signer
) -> ReportVersion:
    moment = now()
    version = ReportVersion(
        report_id=row.id or 0,
        number=row.revision + 1,
        kind=kind,
        findings=text.findings,
        conclusion=text.conclusion,
        sha256=text.sha256,
        created_at=moment,
        **vars(signer),
    )
    row.revision, row.changed_at = version.number, moment
    if row.state != ReportState.VALIDATED:
        final = kind == VersionKind.VALIDATED
        row.state = ReportState.VALIDATED if final else ReportState.IN_PROGRESS
    db.add_all([row, version])
    db.flush()
    return version


def _may_unsigned(db: Session, account: Account) -> bool:
    return db.get_one(Region, account.region_id).validate_unsigned


def _opened(db: Session, account_id: int, report_id: int) -> Opened:
    query = (
        select(Report, Source.name)
        .join(Source, col(Source.id) == col(Report.source_id))
        .where(Report.id == report_id, col(Report.source_id).in_(rights.sources_of(account_id)))
    )
    found = db.exec(query).one_or_none()
    if found is None:
        raise NotYours
    row, source = found
    shown = versions.shown(db, report_id)
    signs = signing.current(db, account_id) is not None
    account = db.get_one(Account, account_id)
    return Opened(
        facts=_facts(row, source),
        revision=row.revision,
        latest=shown[0] if shown else None,
        addenda=shown[1:],
        history=versions.history(db, report_id),
        draft=drafts.read(db, account_id, report_id),
        signs=signs,
        may_validate=signs or _may_unsigned(db, account),
    )


def _facts(row: Report, source: str) -> Facts:
    return Facts(
        row.id or 0,
        source,
        row.institution,
        row.description,
        row.studied_on,
        row.accession_number,
        row.study_instance_uid,
        row.patient_initials,
        ReportState(row.state),
        row.created_at,
        row.changed_at,
    )
