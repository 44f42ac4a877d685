"""What runs beside the pages goes on, whatever fails."""

import asyncio
import threading

import pytest

from pacs_settings import worker
from pacs_settings.core.accounts import directory_watch
from tests.conftest import in_a_loop


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
