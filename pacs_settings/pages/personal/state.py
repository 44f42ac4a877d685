"""Personal settings: what is shown, what was typed and refused, the login history."""

import asyncio
from dataclasses import dataclass

import reflex as rx

from pacs_settings.access.permissions import Permission, requires
from pacs_settings.access.principal import current
from pacs_settings.core import personal, user_agents
from pacs_settings.core.accounts import history, sessions
from pacs_settings.core.personal import NumberLine
from pacs_settings.core.tables import SignInAttempt
from pacs_settings.pages.answers import ask
from pacs_settings.pages.texts import say


@dataclass
class Attempt:
    """A line of the login history, in words."""

    id: int
    at: str
    address: str
    device: str
    means: str
    outcome: str
    failed: bool


class PersonalState(rx.State):
    """The account's own data."""

    loaded: bool = False
    username: str = ""
    name: str = ""
    numbers: list[NumberLine] = []
    mobile_phone: str = ""
    work_phone: str = ""
    gender: str = "not_given"
    language: str = "en"
    answer: int = 0
    accepted: bool = False
    field: str = ""
    problem: str = ""
    last_success: str = ""
    failures: str = ""
    history_open: bool = False
    attempts: list[Attempt] = []
    doubted: int = 0
    history_problem: str = ""

    @rx.event
    @requires(Permission.PERSONAL)
    async def load(self):
        """Read the settings, and what to tell about earlier sign-ins."""
        acting = current()
        self._show(await asyncio.to_thread(personal.load, acting.account_id))
        notice = await asyncio.to_thread(history.notice, acting.account_id)
        self.last_success = notice.last_success.isoformat() if notice.last_success else ""
        count = notice.failures_since
        self.failures = say("personal.failures_since", count=count) if count else ""
        self.history_open, self.attempts = False, []
        self.doubted, self.history_problem = 0, ""
        self.loaded = True

    @rx.event
    @requires(Permission.PERSONAL)
    async def save(self, typed: dict):
        """Store gender, work phone and language; what is refused stays as typed."""
        answer = await ask(personal.save, current(), typed)
        if answer.value:
            self._show(answer.value)
        self.accepted, self.field, self.problem = (
            answer.ok,
            answer.field,
            answer.problem,
        )
        self.answer += 1

    @rx.event
    @requires(Permission.HISTORY)
    async def toggle_history(self):
        """Show or hide the latest attempts to sign in."""
        self.history_open = not self.history_open
        rows = await asyncio.to_thread(history.latest, current().account_id)
        self.attempts = [_attempt(row) for row in rows] if self.history_open else []

    @rx.event
    @requires(Permission.HISTORY)
    def doubt(self, attempt: int):
        """Ask what to do about an attempt that somebody else made; 0 takes it back."""
        self.doubted = attempt

    @rx.event
    @requires(Permission.SESSIONS, fresh=True)
    async def not_me(self):
        """End all other sessions, then go where the password is changed."""
        answer = await ask(sessions.end_all_others, current())
        self.doubted, self.history_problem = 0, answer.problem
        return rx.redirect("/settings/security?change=password") if answer.ok else None

    def _show(self, settings: personal.PersonalSettings) -> None:
        self.username, self.name = settings.username, settings.name
        self.numbers = settings.numbers
        self.mobile_phone, self.work_phone = settings.mobile_phone, settings.work_phone
        self.gender, self.language = settings.gender, settings.language


def _attempt(row: SignInAttempt) -> Attempt:
    reason = f": {say(f'history.reason.{row.reason}')}" if row.reason else ""
    return Attempt(
        id=row.id or 0,
        at=row.at.isoformat(),
        address=row.address,
        device=", ".join(part for part in user_agents.describe(row.user_agent) if part)
        or say("unknown"),
        means=say(f"history.means.{row.means}"),
        outcome=say(f"history.outcome.{row.outcome}") + reason,
        failed=row.outcome == "failure",
    )
