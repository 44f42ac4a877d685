"""Demonstration reports, one in each state; part of `demo`."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from pacs_settings.core import signature_kinds
from pacs_settings.core.accounts import numbers
from pacs_settings.core.clock import now
from pacs_settings.core.greetings import full_name
from pacs_settings.core.reports.texts import Text
from pacs_settings.core.tables import (
    Account,
    Report,
    ReportRight,
    ReportState,
    ReportVersion,
    Signature,
    VersionKind,
)

STUDIES = (
    ("CT thorax", "J.V.", ()),
    ("MR knee left", "M.D.", ()),
    ("X-ray hand right", "P.J.", (VersionKind.SAVED,)),
    ("Ultrasound abdomen", "S.K.", (VersionKind.SAVED, VersionKind.VALIDATED)),
    ("CT head", "A.L.", (VersionKind.VALIDATED, VersionKind.ADDENDUM)),
)
WRITTEN = {
    VersionKind.SAVED: Text("No fracture. No dislocation.", ""),
    VersionKind.VALIDATED: Text(
        "Normal size and structure of the organs.\nNo free fluid.", "Normal examination."
    ),
    VersionKind.ADDENDUM: Text("Compared with the earlier examination: no change."),
}
# The pen of an invented radiologist, as a pad sends it: x, y, milliseconds, pressure.
INK = {
    "width": 320,
    "height": 120,
    "strokes": [
        [[40 + 3 * n, 70 - (n % 9) * 5 + n * 0.4, n * 9, 0.5] for n in range(36)],
        [[150 + 4 * n, 62 + (n % 7) * 4 - n * 0.3, 400 + n * 8, 0.5] for n in range(30)],
        [[60 + 6 * n, 92 - n * 0.5, 700 + n * 7, 0.4] for n in range(34)],
    ],
}


def load(db: Session, source_id: int, radiologist: Account, *others: Account) -> None:
    """Reports of a source, written by one of those who may edit them."""
    for account in (radiologist, *others):
        db.add(ReportRight(account_id=account.id or 0, source_id=source_id))
    if db.scalar(sa.select(sa.exists().where(col(Report.source_id) == source_id))):
        return  # reports outlive the accounts of those who wrote them
    signature = _signature(radiologist)
    db.add(signature)
    db.flush()
    for place, (description, initials, kinds) in enumerate(STUDIES):
        report = _report(place, source_id, description, initials, kinds)
        db.add(report)
        db.flush()
        for number, kind in enumerate(kinds, start=1):
            db.add(_version(report, number, kind, radiologist, signature))


def _signature(owner: Account) -> Signature:
    drawing = signature_kinds.drawn(INK)
    return Signature(
        account_id=owner.id or 0,
        version=1,
        drawing=signature_kinds.canonical(drawing),
        sha256=signature_kinds.digest(drawing),
        session_id="",
        proven_by="password",
    )


def _report(
    place: int, source_id: int, description: str, initials: str, kinds: tuple[VersionKind, ...]
) -> Report:
    moment = now() - timedelta(days=place, hours=2)
    return Report(
        source_id=source_id,
        subject=f"2.25.{7000 + place}",
        study_instance_uid=f"2.25.{7000 + place}",
        accession_number=f"DEMO{place + 1:03}",
        patient_initials=initials,
        description=description,
        studied_on=moment.date(),
        state=_state(kinds),
        revision=len(kinds),
        created_at=moment,
        changed_at=moment,
    )


def _state(kinds: tuple[VersionKind, ...]) -> ReportState:
    if VersionKind.VALIDATED in kinds:
        return ReportState.VALIDATED
    return ReportState.IN_PROGRESS if kinds else ReportState.EMPTY


def _version(
    report: Report, number: int, kind: VersionKind, radiologist: Account, signature: Signature
) -> ReportVersion:
    text = WRITTEN[kind]
    values: dict[str, Any] = vars(text)
    return ReportVersion(
        report_id=report.id or 0,
        number=number,
        kind=kind,
        sha256=text.sha256,
        editor_id=radiologist.id,
        signature_id=signature.id,
        signer_name=full_name(radiologist),
        signer_number=numbers.display(numbers.NumberKind.RIZIV, numbers.riziv(145_111, 4)),
        proven_by="password",
        created_at=report.changed_at + timedelta(minutes=20 * number),
        **values,
    )
