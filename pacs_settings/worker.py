"""Sends what the outbox holds; in the app's lifespan, or as a process of its own."""

import asyncio
import logging

from pacs_settings.adapters.file_outbox import FileOutbox
from pacs_settings.config import config
from pacs_settings.core import outbox

log = logging.getLogger(__name__)
PAUSE = 1.0  # seconds between looks when nothing is due


async def work() -> None:
    """Send what is due, for ever; a failure is logged and tried again."""
    mailer = FileOutbox(config().data_dir / "outbox")
    while True:
        try:
            sent = await asyncio.to_thread(outbox.send_due, mailer)
        except Exception:
            log.exception("outbox could not be worked on")
            sent = 0
        if not sent:
            await asyncio.sleep(PAUSE)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(work())
