"""What every page knows of its session: who, what may be shown, when it ends."""

import asyncio

import reflex as rx

from pacs_settings.access.permissions import Permission, requires
from pacs_settings.access.principal import current
from pacs_settings.core import clock, personal
from pacs_settings.core.accounts import sessions

WARN_SECONDS = 120


class SessionState(rx.State):
    """The session of this tab."""

    loaded: bool = False
    name: str = ""
    may_sign: bool = False
    may_report: bool = False
    must_enrol: bool = False
    method: str = ""
    seconds_left: int = 0
    absolute: bool = False
    answer: int = 0
    trouble: bool = False

    @rx.event
    @requires(Permission.SESSION)
    async def load(self):
        """Tell the page who is signed in."""
        acting = current()
        settings = await asyncio.to_thread(personal.load, acting.account_id)
        self.name = settings.name
        self.may_sign = acting.may(Permission.SIGNATURE)
        self.may_report = acting.may(Permission.REPORTS)
        self.must_enrol, self.method = acting.must_enrol, acting.method
        self.trouble = False
        await self._look()
        self.loaded = True

    @rx.event
    @requires(Permission.SESSION)
    async def look(self):
        """See whether the session is about to end; the server asks for this, not the page."""
        await self._look()

    @rx.event
    @requires(Permission.SESSION)
    async def stay(self):
        """Stay signed in: the gate has noted the use, so only the warning goes."""
        await self._look()

    @rx.event
    @requires(Permission.PUBLIC)
    def report_trouble(self):
        """Something failed that nobody foresaw; say so without details."""
        self.trouble = True

    async def _look(self) -> None:
        session_id = current().session_id
        end = (await asyncio.to_thread(sessions.ends, [session_id])).get(session_id)
        left = (end.ends_at - clock.now()).total_seconds() if end else 0
        self.seconds_left = max(1, int(left)) if end and left <= WARN_SECONDS else 0
        self.absolute = bool(end and end.absolute)
        self.answer += 1
