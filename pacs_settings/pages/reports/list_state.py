"""The list of reports: a page of those in one state, or of all."""

import asyncio
from dataclasses import dataclass

import reflex as rx

from pacs_settings.access.permissions import Permission, requires
from pacs_settings.access.principal import current, language
from pacs_settings.core import dates
from pacs_settings.core.reports import reports
from pacs_settings.core.tables import ReportState as State
from pacs_settings.pages.texts import say


@dataclass(frozen=True)
class Row:
    """One report as the table shows it."""

    id: int
    studied_on: str
    description: str
    source: str
    accession_number: str
    patient: str
    state: str
    state_name: str
    changed_at: str


class ReportsState(rx.State):
    """The rows as loaded."""

    loaded: bool = False
    rows: list[Row] = []
    total: int = 0
    number: int = 1
    pages: int = 1
    chosen: str = ""

    @rx.event
    @requires(Permission.REPORTS)
    async def load(self):
        """Read the page that filter and number ask for."""
        await self._load()

    @rx.event
    @requires(Permission.REPORTS)
    async def show_state(self, which: str):
        """Show those in one state, or all where it is empty."""
        self.chosen, self.number = (which if which in list(State) else ""), 1
        await self._load()

    @rx.event
    @requires(Permission.REPORTS)
    async def turn_page(self, step: int):
        """Go so many pages on."""
        self.number = max(1, self.number + max(-1000, min(step, 1000)))
        await self._load()

    async def _load(self) -> None:
        found = await asyncio.to_thread(
            reports.listed, current().account_id, self.chosen, self.number
        )
        self.rows = [_row(facts) for facts in found.reports]
        self.total, self.number, self.pages = found.total, found.number, found.pages
        self.loaded = True


def _row(facts: reports.Facts) -> Row:
    return Row(
        facts.id,
        dates.day(facts.studied_on, language()) if facts.studied_on else "",
        facts.description or say("reports.no_description"),
        facts.source,
        facts.accession_number,
        facts.patient_initials,
        facts.state,
        say(f"reports.state.{facts.state}"),
        facts.changed_at.isoformat(),
    )
