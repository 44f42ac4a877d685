"""What runs beside the pages, or in a process of its own.

Messages leave, sources are listened to, sessions end of people who left their directory, look-ups
are noted.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from pacs_settings.adapters import hl7_mllp, hl7_sender, orthanc, orthanc_store, pdf, pdf_seal
from pacs_settings.adapters.apprise_sms import AppriseTexter
from pacs_settings.adapters.file_outbox import FileOutbox
from pacs_settings.adapters.ldap_directory import LdapDirectory
from pacs_settings.adapters.smtp import SmtpMailer
from pacs_settings.config import config
from pacs_settings.core import delivery, ports
from pacs_settings.core.accounts import directory_watch, forgotten
from pacs_settings.core.outbox import Channel
from pacs_settings.core.reports import documents, returning
from pacs_settings.core.reports.document import ReportDocument
from pacs_settings.core.search import journal
from pacs_settings.logs import quiet_values

log = logging.getLogger(__name__)
PAUSE = 0.25  # seconds between looks when nothing is due
LONG_PAUSE = 5.0  # seconds after a failure, such as that the database is away
LONGEST_PAUSE = 60.0  # seconds, while a server stays away
# How many send on a channel at once, each by a connection of its own: notices come by the thousand,
# and most of the time of one is spent waiting for answers.
SENDERS = dict.fromkeys(Channel, 1) | {Channel.NOTICE: 4}


def runs() -> list[Coroutine[Any, Any, None]]:
    """Everything, each for ever; what fails is logged and tried again."""
    set_up_returns()
    every = [deliver(channel, *ways_out()) for channel in Channel for _ in range(SENDERS[channel])]
    every += [mail_links(), watch_directories(), note_look_ups()]
    if config().intake:
        every += [orthanc.follow_all(), hl7_mllp.serve()]
    return every


def ways_out() -> tuple[ports.Mailer, ports.Texter]:
    """What mails and text messages leave by; a mailer is for one sender alone."""
    files = FileOutbox(config().data_dir / "outbox")
    mailer = SmtpMailer(config().smtp_url) if config().smtp_url else files
    return mailer, AppriseTexter(config().sms_url) if config().sms_url else files


def make_pdf(document: ReportDocument) -> bytes:
    """The sealed PDF of a report."""
    return pdf_seal.seal(pdf.render(document))


def pdf_of(version_id: int) -> bytes:
    """The one sealed PDF of a validated version."""
    return returning.sealed_pdf(version_id, documents.compose, make_pdf).pdf


def set_up_returns(compose: returning.Compose = documents.compose) -> None:
    """Let validated reports go back; `compose` tells what a version shows."""
    ways: dict[Channel, returning.Way] = {
        Channel.ARCHIVE: orthanc_store.store,
        Channel.RESULT: hl7_sender.send,
    }
    returning.set_up(compose, make_pdf, ways)


async def deliver(channel: Channel, mailer: ports.Mailer, texter: ports.Texter) -> None:
    """Send what is due on one channel; while the other side is away, look less and less often."""
    pause = PAUSE
    while True:
        try:
            portion = await asyncio.to_thread(delivery.send_portion, channel, mailer, texter)
        except Exception:
            log.exception("outbox could not be worked on")
            await asyncio.sleep(LONG_PAUSE)
            continue
        if portion.away:
            pause = min(max(pause, LONG_PAUSE / 2) * 2, LONGEST_PAUSE)
            log.error("nothing leaves by %s: %s", channel, portion.away)
        else:
            pause = PAUSE
        if portion.away or not portion.handled:
            await asyncio.sleep(pause)


async def mail_links() -> None:
    """Look up who asked for a link because the password was forgotten."""
    while True:
        if not await _quietly("links could not be mailed", forgotten.work_off):
            await asyncio.sleep(PAUSE)


async def watch_directories() -> None:
    """Look at all directories once a minute; each worker may."""
    while True:
        await _quietly("directories could not be looked at", directory_watch.look)
        await asyncio.sleep(directory_watch.EVERY)


async def note_look_ups() -> None:
    """Have in the audit trail whom somebody looked for, once they have stopped typing."""
    while True:
        await _quietly("look-ups could not be noted", journal.work_off)
        await asyncio.sleep(journal.EVERY)


async def _quietly(complaint: str, work: Callable[[], Any]) -> Any:
    try:
        return await asyncio.to_thread(work)
    except Exception:
        log.exception(complaint)
        await asyncio.sleep(LONG_PAUSE)
        return None


async def _alone() -> None:
    ports.directories["ldap"] = LdapDirectory
    tasks = asyncio.gather(*runs())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, tasks.cancel)
    try:
        await tasks
    except asyncio.CancelledError:
        log.info("ended")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    quiet_values()
    asyncio.run(_alone())
