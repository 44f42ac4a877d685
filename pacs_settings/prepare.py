"""What must be so before the first request: a database that answers, in its newest form."""

import asyncio
import logging

from pacs_settings.config import config
from pacs_settings.core import db, demo, migrate
from pacs_settings.core.accounts import passwords

log = logging.getLogger(__name__)
PAUSE = 5.0  # seconds between looks for a database that is away


async def prepare() -> None:
    """Wait for the database, then migrate, and load demonstration data where it is wanted."""
    while why := await asyncio.to_thread(_unusable):
        log.error("the database cannot be used: %s", why)
        await asyncio.sleep(PAUSE)
    await asyncio.to_thread(_prepare)


def _unusable() -> str:
    try:
        db.check()
    except db.Unusable as unfit:
        return str(unfit)
    return ""


def _prepare() -> None:
    migrate.upgrade()
    passwords.warm_up()
    if config().demo and demo.load_into_empty():
        log.info("demonstration data loaded")
