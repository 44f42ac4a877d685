"""What the tags of one image tell of its study (DICOM PS3.3 and PS3.6, by keyword)."""

from datetime import date, datetime
from typing import Any

from pacs_settings.core.studies.events import Referrer, StudyEvent, initials
from pacs_settings.core.tables import StudyKind

Tags = dict[str, Any]
# Who referred (PS3.3, C.7.2.1) and who asked for the images (C.4.12).
PHYSICIANS = {
    "ReferringPhysicianIdentificationSequence": "ReferringPhysicianName",
    "RequestingPhysicianIdentificationSequence": "RequestingPhysician",
}


def event_of(tags: Tags) -> StudyEvent:
    """The event that a study has come, by the tags of one of its images."""
    family, given, *_ = [*_name(_text(tags, "PatientName")), "", ""]
    return StudyEvent(
        kind=StudyKind.STUDY,
        referrers=_referrers(tags),
        study_instance_uid=_text(tags, "StudyInstanceUID"),
        accession_number=_text(tags, "AccessionNumber"),
        patient_initials=initials(family, given),
        description=_text(tags, "StudyDescription"),
        institution=_text(tags, "InstitutionName"),
        studied_on=_day(_text(tags, "StudyDate")),
    )


def person(value: str) -> str:
    """A person name on one line: family name, given names."""
    return " ".join(part for part in _name(value)[:3] if part)


def _name(value: str) -> list[str]:
    """Components of the first way a name is written in: alphabetic, else ideographic, phonetic.

    PS3.5, 6.2.1: `family^given^middle^prefix^suffix=the same in ideographs=phonetic`.
    """
    written = next((group for group in value.split("=") if group.strip("^ ")), "")
    return [part.strip() for part in written.split("^")]


def _referrers(tags: Tags) -> tuple[Referrer, ...]:
    """Each number of the identification sequences; without one, the name alone."""
    found = [
        Referrer(_text(code, "CodeValue"), person(_text(tags, name)))
        for sequence, name in PHYSICIANS.items()
        for item in _items(tags, sequence)
        for code in _items(item, "PersonIdentificationCodeSequence")
        if _text(code, "CodeValue")
    ]
    alone = Referrer("", person(_text(tags, "ReferringPhysicianName")))
    return tuple(dict.fromkeys(found)) or (alone,)


def _text(tags: Tags, name: str) -> str:
    value = tags.get(name, "")
    return value.strip(" \0") if isinstance(value, str) else ""


def _items(tags: Tags, name: str) -> list[Tags]:
    value = tags.get(name, [])
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _day(value: str) -> date | None:
    """A date (PS3.5, 6.2), also as ACR-NEMA wrote it, with dots."""
    try:
        return datetime.strptime(value.replace(".", ""), "%Y%m%d").date()
    except ValueError:
        return None
