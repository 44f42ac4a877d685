"""Follows Orthanc: each study that has become stable is a new study (Orthanc book, REST API).

The cursor moves in the transaction that takes the studies, so none is passed over. A study that
becomes stable again, since images came late, is told again; core knows it by its StudyInstanceUID.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import httpx

from pacs_settings.core.studies import intake, sources
from pacs_settings.core.studies.events import EventRefused, Referrer, StudyEvent, clean, initials
from pacs_settings.core.studies.sources import Archive
from pacs_settings.core.tables import StudyKind

EVERY = 0.3  # seconds between looks
LOOK_FOR_NEW = 5.0  # seconds between looks for sources that were added or changed
SLOWEST = 30.0  # seconds between tries while an archive is away
PORTION = 100  # changes read at once
LARGEST = 4 * 1024 * 1024  # bytes of an answer
PATIENCE = 5  # tries for one study that the archive does not tell about
NUMBERS = ("ReferringPhysicianIdentificationSequence", "RequestingPhysicianIdentificationSequence")
log = logging.getLogger(__name__)


class Unanswered(Exception):
    """The archive answered with something that cannot be used; says what."""


async def follow_all() -> None:
    """Follow every source that has an Orthanc, for ever, each apart from the others."""
    following: dict[Archive, asyncio.Task[None]] = {}
    try:
        while True:
            try:
                wanted = {_same(found) for found in await asyncio.to_thread(sources.archives)}
            except Exception:
                log.exception("sources could not be read")
            else:
                for gone in following.keys() - wanted:
                    following.pop(gone).cancel()
                for new in wanted - following.keys():
                    following[new] = asyncio.create_task(follow(new))
            await asyncio.sleep(LOOK_FOR_NEW)
    finally:
        for task in following.values():
            task.cancel()


def _same(archive: Archive) -> Archive:
    """What makes it another archive to follow: all but how far it was read."""
    return Archive(archive.source_id, archive.name, archive.url, archive.user, archive.password, 0)


async def follow(archive: Archive) -> None:
    """Follow one archive for ever; while it is away, look less and less often."""
    pause = EVERY
    async with Follower(archive) as follower:
        while True:
            try:
                more = await follower.look()
            except Exception as failure:
                pause = min(max(pause, 0.5) * 2, SLOWEST)
                await _tell(archive, failure)
                follower.forget()
                await asyncio.sleep(pause)
                continue
            pause = EVERY
            if not more:
                await asyncio.sleep(pause)


async def _tell(archive: Archive, failure: Exception) -> None:
    why = str(failure) if isinstance(failure, Unanswered) else type(failure).__name__
    if not isinstance(failure, Unanswered | httpx.HTTPError):
        log.error("source %s: %s", archive.source_id, why, exc_info=failure)
    else:
        log.warning("source %s: its Orthanc does not answer: %s", archive.source_id, why)
    try:
        await asyncio.to_thread(sources.note, archive.source_id, why)
    except Exception:
        log.exception("source %s: its problem could not be kept", archive.source_id)


@dataclass
class Follower:
    """Reads the changes of one archive."""

    archive: Archive
    cursor: int | None = None
    failed: dict[str, int] = field(default_factory=dict)
    _client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> "Follower":
        """Open connections."""
        archive = self.archive
        self._client = httpx.AsyncClient(
            base_url=archive.url,
            auth=(archive.user, archive.password) if archive.user else None,
            timeout=httpx.Timeout(5.0),
            limits=httpx.Limits(max_connections=2),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close them."""
        if self._client:
            await self._client.aclose()

    def forget(self) -> None:
        """After a failure nothing is known for sure: the cursor is read and compared again."""
        self.cursor = None

    async def look(self) -> bool:
        """Take what has changed; whether there is more. Raises Unanswered, httpx.HTTPError."""
        if self.cursor is None:
            self.cursor = await self._begin()
        told = await self._get("/changes", since=self.cursor, limit=PORTION)
        changes, last = _listed(told), _number(told, "Last")
        if not changes:
            return False
        events, reached = await self._events(changes)
        reached = last if reached is None else reached
        await asyncio.to_thread(self._take, events, reached)
        self.cursor = reached
        return not told.get("Done", True)

    async def _begin(self) -> int:
        """Where to read on: now for a new archive, the beginning for one that has gone back."""
        archive = next(
            found
            for found in await asyncio.to_thread(sources.archives)
            if found.source_id == self.archive.source_id
        )
        last = _number(await self._get("/changes?last"), "Last")
        cursor = last if archive.cursor is None else archive.cursor
        if cursor > last:  # restored from a backup; what is read once more is known by its UID
            log.warning("source %s: its Orthanc has gone back; read anew", archive.source_id)
            cursor = 0
        await asyncio.to_thread(sources.note, archive.source_id, orthanc_cursor=cursor)
        return cursor

    async def _events(
        self, changes: Sequence[dict[str, Any]]
    ) -> tuple[list[StudyEvent], int | None]:
        """The studies among the changes, up to one that could not be read: before which to stop."""
        events: list[StudyEvent] = []
        before = self.cursor or 0
        for change in changes:
            if change.get("ChangeType") == "StableStudy":
                try:
                    events += await self._study(str(change["ID"]))
                except (Unanswered, httpx.HTTPStatusError) as failure:
                    if not self._give_up(str(change["ID"])):
                        if not events and before == self.cursor:
                            raise
                        return events, before
                    log.error(
                        "source %s: a study is passed over: %s", self.archive.source_id, failure
                    )
            before = _number(change, "Seq")
        return events, None

    def _give_up(self, study: str) -> bool:
        self.failed[study] = self.failed.get(study, 0) + 1
        return self.failed[study] >= PATIENCE

    async def _study(self, name: str) -> list[StudyEvent]:
        """The event of a study; none where it was deleted meanwhile or has no images."""
        try:
            study = await self._get(f"/studies/{name}")
            series = await self._get(f"/series/{study['Series'][0]}")
            tags = await self._get(f"/instances/{series['Instances'][0]}/simplified-tags")
        except httpx.HTTPStatusError as failure:
            if failure.response.status_code == httpx.codes.NOT_FOUND:
                return []
            raise
        except (LookupError, TypeError) as failure:
            raise Unanswered("a study without images") from failure
        return [event_of(tags)]

    async def _get(self, path: str, **query: int) -> dict[str, Any]:
        assert self._client
        async with self._client.stream("GET", path, params=query or None) as response:
            response.raise_for_status()
            body = b""
            async for part in response.aiter_bytes():
                body += part
                if len(body) > LARGEST:
                    raise Unanswered("its answer is too long")
        try:
            found = json.loads(body)
        except ValueError as failure:
            raise Unanswered("its answer is no JSON") from failure
        if not isinstance(found, dict):
            raise Unanswered("its answer is of another form")
        return found

    def _take(self, events: list[StudyEvent], reached: int) -> None:
        fit = [event for event in events if self._fits(event)]
        values: dict[str, Any] = {"orthanc_cursor": reached}
        intake.take_all(self.archive.source_id, fit, **values)

    def _fits(self, event: StudyEvent) -> bool:
        try:
            clean(event)
        except EventRefused as refused:
            log.error("source %s: a study is passed over: %s", self.archive.source_id, refused.code)
            return False
        return True


def event_of(tags: dict[str, Any]) -> StudyEvent:
    """The event in the tags of one image, by keyword (DICOM PS3.6)."""
    patient = _text(tags, "PatientName").split("=")[0].split("^")
    return StudyEvent(
        kind=StudyKind.STUDY,
        referrers=_referrers(tags),
        study_instance_uid=_text(tags, "StudyInstanceUID"),
        accession_number=_text(tags, "AccessionNumber"),
        patient_initials=initials(*patient[:2]),
        description=_text(tags, "StudyDescription"),
        institution=_text(tags, "InstitutionName"),
        studied_on=_day(_text(tags, "StudyDate")),
    )


def _referrers(tags: dict[str, Any]) -> tuple[Referrer, ...]:
    """Each number of the identification sequences; without one, the name alone."""
    name = person(_text(tags, "ReferringPhysicianName"))
    found = [
        Referrer(_text(code, "CodeValue"), name)
        for sequence in NUMBERS
        for item in _items(tags, sequence)
        for code in _items(item, "PersonIdentificationCodeSequence")
        if _text(code, "CodeValue")
    ]
    return tuple(dict.fromkeys(found)) or (Referrer("", name),)


def person(name: str) -> str:
    """A DICOM person name (PS3.5, 6.2.1) on one line: family name, given names."""
    family, given, middle, *_ = [*name.split("=")[0].split("^"), "", "", ""]
    return " ".join(part.strip() for part in (family, given, middle) if part.strip())


def _text(tags: dict[str, Any], name: str) -> str:
    value = tags.get(name, "")
    return value.strip(" \0") if isinstance(value, str) else ""


def _items(tags: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = tags.get(name, [])
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _day(value: str) -> date | None:
    try:
        return datetime.strptime(value.replace(".", ""), "%Y%m%d").date()
    except ValueError:
        return None


def _listed(told: dict[str, Any]) -> list[dict[str, Any]]:
    changes = told.get("Changes")
    if not isinstance(changes, list) or not all(isinstance(one, dict) for one in changes):
        raise Unanswered("its list of changes is of another form")
    return changes


def _number(told: dict[str, Any], name: str) -> int:
    value = told.get(name)
    if not isinstance(value, int):
        raise Unanswered(f"its answer has no {name}")
    return value
