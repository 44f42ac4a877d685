"""Why do I get this: one line explained, with a preview and a test e-mail."""

from dataclasses import dataclass, replace

import reflex as rx

from pacs_settings.access.permissions import Permission, requires
from pacs_settings.access.principal import current, language
from pacs_settings.core import dates
from pacs_settings.core.studies import why
from pacs_settings.core.studies.why import Event, Mail, Why
from pacs_settings.core.tables import StudyKind
from pacs_settings.pages.answers import ask
from pacs_settings.pages.texts import say


@dataclass
class Fact:
    """A line of the explanation: what, when (ISO 8601), what came of it."""

    label: str
    text: str
    at: str
    note: str


@dataclass
class Preview:
    """An e-mail as it would come."""

    title: str
    subject: str
    body: str


class LineState(rx.State):
    """The line whose explanation is open."""

    open: bool = False
    line: int = 0
    source: str = ""
    rule: str = ""
    facts: list[Fact] = []
    shared_with: str = ""
    previews: list[Preview] = []
    said: str = ""
    problem: str = ""

    @rx.event
    @requires(Permission.MAPPINGS_READ)
    async def explain(self, line: int):
        """Open the explanation of a line."""
        answer = await ask(_told, current().account_id, line)
        self.said, self.problem = "", answer.problem
        self.open = True
        if answer.value is None:
            self.facts, self.previews, self.rule, self.shared_with = [], [], "", ""
            return
        found, previews = answer.value
        self.previews = [replace(p, title=say(f"mappings.preview_{p.title}")) for p in previews]
        self.line, self.source = line, found.source
        self.rule = say("mappings.rule", source=found.source, number=found.number, name=found.name)
        self.facts = _facts(found)
        self.shared_with = _shared_with(found)

    @rx.event
    @requires(Permission.MAPPINGS_READ)
    async def close(self):
        """Close it."""
        self.open = False

    @rx.event
    @requires(Permission.MAPPINGS_WRITE)
    async def send_test(self):
        """Have a test e-mail sent for the line that is explained."""
        answer = await ask(why.send_test, current(), self.line, StudyKind.STUDY)
        self.problem = answer.problem
        self.said = say("mappings.test_sent") if answer.ok else ""


def _told(account_id: int, line: int) -> tuple[Why, list[Preview]]:
    """What core knows of a line, and its e-mails; in a thread."""
    found = why.explain(account_id, line)
    previews = []
    for kind in StudyKind:
        letter = why.preview(account_id, line, kind)
        previews.append(Preview(str(kind), letter.subject, letter.body))
    return found, previews


def _facts(found: Why) -> list[Fact]:
    return [
        _event("mappings.last_study", found.study),
        _event("mappings.last_report", found.report),
        _mail(found.mail),
    ]


def _event(label: str, event: Event | None) -> Fact:
    if event is None:
        return Fact(say(label), say("mappings.nothing_yet"), "", "")
    what = event.description or say("mappings.no_description")
    if event.studied_on:
        day = dates.day(event.studied_on, language())
        what = say("mappings.exam_of", description=what, date=day)
    note = say(f"mappings.fate.{event.fate}")
    return Fact(say(label), what, event.received_at.isoformat(), note)


def _mail(mail: Mail | None) -> Fact:
    label = say("mappings.last_mail")
    if mail is None:
        return Fact(label, say("mappings.nothing_yet"), "", "")
    note = say(f"mappings.delivery.{mail.delivery}", problem=mail.problem)
    return Fact(label, "", mail.at.isoformat(), note)


def _shared_with(found: Why) -> str:
    if not found.group:
        return say("mappings.not_shared")
    return f"{found.group}: {', '.join(found.members)}"
