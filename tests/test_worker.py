"""What runs beside the pages goes on, whatever fails."""

import asyncio
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from pacs_settings import worker
from pacs_settings.config import config
from pacs_settings.core import clock, db, outbox
from pacs_settings.core.accounts import directory_watch
from pacs_settings.core.outbox import Channel
from pacs_settings.core.search import journal
from tests import factories
from tests.conftest import in_a_loop
from tests.factories import AN, HERE
from tests.sink import listening

NUMBER = "+32470123456"


def test_directories_are_looked_at_again_and_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks = threading.Semaphore(0)

    def look() -> list[threading.Thread]:
        looks.release()
        raise OSError("the database is away")

    async def three_looks() -> None:
        task = asyncio.create_task(worker.watch_directories())
        for _ in range(3):
            assert await asyncio.to_thread(looks.acquire, timeout=30)
        task.cancel()

    monkeypatch.setattr(directory_watch, "EVERY", 0)
    monkeypatch.setattr(directory_watch, "look", look)
    in_a_loop(three_looks())
    assert "directories could not be looked at" in caplog.text


def test_look_ups_are_noted_again_and_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks = threading.Semaphore(0)

    def work_off() -> int:
        looks.release()
        raise OSError("the database is away")

    async def three_looks() -> None:
        task = asyncio.create_task(worker.note_look_ups())
        for _ in range(3):
            assert await asyncio.to_thread(looks.acquire, timeout=30)
        task.cancel()

    monkeypatch.setattr(journal, "EVERY", 0)
    monkeypatch.setattr(worker, "LONG_PAUSE", 0)
    monkeypatch.setattr(journal, "work_off", work_off)
    in_a_loop(three_looks())
    assert "look-ups could not be noted" in caplog.text


def put_code() -> None:
    """A code that is to leave by text message."""
    with db.writing() as session:
        until = clock.now() + timedelta(minutes=10)
        outbox.put_code(session, factories.person(AN), Channel.SMS, NUMBER, HERE, "123456", until)


def work_until(done: Callable[[], object]) -> None:
    """Let the worker work until something is so."""

    async def both() -> None:
        working = asyncio.create_task(worker.deliver(Channel.SMS, *worker.ways_out()))
        async with asyncio.timeout(60):
            while not done():
                await asyncio.sleep(0.05)
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working

    in_a_loop(both())


def test_text_messages_are_files_without_a_provider(database: Path, tmp_path: Path) -> None:
    put_code()
    folder = tmp_path / "outbox"
    work_until(lambda: list(folder.glob("*.sms.json")))
    [path] = folder.glob("*.sms.json")
    assert json.loads(path.read_text())["to"] == NUMBER


def test_a_provider_gets_them_where_there_is_one(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_code()
    with listening() as sink:
        monkeypatch.setenv("PACS_SMS_URL", sink.url())
        config.cache_clear()
        work_until(sink.heard.is_set)
    [(path, _)] = sink.posts
    assert path == f"/sms/{NUMBER}"
    assert list((tmp_path / "outbox").iterdir()) == []
