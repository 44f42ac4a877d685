"""What the PDF of a validated report shows, and its messages tell: plain facts, nothing else."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pacs_settings.core.signature_kinds import Content


class State(StrEnum):
    """What a validated version is."""

    FINAL = "final"
    CORRECTED = "corrected"


class Heading(StrEnum):
    """The parts of a report."""

    FINDINGS = "findings"
    CONCLUSION = "conclusion"


@dataclass(frozen=True, slots=True)
class Study:
    """What the report is about; of the patient no more than the initials are known."""

    source: str
    institution: str = ""
    description: str = ""
    studied_on: date | None = None
    accession_number: str = ""
    study_instance_uid: str = ""
    patient_initials: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who has validated, when, and by which mark; `number` in its usual form."""

    name: str
    number: str
    at: datetime
    time_zone: str
    mark: Content | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the text; paragraphs are lines."""

    heading: Heading
    text: str


@dataclass(frozen=True, slots=True)
class Addendum:
    """What was added later, with its own signature."""

    text: str
    signer: Signer


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """One validated version of a report, in the language of its region."""

    language: str
    study: Study
    sections: tuple[Section, ...]
    signer: Signer
    addenda: tuple[Addendum, ...] = ()
    version: int = 1
    state: State = State.FINAL

    @property
    def validated_at(self) -> datetime:
        """When this version came to be: at its last signature."""
        return max(
            self.signer.at, *(addendum.signer.at for addendum in self.addenda), self.signer.at
        )

    @property
    def last_signer(self) -> Signer:
        """Who has signed last, and so stands for this version."""
        return self.addenda[-1].signer if self.addenda else self.signer
