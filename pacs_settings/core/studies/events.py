"""What a source tells, whatever protocol it speaks: a new study with images, or a report."""

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import ReportStatus, StudyKind
from pacs_settings.core.words import one_line

LONGEST = {"description": 200, "institution": 120, "name": 120}  # characters kept
LONGEST_IDENTIFIER = 64  # characters; a StudyInstanceUID has no more (DICOM PS3.5, 9.1)
MOST_REFERRERS = 20
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")


class EventRefused(Refused):
    """An event that cannot be taken; `code` says why."""


@dataclass(frozen=True)
class Referrer:
    """A physician as the source writes it: number with or without separators, and name."""

    number: str
    name: str = ""


@dataclass(frozen=True)
class StudyEvent:
    """A new study or a report. Its patient is known by initials from here on.

    `report_id` is the report's own number where the source has one; `content` is whatever tells one
    correction from the next, and is kept as a digest only.
    """

    kind: StudyKind
    referrers: tuple[Referrer, ...]
    study_instance_uid: str = ""
    accession_number: str = ""
    report_id: str = ""
    status: ReportStatus = ReportStatus.NONE
    patient_initials: str = ""
    description: str = ""
    institution: str = ""
    studied_on: date | None = None
    message_key: str | None = None
    content: str = field(default="", repr=False)

    @property
    def subject(self) -> str:
        """What it is about: the study for a study, the order for a report."""
        if self.kind == StudyKind.STUDY:
            return self.study_instance_uid or self.accession_number
        return self.report_id or self.accession_number or self.study_instance_uid

    @property
    def key(self) -> str:
        """The same for everything that tells the same; each correction of a report is another."""
        parts = [str(self.kind), str(self.status), self.subject]
        if self.status == ReportStatus.CORRECTED:
            parts.append(hashlib.sha256(self.content.encode()).hexdigest()[:32])
        return ":".join(filter(None, parts))

    @property
    def digest(self) -> str:
        """SHA-256 in hex of all it tells, to compare one message with another."""
        # Not by `asdict`, which copies every value.
        fields = {**vars(self), "message_key": None, "referrers": [*map(vars, self.referrers)]}
        told = json.dumps(fields, default=str)
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def clean(event: StudyEvent) -> StudyEvent:
    """The event fit to be stored; raises EventRefused `no_subject`, `identifier_invalid`,
    `uid_invalid`, `status_missing`, `too_many_referrers`.
    """
    identifiers: dict[str, Any] = {
        name: _line(getattr(event, name))
        for name in ("study_instance_uid", "accession_number", "report_id")
    }
    for name, value in identifiers.items():
        if len(value) > LONGEST_IDENTIFIER:
            raise EventRefused("identifier_invalid", name)
    uid = identifiers["study_instance_uid"]
    if uid and not _UID.fullmatch(uid):
        raise EventRefused("uid_invalid", "study_instance_uid")
    if len(event.referrers) > MOST_REFERRERS:
        raise EventRefused("too_many_referrers", "referrers", most=MOST_REFERRERS)
    report = event.kind == StudyKind.REPORT
    if report != (event.status != ReportStatus.NONE):
        raise EventRefused("status_missing", "status")
    cleaned = replace(
        event,
        **identifiers,
        referrers=tuple(_referrer(given) for given in event.referrers),
        patient_initials=_line(event.patient_initials)[:10],
        description=_line(event.description)[: LONGEST["description"]],
        institution=_line(event.institution)[: LONGEST["institution"]],
    )
    if not cleaned.subject:
        raise EventRefused("no_subject", "study_instance_uid")
    return cleaned


def initials(family: str, given: str = "") -> str:
    """A patient's initials, given name first, such as `J.P.`; all that is kept of the name."""
    letters = [next((c for c in _line(part) if c.isalpha()), "") for part in (given, family)]
    return "".join(f"{letter.upper()}." for letter in letters if letter)


def _referrer(given: Referrer) -> Referrer:
    return Referrer(_line(given.number), _line(given.name)[: LONGEST["name"]])


def _line(text: str) -> str:
    """One line of printable text."""
    if text.isascii():
        return one_line(text)
    return one_line(unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode()))
