"""Where the account is signed in, and which browsers are remembered."""

import asyncio
from dataclasses import dataclass

import reflex as rx

from pacs_settings.access.permissions import Permission, requires
from pacs_settings.access.principal import current
from pacs_settings.access.sign_in_routes import LOOK
from pacs_settings.access.tabs import tabs
from pacs_settings.core import user_agents
from pacs_settings.core.accounts import remembered, sessions
from pacs_settings.core.accounts.remembered import Browser
from pacs_settings.core.tables import SignInSession
from pacs_settings.pages.answers import ask
from pacs_settings.pages.texts import say


@dataclass
class Line:
    """A session in words; moments in ISO 8601."""

    id: str
    device: str
    address: str
    started_at: str
    used_at: str
    here: bool


class SessionsState(rx.State):
    """Sessions and remembered browsers of the account."""

    loaded: bool = False
    lines: list[Line] = []
    browsers: list[Browser] = []
    said: str = ""
    problem: str = ""

    @rx.event
    @requires(Permission.SESSIONS)
    async def load(self):
        """Read both lists."""
        await self._load()
        self.said = self.problem = ""

    @rx.event
    @requires(Permission.SESSIONS, fresh=True)
    async def end(self, session_id: str):
        """End another session; its tabs leave at once."""
        answer = await ask(sessions.end_one, current(), session_id)
        if answer.ok:
            tabs.nudge_session(session_id, LOOK)
        await self._tell(answer.problem, "security.session_ended")

    @rx.event
    @requires(Permission.SESSIONS, fresh=True)
    async def end_others(self):
        """End all sessions but this one."""
        answer = await ask(sessions.end_all_others, current())
        for line in self.lines:
            if answer.ok and not line.here:
                tabs.nudge_session(line.id, LOOK)
        await self._tell(answer.problem, "security.sessions_ended")

    @rx.event
    @requires(Permission.SESSIONS)
    async def forget(self, browser_id: str):
        """Ask this browser for the second factor again."""
        answer = await ask(remembered.forget, current(), browser_id)
        await self._tell(answer.problem, "security.browser_forgotten")

    async def _tell(self, problem: str, done: str) -> None:
        await self._load()
        self.problem, self.said = problem, "" if problem else say(done)

    async def _load(self) -> None:
        acting = current()
        rows = await asyncio.to_thread(sessions.alive, acting.account_id)
        here = [row for row in rows if row.id == acting.session_id]
        others = [row for row in rows if row.id != acting.session_id]
        self.lines = [_line(row, here=True) for row in here]
        self.lines += [_line(row, here=False) for row in others]
        self.browsers = await asyncio.to_thread(remembered.listed, acting.account_id)
        self.loaded = True


def _line(row: SignInSession, *, here: bool) -> Line:
    device = ", ".join(part for part in user_agents.describe(row.user_agent) if part)
    return Line(
        id=row.id,
        device=device or say("unknown"),
        address=row.address,
        started_at=row.started_at.isoformat(),
        used_at=row.used_at.isoformat(),
        here=here,
    )
