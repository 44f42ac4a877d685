"""Follows Orthanc: each study that has become stable is a new study (Orthanc book, REST API).

How far its changes were read is stored in the transaction that takes the studies. What cannot be
read yet is put aside and tried again; what is stored stays before it, so that a restart finds it.
A study that becomes stable again, since images came late, is told again: core knows it by its UID.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from pacs_settings.adapters.dicom_tags import event_of
from pacs_settings.adapters.orthanc_client import Away, Client, Gone, Unanswered
from pacs_settings.core.clock import now
from pacs_settings.core.studies import intake, sources
from pacs_settings.core.studies.events import EventRefused, StudyEvent, clean
from pacs_settings.core.studies.sources import Archive

EVERY = 0.3  # seconds between looks
LOOK_FOR_NEW = 5.0  # seconds between looks for sources that were added or changed
SOONEST, SLOWEST = 1.0, 30.0  # seconds between tries while an archive is away
PORTION = 100  # changes read at once
PATIENCE = 3  # looks that end because an archive falls silent at the same study
PAUSES = (1.0, 300.0)  # seconds, first and longest, between tries for a study put aside
GIVE_UP = 24 * 3600.0  # seconds for which it is tried
MOST_ASIDE = 1000  # studies; with more of them nothing further is read
HEARD = 60.0  # seconds after which it is noted that an archive without news is there
NEWS = timedelta(days=7)  # what became stable before is no news, when changes are read anew
log = logging.getLogger(__name__)


async def follow_all() -> None:
    """Follow every source that has an Orthanc, for ever, each apart from the others."""
    following: dict[Archive, asyncio.Task[None]] = {}
    try:
        while True:
            try:
                _attend(following, await asyncio.to_thread(sources.archives))
            except Exception:
                log.exception("sources could not be read")
            await asyncio.sleep(LOOK_FOR_NEW)
    finally:
        for task in following.values():
            task.cancel()


def _attend(following: dict[Archive, asyncio.Task[None]], archives: Iterable[Archive]) -> None:
    """Begin with archives that are new or changed, end with those that are so no more."""
    wanted = {replace(archive, cursor=None) for archive in archives}
    for archive, task in list(following.items()):
        if task.done() or archive not in wanted:
            task.cancel()
            del following[archive]
    for archive in wanted - following.keys():
        following[archive] = asyncio.create_task(follow(archive))


async def follow(archive: Archive) -> None:
    """Follow one archive for ever; while it is away, look less and less often."""
    try:
        follower = Follower(archive, Client(archive))
    except Exception as failure:
        await _complain(archive, failure)  # no address; tried again with the others that ended
        return
    pause = SOONEST
    try:
        while True:
            try:
                more = await follower.look()
            except Exception as failure:
                await _complain(archive, failure)
                follower.heard = None
                await asyncio.sleep(pause)
                pause = min(pause * 2, SLOWEST)
                continue
            pause = SOONEST
            await asyncio.sleep(0 if more else EVERY)
    finally:
        await follower.client.close()


async def _complain(archive: Archive, failure: Exception) -> None:
    why = str(failure) if isinstance(failure, Unanswered) else type(failure).__name__
    unforeseen = None if isinstance(failure, Unanswered) else failure
    log.error("source %s: its Orthanc: %s", archive.source_id, why, exc_info=unforeseen)
    try:
        await asyncio.to_thread(sources.note, archive.source_id, why)
    except Exception:
        log.exception("source %s: its problem could not be kept", archive.source_id)


@dataclass
class Study:
    """A study in the list of changes, and how often it could not be read."""

    name: str
    place: int
    since: float = field(default_factory=monotonic)
    due: float = 0.0
    pause: float = PAUSES[0]

    def put_off(self) -> None:
        """Have it tried later, each time longer."""
        self.due = monotonic() + self.pause
        self.pause = min(self.pause * 2, PAUSES[1])


@dataclass
class Follower:
    """Reads the changes of one archive; `heard` is when it was last stored that it is there."""

    archive: Archive
    client: Client
    cursor: int | None = None
    heard: float | None = None
    aside: dict[str, Study] = field(default_factory=dict)
    silent: dict[str, int] = field(default_factory=dict)

    async def look(self) -> bool:
        """Take what has changed; whether there is more. Raises Unanswered."""
        if self.cursor is None:
            self.cursor = await self._begin()
        told = await self.client.get("/changes", since=self.cursor, limit=PORTION)
        changes = _listed(told)
        if not changes and _number(told, "Last") < self.cursor:
            self.cursor = None
            return True
        reached = _reached(changes, self.cursor)
        due = [study for study in self.aside.values() if study.due <= monotonic()]
        events = [event async for event in self._read([*due, *_stable(changes)])]
        if changes or due or self._to_be_noted():
            await self._take(events, reached)
        self.cursor = reached
        return not told.get("Done", True)

    def _to_be_noted(self) -> bool:
        return self.heard is None or monotonic() - self.heard > HEARD

    async def _begin(self) -> int:
        """Where to read on: now for a new archive, the beginning for one that has gone back."""
        last = _number(await self.client.get("/changes?last"), "Last")
        cursor = await asyncio.to_thread(_stored, self.archive)
        if cursor is None:
            cursor = last
        elif cursor > last:  # restored, or made anew; what was told already is known by its UID
            log.warning("source %s: its Orthanc has gone back; read anew", self.archive.source_id)
            cursor = 0
        self.aside.clear()
        await self._take([], cursor)
        return cursor

    async def _read(self, studies: Iterable[Study]) -> Any:
        """Events of studies; those that cannot be read are put aside."""
        if len(self.aside) > MOST_ASIDE:
            self.cursor = None  # read once more from what is stored, which is before all of them
            raise Unanswered("too many studies cannot be read")
        for study in studies:
            try:
                event = await self._event(study.name)
            except Unanswered as failure:
                self._put_aside(study, failure)
                continue
            self.aside.pop(study.name, None)
            self.silent.pop(study.name, None)
            if event:
                yield event

    def _put_aside(self, study: Study, failure: Unanswered) -> None:
        """Go on without it, unless the archive itself is away: raises Away then."""
        source = self.archive.source_id
        if isinstance(failure, Away):
            self.silent[study.name] = self.silent.get(study.name, 0) + 1
            if self.silent[study.name] < PATIENCE:
                raise failure
        if monotonic() - study.since > GIVE_UP:
            self.aside.pop(study.name, None)
            log.error("source %s: a study is given up: %s", source, failure)
            return
        log.warning("source %s: a study is put aside: %s", source, failure)
        self.aside.setdefault(study.name, study).put_off()

    async def _event(self, name: str) -> StudyEvent | None:
        """The event of a study; None where it was deleted meanwhile, or cannot be taken."""
        try:
            study = await self.client.get(f"/studies/{name}")
            series = await self.client.get(f"/series/{_one_of(study, 'Series')}")
            instance = _one_of(series, "Instances")
            event = event_of(await self.client.get(f"/instances/{instance}/simplified-tags"))
            clean(event)
        except Gone:
            return None
        except EventRefused as refused:
            log.error("source %s: a study is refused: %s", self.archive.source_id, refused.code)
            return None
        return event

    async def _take(self, events: list[StudyEvent], reached: int) -> None:
        """Store events, and that all before the first study put aside was read."""
        first = min((study.place - 1 for study in self.aside.values()), default=reached)
        values: dict[str, Any] = {
            "orthanc_cursor": min(first, reached),
            "seen_at": now(),
            "problem": "studies cannot be read" if self.aside else "",
        }
        await asyncio.to_thread(
            intake.take_all, self.archive.source_id, events, self.archive.url, **values
        )
        self.heard = monotonic()


def _stored(archive: Archive) -> int | None:
    for found in sources.archives():
        if (found.source_id, found.url) == (archive.source_id, archive.url):
            return found.cursor
    raise Unanswered("it is no source any more")


def _stable(changes: Iterable[dict[str, Any]]) -> Iterator[Study]:
    """The studies that became stable, each once."""
    seen = set()
    for change in changes:
        name = change.get("ID")
        if change.get("ChangeType") != "StableStudy" or not _is_news(change) or name in seen:
            continue
        if not isinstance(name, str):
            raise Unanswered("its list of changes is of another form")
        seen.add(name)
        yield Study(name, _number(change, "Seq"))


def _is_news(change: dict[str, Any]) -> bool:
    """Whether it happened lately; Orthanc writes the time in UTC."""
    with suppress(ValueError, TypeError):
        moment = datetime.strptime(change.get("Date", ""), "%Y%m%dT%H%M%S")
        return moment.replace(tzinfo=UTC) > now() - NEWS
    return True


def _listed(told: dict[str, Any]) -> list[dict[str, Any]]:
    changes = told.get("Changes")
    if not isinstance(changes, list) or not all(isinstance(one, dict) for one in changes):
        raise Unanswered("its list of changes is of another form")
    return changes


def _reached(changes: list[dict[str, Any]], cursor: int) -> int:
    """The place of the last change; raises Unanswered where they do not go on from the cursor."""
    for change in changes:
        place = _number(change, "Seq")
        if place <= cursor:
            raise Unanswered("its changes are out of order")
        cursor = place
    return cursor


def _number(told: dict[str, Any], name: str) -> int:
    value = told.get(name)
    if not isinstance(value, int) or not 0 <= value < 2**63:
        raise Unanswered(f"its answer has no {name}")
    return value


def _one_of(told: dict[str, Any], name: str) -> str:
    """The first of the parts that an answer lists."""
    parts = told.get(name)
    if not isinstance(parts, list) or not parts or not isinstance(parts[0], str):
        raise Unanswered(f"its answer has no {name}")
    return parts[0]
