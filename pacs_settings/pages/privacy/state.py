"""Privacy: the switches as they stand on the page, as they are saved, and what a colleague sees."""

import asyncio

import reflex as rx

from pacs_settings.access.permissions import Permission, requires
from pacs_settings.access.principal import current
from pacs_settings.core import privacy
from pacs_settings.core.privacy import Person, Switches
from pacs_settings.pages.answers import ask
from pacs_settings.pages.texts import say


class PrivacyState(rx.State):
    """Three switches that are saved together."""

    loaded: bool = False
    contact: bool = False
    email: bool = False
    mobile: bool = False
    changed: bool = False
    answer: int = 0
    answered: str = ""
    found: str = ""
    card_name: str = ""
    card_numbers: list[str] = []
    card_email: str = ""
    card_mobile: str = ""
    said: str = ""
    problem: str = ""

    @rx.event
    @requires(Permission.PRIVACY)
    async def load(self):
        """Read what is saved."""
        switches, person = await asyncio.to_thread(privacy.load, current().account_id)
        self._show(switches, switches, person)
        self.said = self.problem = ""
        self.loaded = True

    @rx.event
    @requires(Permission.PRIVACY)
    async def toggle(self, which: str, on: bool):
        """Move a switch on the page; nothing is saved yet, the preview follows."""
        if which not in ("contact", "email", "mobile"):
            return
        setattr(self, which, on)
        saved, person = await asyncio.to_thread(privacy.load, current().account_id)
        self._show(self._chosen(), saved, person)
        self.said = self.problem = ""
        self.answered, self.answer = which, self.answer + 1

    @rx.event
    @requires(Permission.PRIVACY)
    async def save(self):
        """Save the three together; nothing to do where nothing changed."""
        if not self.changed:
            return
        answer = await ask(privacy.save, current(), self._chosen())
        self.problem = answer.problem
        if answer.value:
            self.changed = False
            self.said = say("saved")

    def _chosen(self) -> Switches:
        return Switches(self.contact, self.email, self.mobile)

    def _show(self, chosen: Switches, saved: Switches, person: Person) -> None:
        self.contact, self.email, self.mobile = (
            chosen.contact,
            chosen.email,
            chosen.mobile,
        )
        self.changed = chosen != saved
        card = privacy.card(person, chosen)
        self.found = say(f"privacy.found.{card.found_by}")
        self.card_name, self.card_numbers = card.name, list(card.numbers)
        self.card_email, self.card_mobile = card.email, card.mobile
