"""One report: what stands, what its editor has typed, and the answer to the latest act."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import reflex as rx

from pacs_settings.access.permissions import Permission, requires
from pacs_settings.access.principal import current
from pacs_settings.access.tabs import tabs
from pacs_settings.core import clock
from pacs_settings.core.reports import drafts, reports, returning
from pacs_settings.core.reports.reports import Opened
from pacs_settings.pages.answers import ask
from pacs_settings.pages.reports import shown
from pacs_settings.pages.reports.shown import Change, Fact, Mark, Return, Step
from pacs_settings.pages.texts import say

MOST = 2**31 - 1  # of a number that a browser sends as a report or revision


class ReportState(rx.State):
    """The report as loaded; `stamp` changes with it, and `answer` with each act."""

    loaded: bool = False
    found: bool = False
    report: int = 0
    revision: int = 0
    final: bool = False
    title: str = ""
    facts: list[Fact] = []
    findings: str = ""
    conclusion: str = ""
    signed: Mark = Mark()
    addenda: list[Mark] = []
    history: list[Step] = []
    returns: list[Return] = []
    signs: bool = False
    may_validate: bool = False
    typed: dict[str, str] = {}
    base: int = 0
    stamp: str = ""
    fill: bool = False
    saved: int = 0
    kept: int = 0
    kept_at: str = ""
    keep_problem: str = ""
    aside: str = ""
    conflict: str = ""
    changes: list[Change] = []
    answer: int = 0
    field: str = ""
    problem: str = ""
    said: str = ""

    @rx.event
    @requires(Permission.REPORTS)
    async def load(self):
        """Read the report that the page's address names."""
        self.field = self.problem = self.said = self.aside = self.keep_problem = ""
        await self._load(_named(self.router.url.path))
        self.loaded = True

    @rx.event
    @requires(Permission.REPORTS)
    async def refresh(self):
        """Another tab of this account has kept or saved something."""
        if self.found:
            await self._load(self.report)

    @rx.event
    @requires(Permission.REPORTS)
    async def keep(self, typed: dict):
        """Keep what is typed, so that neither a lost connection nor a reload loses it."""
        report, revision, number = _numbers(typed)
        answer = await ask(drafts.keep, current(), report, typed, revision)
        if report != self.report:  # the page shows another one by now
            return
        self.keep_problem = answer.problem
        if answer.value:
            self.kept, self.kept_at = number, answer.value.kept_at.isoformat()
            self._tell_others()

    @rx.event
    @requires(Permission.REPORTS)
    async def save(self, typed: dict):
        """Save the next version, signed."""
        await self._write(reports.save, typed, "saved")

    @rx.event
    @requires(Permission.REPORTS, fresh=True)
    async def validate(self, typed: dict):
        """Save the version that is final."""
        await self._write(reports.validate, typed, "reports.validated")

    @rx.event
    @requires(Permission.REPORTS, fresh=True)
    async def add(self, typed: dict):
        """Add to a final report."""
        await self._write(reports.add, typed, "reports.added")

    @rx.event
    @requires(Permission.REPORTS)
    async def discard(self, typed: dict):
        """Forget what was kept, and show what stands; what was typed stays to be read."""
        report, _revision, _number = _numbers(typed)
        answer = await ask(drafts.discard, current(), report)
        self.field, self.problem, self.said = answer.field, answer.problem, ""
        if answer.ok:
            await self._load(report, fill=True)
            parts = (typed.get(name) for name in ("findings", "conclusion"))
            self.aside = "\n\n".join(part for part in parts if isinstance(part, str) and part)
            self._tell_others()
        self.answer += 1

    async def _write(self, work: Callable[..., Opened], typed: dict, said: str) -> None:
        report, revision, number = _numbers(typed)
        answer = await ask(work, current(), report, typed, revision)
        self.field, self.problem, self.said = answer.field, answer.problem, ""
        if answer.code == "report_changed":
            await ask(drafts.keep, current(), report, typed, revision)
            self.kept = number
            await self._load(report)
        elif answer.value:
            self.said, self.aside = say(said), ""
            await self._show(answer.value, saved=number)
            await self._look_back(answer.value)
            self._tell_others()
        self.answer += 1

    async def _load(self, report: int, *, fill: bool = False) -> None:
        answer = await ask(reports.opened, current().account_id, report)
        if answer.value:
            await self._show(answer.value, fill=fill)
            await self._look_back(answer.value)
        elif answer.code == "not_found":
            self.reset()
            self.loaded = True
        else:
            self.problem = answer.problem

    async def _show(self, opened: Opened, *, fill: bool = False, saved: int = 0) -> None:
        self.found = self.loaded = True
        self.report, self.revision = opened.facts.id, opened.revision
        self.title = opened.facts.description or say("reports.no_description")
        self.facts, self.final = shown.facts(opened.facts), shown.final(opened)
        self.findings = opened.latest.text.findings if opened.latest else ""
        self.conclusion = opened.latest.text.conclusion if opened.latest else ""
        self.signed, self.addenda, self.changes = await asyncio.to_thread(shown.drawn, opened)
        self.history = shown.steps(opened.history)
        self.signs, self.may_validate = opened.signs, opened.may_validate
        self._offer(opened)
        self.fill, self.saved, self.stamp = fill, saved, clock.now().isoformat()

    async def _look_back(self, opened: Opened) -> None:
        """How far the PDF is on its way back to the source."""
        answer = await ask(returning.where, opened.final_id)
        self.returns = shown.returns(answer.value or [])

    def _offer(self, opened: Opened) -> None:
        """What the boxes begin with, and upon what that was typed."""
        draft = opened.draft
        self.typed = shown.typed(opened)
        self.base = draft.revision if draft else opened.revision
        self.kept_at = draft.kept_at.isoformat() if draft else ""
        self.conflict = shown.conflict(opened)

    def _tell_others(self) -> None:
        token = self._get_root_state().router_data["token"]
        tabs.nudge_others(current().account_id, token, f"{self.get_full_name()}.refresh")


def _named(path: str) -> int:
    """The report that an address names, or 0."""
    named = re.fullmatch(r"/reports/([0-9]{1,9})/?", path)
    return int(named[1]) if named else 0


def _numbers(typed: dict[str, Any]) -> tuple[int, int, int]:
    """Report, revision and number of the typing; -1 where they are none."""
    found = (typed.get(name) for name in ("report", "revision", "number"))
    report, revision, number = (
        one if isinstance(one, int) and not isinstance(one, bool) else -1 for one in found
    )
    return _fit(report), _fit(revision), number


def _fit(number: int) -> int:
    return number if 0 <= number <= MOST else -1
