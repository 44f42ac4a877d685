"""Finding colleagues by raw sockets: who may, with which arguments, and what is told."""

import sqlite3
from collections.abc import Coroutine
from typing import Any

import pytest

from tests.access.browser import AN, JAN, LEA, SOFIE, account_id, execute, rows, signed_in
from tests.access.sockets import Tab, full, handler, values
from tests.conftest import Server, in_a_loop

SEARCH, STAR, REMOVE = (full("favorites", name) for name in ("search", "star", "remove"))
WHERE = "/favorites"


@pytest.fixture(autouse=True)
def _anew(server: Server) -> None:
    for table in ("throttle", "favorite", "look_up"):
        execute(server, f"DELETE FROM {table}")


def run(work: Coroutine[Any, Any, None]) -> None:
    in_a_loop(work)


async def opened(server: Server, username: str) -> Tab:
    tab = Tab(server, signed_in(server, username).cookie)
    await tab.connect()
    await tab.open(WHERE)
    return tab


async def searched(tab: Tab, number: int, text: str) -> dict[str, Any]:
    """What the page is told of a query; searching is done beside other events."""
    start = len(tab.frames)
    await tab.send(SEARCH, {"number": number, "text": text}, WHERE)
    await tab.until(lambda frame: f'"answer_rx_state_":{number}' in frame, start)
    return values(tab.frames[start:], "favorites_state")


def kept(server: Server) -> list[tuple[Any, ...]]:
    return rows(server, "SELECT owner_id, account_id FROM favorite")


def names(told: dict[str, Any]) -> list[str]:
    return [person["name"] for person in told["people"]]


def test_the_page_is_told_what_is_public_and_no_identifier(server: Server):
    async def work() -> None:
        tab = await opened(server, AN)
        told = await searched(tab, 1, "dubois")
        assert told["people"] == [
            {
                "key": "1-0",
                "name": "Dr Léa Dubois",
                "facts": ["1-45222-84-004"],
                "starred": False,
                "favorite": 0,
            }
        ]
        text = "\n".join(tab.frames)
        assert LEA not in text
        assert "+3247012345" not in text
        assert "_found" not in text
        await tab.close()

    run(work())


def test_only_who_was_found_is_kept(server: Server):
    """A key is one of the latest answer; accounts are never named."""

    async def work() -> None:
        tab = await opened(server, AN)
        for which in ("1-0", str(account_id(server, LEA)), "", "0", "1-0'"):
            await tab.act(STAR, {"which": which, "on": True}, WHERE)
        assert kept(server) == []
        await searched(tab, 1, "dubois")
        await searched(tab, 2, "claes")
        await tab.act(STAR, {"which": "1-0", "on": True}, WHERE)  # of the answer before
        assert kept(server) == []
        await tab.act(STAR, {"which": "2-0", "on": True}, WHERE)
        assert kept(server) == [(account_id(server, AN), account_id(server, JAN))]
        await tab.close()

    run(work())


def test_anothers_favorite_is_as_if_it_were_not_there(server: Server):
    execute(
        server,
        "INSERT INTO favorite (id, owner_id, account_id, created_at)"
        " VALUES (7, ?, ?, '2026-01-01 00:00:00')",
        account_id(server, JAN),
        account_id(server, LEA),
    )

    async def work() -> None:
        tab = await opened(server, SOFIE)
        seen = []
        for favorite in (7, 8, -1, 2**62):
            told = values(await tab.act(REMOVE, {"favorite": favorite}, WHERE), "favorites_state")
            seen.append(told.get("problem"))
        assert seen[0]
        assert set(seen[1:3]) <= {None, seen[0]}  # unchanged is not told again
        assert "Dubois" not in "\n".join(tab.frames)
        await tab.close()

    run(work())
    assert len(kept(server)) == 1


def test_an_older_query_is_never_answered_after_a_newer_one(server: Server):
    async def work() -> None:
        tab = await opened(server, AN)
        await searched(tab, 5, "dubois")
        start = len(tab.frames)
        for number in (4, 5, 0, -1):
            await tab.send(SEARCH, {"number": number, "text": "claes"}, WHERE)
        told = await searched(tab, 6, "peeters")
        assert names(told) == ["Dr An Peeters"]
        assert "Claes" not in "\n".join(tab.frames[start:])
        await tab.close()

    run(work())


def test_a_slow_answer_is_dropped_when_something_else_was_asked(server: Server):
    """The database is held, so that both wait; only the later one is told."""

    async def work() -> None:
        tab = await opened(server, AN)
        start = len(tab.frames)
        with sqlite3.connect(server.database, timeout=10, isolation_level=None) as held:
            held.execute("BEGIN IMMEDIATE")
            await tab.send(SEARCH, {"number": 1, "text": "claes"}, WHERE)
            await tab.send(SEARCH, {"number": 2, "text": "dubois"}, WHERE)
            await tab.send(handler("shell", "session_state", "look"))
            await tab.until(lambda frame: "session_state" in frame, start)
            held.execute("ROLLBACK")
        await tab.until(lambda frame: '"answer_rx_state_":2' in frame, start)
        await tab.fence()
        assert '"answer_rx_state_":1,' not in "".join(tab.frames[start:])
        assert "Claes" not in "".join(tab.frames[start:])
        await tab.close()

    run(work())


@pytest.mark.parametrize("who", ["a stranger", "who must enrol"])
def test_nobody_else_finds_anybody(server: Server, who: str):
    async def work() -> None:
        cookie = "" if who == "a stranger" else signed_in(server, JAN).cookie
        async with Tab(server, cookie) as tab:
            await tab.send(SEARCH, {"number": 1, "text": "dubois"}, WHERE)
            await tab.act(full("favorites", "load"), path=WHERE)
            await tab.fence()
            assert "Dubois" not in "".join(tab.frames)

    run(work())
    # What another test's owner looked for may be noted only now.
    others = "SELECT * FROM look_up WHERE account_id <> ?"
    assert rows(server, others, account_id(server, AN)) == []


def test_the_service_desk_finds_what_everybody_finds(server: Server):
    execute(server, "UPDATE account SET contact_public = 1 WHERE username = 'desk@demo.example'")

    async def work() -> None:
        tab = await opened(server, "desk@demo.example")
        assert names(await searched(tab, 1, "dubois")) == ["Dr Léa Dubois"]
        assert names(await searched(tab, 2, "service desk")) == []
        await tab.close()

    run(work())


def test_whoever_searches_too_often_is_told_and_shown_nothing(server: Server):
    me = account_id(server, LEA)
    execute(
        server,
        "INSERT INTO throttle VALUES (?, 600, datetime('now'), '2026-01-01 00:00:00')",
        f"find:search:{me}",
    )
    execute(
        server,
        "INSERT INTO throttle VALUES (?, 0, datetime('now'), '2026-01-01 00:00:00')",
        f"find:shown:{me}",
    )

    async def work() -> None:
        tab = await opened(server, LEA)
        told = await searched(tab, 1, "peeters")
        assert "Wait" in told["search_problem"]
        assert told.get("people", []) == []
        assert "Peeters" not in "".join(tab.frames)
        await tab.close()

    run(work())
    tags = [tag for (tag,) in rows(server, "SELECT tag FROM audit_entry WHERE actor_id = ?", me)]
    assert "colleagues:search:stopped" in tags


def test_a_new_owner_of_a_tab_is_not_told_the_former_ones_results(server: Server):
    async def work() -> None:
        tab = await opened(server, LEA)
        await searched(tab, 1, "peeters")
        await tab.close()
        async with Tab(server, signed_in(server, SOFIE).cookie, tab.token) as other:
            await other.open(WHERE)
            assert "Peeters" not in "".join(other.frames)
            await other.act(STAR, {"which": "1-0", "on": True}, WHERE)

    run(work())
    assert kept(server) == []
