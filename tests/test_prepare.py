"""Before the first request."""

import asyncio
import logging

import pytest

from pacs_settings import prepare
from pacs_settings.core.tables import Account
from tests import factories, postgres
from tests.conftest import free_port, in_a_loop, require, using


def test_an_empty_database_is_migrated_and_filled(empty_database: str) -> None:
    with using(empty_database):
        in_a_loop(prepare.prepare())
        assert len(factories.rows(Account)) == 5


def test_it_waits_for_a_database_that_is_away_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    require(postgres.missing())
    monkeypatch.setattr(prepare, "PAUSE", 0.05)
    caplog.set_level(logging.ERROR, "pacs_settings.prepare")

    async def work() -> None:
        waiting = asyncio.create_task(prepare.prepare())
        async with asyncio.timeout(60):
            while not caplog.messages:
                await asyncio.sleep(0.01)
        assert not waiting.done()
        await asyncio.to_thread(server.start)
        async with asyncio.timeout(60):
            await waiting

    with postgres.running(free_port()) as server, using(server.create("portal")):
        server.stop()
        in_a_loop(work())
        assert len(factories.rows(Account)) == 5
    assert "the database cannot be used: connection failed" in caplog.messages[0]
