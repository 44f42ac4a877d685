"""Looks at what open tabs must hear of: sessions that end, lines of mappings that are new."""

import asyncio
import logging
from datetime import datetime, timedelta

from reflex.app import App

from pacs_settings.access.sign_in_routes import LOOK
from pacs_settings.access.tabs import tabs
from pacs_settings.core import mappings
from pacs_settings.core.accounts import sessions
from pacs_settings.core.clock import now

log = logging.getLogger(__name__)
EVERY = 2.0  # seconds; tabs of an ended session must leave within ten
WARN = timedelta(seconds=120)
LINES_EVERY = 1.0  # seconds
OVERLAP = timedelta(seconds=30)
LINES = "reflex___state____state.pacs_settings___pages___mappings___state____mappings_state.refresh"


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


async def watch_lines(app: App) -> None:
    """Nudge open tabs of whoever has a line that a source, or a link of an e-mail, has changed.

    Whatever process has written it: this one asks the database, for all its tabs at once.
    """
    told: set[tuple[int, datetime]] = set()
    while True:
        await asyncio.sleep(LINES_EVERY)
        try:
            told = await _tell_lines(told)
        except Exception:
            log.exception("mappings could not be looked at")


async def _tell_lines(told: set[tuple[int, datetime]]) -> set[tuple[int, datetime]]:
    accounts = list(tabs.of_account)
    if not accounts:
        return set()
    # Written before it is committed: what is told is remembered for longer than that can take.
    changed = await asyncio.to_thread(mappings.changed_since, accounts, now() - OVERLAP)
    for account_id in {account_id for account_id, _ in changed - told}:
        tabs.nudge_others(account_id, "", LINES)
    return changed


async def _look(warned: set[str]) -> set[str]:
    ends = await asyncio.to_thread(sessions.ends, list(tabs.of_session))
    over = {name for name, end in ends.items() if end.ended_why}
    near = {name for name, end in ends.items() if end.ends_at - now() <= WARN} - over
    for session_id in over | (near ^ (warned & ends.keys())):
        tabs.nudge_session(session_id, LOOK)
    return near
