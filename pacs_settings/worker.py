"""Sends what the outbox holds; in the app's lifespan, or as a process of its own."""

import asyncio
import logging

from pacs_settings.adapters.file_outbox import FileOutbox
from pacs_settings.config import config
from pacs_settings.core import outbox
from pacs_settings.core.accounts import forgotten

log = logging.getLogger(__name__)
PAUSE = 0.5  # seconds between looks when nothing is due


async def work() -> None:
    """Send what is due, for ever; a failure is logged and tried again."""
    files = FileOutbox(config().data_dir / "outbox")
    while True:
        try:
            done = await asyncio.to_thread(_once, files)
        except Exception:
            log.exception("outbox could not be worked on")
            done = 0
        if not done:
            await asyncio.sleep(PAUSE)


def _once(files: FileOutbox) -> int:
    return forgotten.work_off() + outbox.send_due(files, files)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(work())
