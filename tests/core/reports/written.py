"""Reports as their editors write them."""

from dataclasses import dataclass
from typing import Any

from pacs_settings.core import audit, signatures
from pacs_settings.core.reports import reports, rights
from pacs_settings.core.reports.reports import Opened
from pacs_settings.core.studies import intake
from pacs_settings.core.tables import Account, Report, ReportVersion, Source, VersionKind
from tests import factories
from tests.core.studies.told import study
from tests.core.test_signatures import drawing

FINDINGS = {"findings": "No fracture.", "conclusion": "Normal."}


@dataclass
class Radiologist:
    """Somebody who may edit the reports of a source, with a signature unless told otherwise."""

    account: Account
    actor: audit.Actor
    source: Source

    @property
    def id(self) -> int:
        return self.actor.account_id

    def sign(self, lean: float = 1) -> None:
        """Draw a signature."""
        signatures.save_drawn(self.actor, drawing(lean))

    def save(self, report: int, findings: str = "No fracture.", revision: int = 0) -> Opened:
        return reports.save(self.actor, report, {"findings": findings}, revision)

    def validate(self, report: int, findings: str = "Final.", revision: int = 0) -> Opened:
        return reports.validate(self.actor, report, {"findings": findings}, revision)

    def add(self, report: int, text: str = "More.", revision: int = 1) -> Opened:
        return reports.add(self.actor, report, {"findings": text}, revision)


def radiologist(
    at: Source | None = None, *, signs: bool = True, right: bool = True, **values: Any
) -> Radiologist:
    """A radiologist of a source."""
    account = factories.account(may_edit_reports=True, **values)
    source = at or factories.source()
    if right:
        rights.give(account.username, source.name)
    made = Radiologist(account, factories.actor(account), source)
    if signs:
        made.sign()
    return made


def opened_by_a_study(source: Source, uid: str = "1.2.3", **values: Any) -> int:
    """The report that a new study opens; its identifier."""
    intake.take(source.id or 0, study(uid, **values))
    [row] = factories.rows(
        Report,
        Report.source_id == source.id,  # type: ignore[arg-type]
        Report.subject == (uid or values["accession_number"]),  # type: ignore[arg-type]
    )
    return row.id or 0


def stored_version(number: int, report: int = 7) -> int:
    """A final version under this very number, of a report under that; `number`."""
    if not factories.rows(Report, Report.id == report):  # type: ignore[arg-type]
        source = factories.source().id or 0
        factories.store(Report(id=report, source_id=source, subject=f"of {report}"))
    if not factories.rows(ReportVersion, ReportVersion.id == number):  # type: ignore[arg-type]
        values: dict[str, Any] = {"sha256": "0" * 64, "signer_name": "Robin"}
        kind = VersionKind.VALIDATED
        factories.store(
            ReportVersion(id=number, report_id=report, number=number, kind=kind, **values)
        )
    return number
