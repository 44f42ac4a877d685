"""One look at all open sessions every few seconds: warn before an end, leave after it."""

import asyncio
import logging
from datetime import timedelta

from reflex.app import App

from pacs_settings.access.sign_in_routes import LOOK
from pacs_settings.access.tabs import tabs
from pacs_settings.core.accounts import sessions
from pacs_settings.core.clock import now

log = logging.getLogger(__name__)
EVERY = 2.0  # seconds; tabs of an ended session must leave within ten
WARN = timedelta(seconds=120)


async def watch(app: App) -> None:
    """Nudge the tabs of sessions that are about to end, have ended, or were prolonged."""
    warned: set[str] = set()
    while True:
        await asyncio.sleep(EVERY)
        try:
            tabs.forget_gone(app)
            warned = await _look(warned)
        except Exception:  # the watch must outlive a database that is away
            log.exception("sessions could not be looked at")


async def _look(warned: set[str]) -> set[str]:
    ends = await asyncio.to_thread(sessions.ends, list(tabs.of_session))
    over = {name for name, end in ends.items() if end.ended_why}
    near = {name for name, end in ends.items() if end.ends_at - now() <= WARN} - over
    for session_id in over | (near ^ (warned & ends.keys())):
        tabs.nudge_session(session_id, LOOK)
    return near
