"""What the page of a report shows, in words and plain values."""

from dataclasses import dataclass

from pacs_settings.access.principal import language
from pacs_settings.core import dates, signature_kinds
from pacs_settings.core.reports import comparison, versions
from pacs_settings.core.reports.reports import Facts, Opened
from pacs_settings.core.reports.returning import Where
from pacs_settings.core.reports.texts import Text
from pacs_settings.core.reports.versions import Version
from pacs_settings.core.tables import ReportState, VersionKind
from pacs_settings.pages.texts import say


@dataclass(frozen=True)
class Fact:
    """Something that is known of the study."""

    label: str
    text: str


@dataclass(frozen=True)
class Mark:
    """How a version is signed; `svg` is empty where it is not."""

    text: str = ""
    svg: str = ""
    name: str = ""
    number: str = ""
    at: str = ""


@dataclass(frozen=True)
class Step:
    """One version in the history."""

    number: int
    what: str
    name: str
    at: str


@dataclass(frozen=True)
class Change:
    """A line of a comparison: `side` is both, mine or theirs; a `heading` begins a part."""

    place: int
    side: str
    text: str
    heading: str


@dataclass(frozen=True)
class Return:
    """How far the PDF is on one way back to its source."""

    way: str
    state: str
    at: str


def returns(found: list[Where]) -> list[Return]:
    """The ways back, in words."""
    return [
        Return(
            say(f"reports.back.{one.channel}"),
            say(f"reports.back.{one.state}"),
            one.at.isoformat(),
        )
        for one in found
    ]


def facts(known: Facts) -> list[Fact]:
    """The study's facts that are known."""
    values = {
        "studied_on": dates.day(known.studied_on, language()) if known.studied_on else "",
        "description": known.description,
        "source": known.source,
        "institution": known.institution,
        "accession": known.accession_number,
        "study_uid": known.study_instance_uid,
        "patient": known.patient_initials,
        "state": say(f"reports.state.{known.state}"),
    }
    return [Fact(say(f"reports.{name}"), text) for name, text in values.items() if text]


def drawn(opened: Opened) -> tuple[Mark, list[Mark], list[Change]]:
    """What stands, addenda and a conflict: takes some 50 ms a signature, so not on the loop."""
    added = [mark(one, say("reports.signed_by", name=one.name)) for one in opened.addenda]
    return mark(opened.latest, say("reports.signature")), added, changes(opened)


def mark(version: Version | None, title: str) -> Mark:
    """The signature beneath a version; its image is named `title`."""
    if version is None:
        return Mark()
    content = version.mark
    svg = signature_kinds.to_svg(content, title) if content else ""
    at = version.at.isoformat()
    return Mark(joined(version.text), svg, version.name, version.physician_number, at)


def steps(history: list[versions.Step]) -> list[Step]:
    """The history, the latest first."""
    return [
        Step(one.number, say(f"reports.kind.{one.kind}"), one.name, one.at.isoformat())
        for one in history
    ]


def changes(opened: Opened) -> list[Change]:
    """How what is kept differs from what was saved meanwhile; all of that where it is final."""
    if not stale(opened) or opened.draft is None:
        return []
    theirs = opened.newest.text if opened.newest else Text()
    mine = Text() if final(opened) else opened.draft.text
    lines, found, part = comparison.compared(mine, theirs), list[Change](), ""
    for place, line in enumerate(lines):
        heading = "" if line.part == part else say(f"reports.{line.part}")
        part = line.part
        found.append(Change(place, line.side, line.text, heading))
    return found


def stale(opened: Opened) -> bool:
    """Whether what is kept was typed upon less than what stands now."""
    return opened.draft is not None and opened.draft.revision < opened.revision


def conflict(opened: Opened) -> str:
    """Who has saved meanwhile, as a sentence; empty where nobody has."""
    if not stale(opened):
        return ""
    theirs = opened.history[0]
    key = "saved" if theirs.kind == VersionKind.SAVED else "final"
    return say(f"reports.changed.{key}", name=theirs.name)


def typed(opened: Opened) -> dict[str, str]:
    """What the boxes begin with: what is kept, else what stands; an addendum begins empty."""
    if final(opened):
        return {"findings": joined(opened.draft.text) if opened.draft else ""}
    stands = opened.latest.text if opened.latest else Text()
    text = opened.draft.text if opened.draft else stands
    return {"findings": text.findings, "conclusion": text.conclusion}


def final(opened: Opened) -> bool:
    """Whether only addenda can change it."""
    return opened.facts.state == ReportState.VALIDATED


def joined(text: Text) -> str:
    """Findings and conclusion as one text."""
    return "\n\n".join(part for part in (text.findings, text.conclusion) if part)
