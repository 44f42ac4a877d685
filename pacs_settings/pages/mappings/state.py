"""Mappings: a page of lines, the answer to the latest switch, filter and order."""

import asyncio

import reflex as rx

from pacs_settings.access.permissions import Permission, requires
from pacs_settings.access.principal import current
from pacs_settings.access.tabs import tabs
from pacs_settings.core import mappings
from pacs_settings.core.mappings import Line, Order, Shared, Switch
from pacs_settings.pages.answers import Answer, ask
from pacs_settings.pages.texts import say


class MappingsState(rx.State):
    """The lines as loaded, and in `flips` what was switched since, by `switch name`."""

    loaded: bool = False
    lines: list[Line] = []
    shared: list[Shared] = []
    flips: dict[str, bool] = {}
    total: int = 0
    number: int = 1
    pages: int = 1
    text: str = ""
    order: str = "source"
    descending: bool = False
    default_study: bool = False
    default_report: bool = False
    answer: int = 0
    answered: str = ""
    said: str = ""
    problem: str = ""

    @rx.event
    @requires(Permission.MAPPINGS_READ)
    async def load(self):
        """Read the page that filter, order and number ask for."""
        await self._load()
        self.shared = await asyncio.to_thread(mappings.shared, current().account_id)
        self.said = self.problem = ""

    @rx.event
    @requires(Permission.MAPPINGS_READ)
    async def refresh(self):
        """Another tab of this account has changed something."""
        await self._load()

    @rx.event
    @requires(Permission.MAPPINGS_READ)
    async def filter(self, text: str):
        """Show the lines that contain these words."""
        self.text, self.number = text[: mappings.LONGEST_FILTER], 1
        await self._load()

    @rx.event
    @requires(Permission.MAPPINGS_READ)
    async def sort(self, order: str):
        """Sort by a column; the same one again turns the order round."""
        if order not in list(Order):
            return
        self.descending = self.order == order and not self.descending
        self.order, self.number = order, 1
        await self._load()

    @rx.event
    @requires(Permission.MAPPINGS_READ)
    async def turn_page(self, step: int):
        """Go so many pages on."""
        self.number = max(1, self.number + max(-1000, min(step, 1000)))
        await self._load()

    @rx.event
    @requires(Permission.MAPPINGS_WRITE)
    async def toggle(self, line: int, which: str, on: bool):
        """Turn one switch of a line, at once."""
        if which not in list(Switch):
            return
        answer = await ask(mappings.switch, current(), line, Switch(which), on)
        if answer.ok:
            self.flips[f"{which} {line}"] = on
        self._tell(f"{which} {line}", which, answer)

    @rx.event
    @requires(Permission.MAPPINGS_WRITE)
    async def toggle_default(self, which: str, on: bool):
        """Turn a default for mappings that come later."""
        if which not in list(Switch):
            return
        answer = await ask(mappings.switch_default, current(), Switch(which), on)
        if answer.ok and which == Switch.STUDY:
            self.default_study = on
        elif answer.ok:
            self.default_report = on
        self._tell(f"{which} default", which, answer)

    def _tell(self, name: str, which: str, answer: Answer[bool]) -> None:
        self.answered, self.answer = name, self.answer + 1
        self.problem = answer.problem
        state = "on" if answer.value else "off"
        self.said = say(f"mappings.said.{which}.{state}") if answer.ok else ""
        if answer.ok:
            token = self._get_root_state().router_data["token"]
            tabs.nudge_others(current().account_id, token, f"{self.get_full_name()}.refresh")

    async def _load(self) -> None:
        found = await asyncio.to_thread(
            mappings.page,
            current().account_id,
            text=self.text,
            order=Order(self.order),
            descending=self.descending,
            number=self.number,
        )
        self.lines, self.flips = found.lines, {}
        self.total, self.number, self.pages = found.total, found.number, found.pages
        self.default_study = found.default_on_study
        self.default_report = found.default_on_report
        self.loaded = True
