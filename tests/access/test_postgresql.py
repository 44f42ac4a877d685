"""The whole product on PostgreSQL, which goes away and comes back."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests import postgres
from tests.access.browser import AN, Browser, signed_in
from tests.access.sockets import Tab, full, values
from tests.conftest import ROOT, Server, free_port, in_a_loop, require
from tests.postgres import Postgres

SENTENCE = "Something went wrong on our side and nothing was changed."


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    """A server of its own, since it is ended by a test."""
    require(postgres.missing())
    with postgres.running(free_port()) as running:
        running.create("portal")
        yield running


@pytest.fixture(scope="module")
def server(
    built: None, database: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    where = {"PACS_DATABASE_URL": database.url("portal")}
    running = Server(tmp_path_factory.mktemp("server"), free_port(), where)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def an(server: Server) -> Browser:
    return signed_in(server, AN)


def test_one_signs_in_and_pages_answer(server: Server, database: Postgres, an: Browser) -> None:
    assert not server.database.exists()
    assert an.get("/settings/personal").status_code == 200
    assert Browser(server).get("/settings/personal").headers["location"] == "/login"
    with database.connect("portal") as connection:
        [[stored]] = connection.execute("SELECT count(*) FROM sign_in_session").fetchall()
    assert stored


def test_a_page_loads_and_a_switch_turns(server: Server, database: Postgres, an: Browser) -> None:
    async def work() -> None:
        async with Tab(server, an.cookie) as tab:
            await tab.open("/settings/mappings")
            lines = values(tab.frames, "mappings_state")["lines"]
            assert len(lines) == 12
            line = lines[0]["id"]
            told = await tab.act(
                full("mappings", "toggle"),
                {"line": line, "which": "study", "on": not lines[0]["on_study"]},
                "/settings/mappings",
            )
            assert values(told, "mappings_state")["problem"] == ""
            with database.connect("portal") as connection:
                found = connection.execute("SELECT on_study FROM mapping WHERE id = %s", [line])
                assert found.fetchone() == (not lines[0]["on_study"],)

    in_a_loop(work())


def test_while_it_is_away_everything_says_so_and_then_goes_on(
    server: Server, database: Postgres, an: Browser
) -> None:
    async def work() -> None:
        async with Tab(server, an.cookie) as tab:
            await tab.open("/settings/privacy")
            database.stop()
            try:
                start = len(tab.frames)
                await tab.send(full("privacy", "load"), path="/settings/privacy")
                await tab.until(lambda frame: "away" in frame, start)
                told = tab.frames[start:]
                assert values(told, "access_state") == {"away": True}
                assert values(told, "privacy_state") == {}
                _everything_says_so(server, an)
            finally:
                database.start()
            told = await tab.act(full("privacy", "load"), path="/settings/privacy")
            assert values(told, "access_state")["away"] is False
            assert values(told, "privacy_state")
        assert an.get("/settings/privacy").status_code == 200
        assert signed_in(server, AN)

    in_a_loop(work())


def _everything_says_so(server: Server, an: Browser) -> None:
    page = an.get("/settings/privacy", Accept_Language="en")
    assert (page.status_code, page.headers["cache-control"]) == (503, "no-store")
    assert SENTENCE in page.text
    begun = Browser(server).post("/auth/address", {"email": AN}, Accept_Language="en")
    assert begun.status_code == 503
    assert SENTENCE in begun.text
    form = an.post("/security/strength", {"new": "x"}, Accept="application/json")
    assert (form.status_code, form.json()["refused"]) == (503, "not_saved")
    # Nobody is told again and again, and the log says it in a line each.
    log = server.log.read_text()
    assert log.count("event not let through") == 1
    assert "Traceback" not in log.partition("event not let through")[2]


def test_without_its_database_it_says_so_and_ends() -> None:
    where = f"postgresql://portal:secret@127.0.0.1:{free_port()}/portal"
    ended = subprocess.run(
        [sys.executable, "-m", "pacs_settings.serve"],
        cwd=ROOT,
        env={**os.environ, "PACS_DATABASE_URL": where},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("The database cannot be used: connection failed")
    assert ended.stderr.count("\n") == 1
    assert "secret" not in ended.stderr + ended.stdout
