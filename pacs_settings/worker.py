"""Sends what the outbox holds, and looks after sessions of people who left their directory.

In the app's lifespan, or as a process of its own.
"""

import asyncio
import logging

from pacs_settings.adapters.apprise_sms import AppriseTexter
from pacs_settings.adapters.file_outbox import FileOutbox
from pacs_settings.adapters.ldap_directory import LdapDirectory
from pacs_settings.config import config
from pacs_settings.core import outbox, ports
from pacs_settings.core.accounts import directory_watch, forgotten
from pacs_settings.logs import quiet_values

log = logging.getLogger(__name__)
PAUSE = 0.5  # seconds between looks when nothing is due
LONG_PAUSE = 5.0  # seconds after a failure, such as that the database is away


async def work() -> None:
    """Send what is due, for ever; a failure is logged and tried again."""
    files = FileOutbox(config().data_dir / "outbox")
    texter = AppriseTexter(config().sms_url) if config().sms_url else files
    while True:
        try:
            done = await asyncio.to_thread(_once, files, texter)
        except Exception:
            log.exception("outbox could not be worked on")
            await asyncio.sleep(LONG_PAUSE)
            continue
        if not done:
            await asyncio.sleep(PAUSE)


def _once(mailer: ports.Mailer, texter: ports.Texter) -> int:
    return forgotten.work_off() + outbox.send_due(mailer, texter)


async def watch_directories() -> None:
    """Look at all directories once a minute, for ever; each worker may."""
    while True:
        try:
            await asyncio.to_thread(directory_watch.look)
        except Exception:
            log.exception("directories could not be looked at")
        await asyncio.sleep(directory_watch.EVERY)


async def _alone() -> None:
    ports.directories["ldap"] = LdapDirectory
    await asyncio.gather(work(), watch_directories())


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    quiet_values()
    asyncio.run(_alone())
