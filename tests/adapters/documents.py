"""Reports to lay out, seal and send."""

import math
from datetime import UTC, date, datetime
from typing import Any

from pacs_settings.core import strokes
from pacs_settings.core.reports.document import (
    Addendum,
    Heading,
    ReportDocument,
    Section,
    Signer,
    State,
    Study,
)
from pacs_settings.core.signature_kinds import Content, typed_name

AT = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
UID = "1.2.826.0.1.3680043.8.498.42"


def drawn() -> strokes.Drawing:
    wave = [[40 + i * 3, 80 + 40 * math.sin(i / 5), i * 14, 0.5] for i in range(60)]
    dot = [[250, 30, 3000, 0.5]]
    return strokes.parse({"width": 300, "height": 150, "strokes": [wave, dot]})


def signer(mark: Content | None = None, **changes: Any) -> Signer:
    told = {"name": "Dr. An Peeters", "number": "1-23456-78-520", "at": AT}
    return Signer(**told | {"time_zone": "Europe/Brussels", "mark": mark} | changes)


def report(findings: str = "No nodules.", **changes: Any) -> ReportDocument:
    study = Study("Clinic", "AZ Demo", "CT thorax", date(2026, 3, 1), "ACC-42", UID, "J.D.")
    sections = (Section(Heading.FINDINGS, findings), Section(Heading.CONCLUSION, "Normal."))
    return ReportDocument(
        **{"language": "en", "study": study, "sections": sections, "signer": signer(drawn())}
        | changes
    )


def corrected() -> ReportDocument:
    mark = typed_name.parse("Léa Dubois")
    added = Addendum("Seen again: no change.", signer(mark, name="Dr. Léa Dubois", number=""))
    return report(addenda=(added,), version=2, state=State.CORRECTED)
