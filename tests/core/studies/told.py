"""Studies and reports as sources tell them."""

from datetime import date
from typing import Any

from pacs_settings.core.studies import intake
from pacs_settings.core.studies.events import Referrer, StudyEvent
from pacs_settings.core.studies.intake import Taken
from pacs_settings.core.tables import (
    Account,
    EventRecipient,
    Fate,
    Mapping,
    OutboxMessage,
    PhysicianNumber,
    ReportStatus,
    Source,
    StudyKind,
)
from tests import factories


class Referred:
    """A physician with one number, and a source that knows the physician under one name."""

    name = "WILLEMS Robin"

    def __init__(self, **account: Any) -> None:
        self.account: Account = factories.account(**account)
        self.number: PhysicianNumber = factories.number(self.account)
        self.source: Source = factories.source()

    @property
    def referrer(self) -> Referrer:
        return Referrer(self.number.value, self.name)

    def take(self, event: StudyEvent) -> Taken:
        return intake.take(self.source.id or 0, event)

    def study(self, uid: str = "1.2.3", **values: Any) -> StudyEvent:
        return study(uid, **({"referrers": (self.referrer,)} | values))

    def report(self, status: ReportStatus = ReportStatus.FINAL, **values: Any) -> StudyEvent:
        return report(status, **({"referrers": (self.referrer,)} | values))

    def lines(self) -> list[Mapping]:
        mine = Mapping.account_id == factories.own(self.account)
        return factories.rows(Mapping, mine)  # type: ignore[arg-type]

    def mails(self) -> list[OutboxMessage]:
        mine = OutboxMessage.account_id == factories.own(self.account)
        return factories.rows(OutboxMessage, mine)  # type: ignore[arg-type]


def study(uid: str = "1.2.3", **values: Any) -> StudyEvent:
    """A study of an invented patient."""
    told: dict[str, Any] = {
        "kind": StudyKind.STUDY,
        "referrers": (),
        "study_instance_uid": uid,
        "accession_number": "A1",
        "patient_initials": "J.V.",
        "description": "CT thorax",
        "studied_on": date(2026, 3, 2),
    }
    return StudyEvent(**(told | values))


def report(status: ReportStatus = ReportStatus.FINAL, **values: Any) -> StudyEvent:
    """A report of the same."""
    told: dict[str, Any] = {"kind": StudyKind.REPORT, "status": status, "report_id": "R1"}
    return study("", **(told | values))


def fates() -> list[Fate]:
    """What became of all that was told, oldest first."""
    return [Fate(row.fate) for row in factories.rows(EventRecipient)]
