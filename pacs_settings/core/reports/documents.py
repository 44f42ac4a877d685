"""What the PDF of a version shows: the report as it was validated, with all that was added."""

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import signatures
from pacs_settings.core.db import reading
from pacs_settings.core.reports import rights, signing
from pacs_settings.core.reports.document import (
    Addendum,
    Heading,
    ReportDocument,
    Section,
    Signer,
    State,
    Study,
)
from pacs_settings.core.reports.versions import FINAL
from pacs_settings.core.tables import (
    Account,
    Region,
    Report,
    ReportVersion,
    Signature,
    Source,
)


def latest(account_id: int, report_id: int) -> int | None:
    """The newest final version of a report that the account may edit; None where there is none."""
    query = (
        sa.select(col(ReportVersion.id))
        .join(Report, col(Report.id) == col(ReportVersion.report_id))
        .where(
            col(Report.id) == report_id,
            col(Report.source_id).in_(rights.sources_of(account_id)),
            col(ReportVersion.kind).in_(FINAL),
        )
        .order_by(col(ReportVersion.number).desc())
        .limit(1)
    )
    with reading() as db:
        return db.scalar(query)


def compose(version_id: int) -> ReportDocument:
    """The document of a final version; raises LookupError where there is no such version."""
    with reading() as db:
        version = db.get(ReportVersion, version_id)
        if version is None or version.kind not in FINAL:
            raise LookupError(f"version {version_id}")
        report = db.get_one(Report, version.report_id)
        source = db.get_one(Source, report.source_id)
        (first, mark), *added = _final(db, version)
        region = _region(db, first)
        zone = region.time_zone
        signers = [_signer(row, signature, zone) for row, signature in added]
    return ReportDocument(
        language=region.language,
        study=_study(report, source.name),
        sections=_sections(first),
        signer=_signer(first, mark, zone),
        addenda=tuple(
            Addendum(row.findings, signer) for (row, _), signer in zip(added, signers, strict=True)
        ),
        version=version.number,
        state=State.CORRECTED if added else State.FINAL,
    )


def _final(db: Session, upto: ReportVersion) -> list[tuple[ReportVersion, Signature | None]]:
    """What is final up to a version, in order, each with the signature that signed it."""
    query = signing.WITH_SIGNATURE.where(
        col(ReportVersion.report_id) == upto.report_id,
        col(ReportVersion.number) <= upto.number,
        col(ReportVersion.kind).in_(FINAL),
    )
    rows = db.execute(query.order_by(col(ReportVersion.number))).all()
    return [(row, signature) for row, signature in rows]


def _region(db: Session, version: ReportVersion) -> Region:
    """Of who validated; where that account is gone, any."""
    mine = select(Region).join(Account, col(Account.region_id) == col(Region.id))
    found = db.exec(mine.where(Account.id == version.editor_id)).one_or_none()
    return found or db.exec(select(Region).order_by(col(Region.id)).limit(1)).one()


def _study(report: Report, source: str) -> Study:
    return Study(
        source=source,
        institution=report.institution,
        description=report.description,
        studied_on=report.studied_on,
        accession_number=report.accession_number,
        study_instance_uid=report.study_instance_uid,
        patient_initials=report.patient_initials,
    )


def _sections(version: ReportVersion) -> tuple[Section, ...]:
    parts = ((Heading.FINDINGS, version.findings), (Heading.CONCLUSION, version.conclusion))
    return tuple(Section(heading, text) for heading, text in parts if text)


def _signer(version: ReportVersion, signature: Signature | None, zone: str) -> Signer:
    mark = signatures.content(signature) if signature else None
    return Signer(version.signer_name, version.signer_number, version.created_at, zone, mark)
