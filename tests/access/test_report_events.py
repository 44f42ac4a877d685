"""Reports by raw sockets: nobody reads or writes one that is not theirs to edit."""

from collections.abc import Coroutine
from typing import Any

import pytest

from tests.access.browser import AN, SOFIE, contents, execute, rows, signed_in
from tests.access.people import somebody
from tests.access.sockets import Tab, handler, values
from tests.conftest import Server, in_a_loop

ACTS = ("load", "refresh", "keep", "save", "validate", "add", "discard")
LIST = ("load", "show_state", "turn_page")
SECRET = "A finding that nobody else may read."


def of_one(name: str) -> str:
    return handler("reports", "report_state", name)


def of_list(name: str) -> str:
    found = handler("reports", "reports_state", name)
    return found.replace("reports___state", "reports___list_state")


def run(work: Coroutine[Any, Any, None]) -> None:
    in_a_loop(work)


def typed(report: Any, text: Any = "Text.", revision: Any = 0) -> dict[str, Any]:
    told = {"report": report, "revision": revision, "number": 1}
    return {"typed": {**told, "findings": text, "conclusion": ""}}


@pytest.fixture
def report(server: Server) -> int:
    """One in progress, of demo data."""
    [[found]] = rows(server, "SELECT id FROM report WHERE accession_number = 'DEMO003'")
    execute(server, "UPDATE report_version SET findings = ? WHERE report_id = ?", SECRET, found)
    return int(found)


def payload(name: str, report: int) -> dict[str, Any]:
    return {} if name in ("load", "refresh") else typed(report, revision=1)


def test_without_the_right_no_event(server: Server, report: int) -> None:
    async def work() -> None:
        async with Tab(server, signed_in(server, SOFIE).cookie) as tab:
            where = f"/reports/{report}"
            await tab.open(where)
            before = contents(server)
            for name in ACTS:
                frames = await tab.act(of_one(name), payload(name, report), where)
                assert values(frames, "report_state") == {}, name
            for name in LIST:
                given = {"show_state": {"which": ""}, "turn_page": {"step": 1}}.get(name, {})
                frames = await tab.act(of_list(name), given, "/reports")
                assert values(frames, "reports_state") == {}, name
            assert contents(server) == before
            assert SECRET not in "\n".join(tab.frames)

    run(work())


def test_of_another_source_is_what_is_not_there(server: Server, report: int) -> None:
    async def work() -> None:
        stranger = signed_in(server, somebody(server, may_edit_reports=1))
        async with Tab(server, stranger.cookie) as tab:
            told = []
            for number in (report, 999_999):
                where = f"/reports/{number}"
                await tab.open(where)
                before = contents(server)
                answers = [
                    values(
                        await tab.act(of_one(name), payload(name, number), where), "report_state"
                    )
                    for name in ACTS
                ]
                assert contents(server) == before
                told.append([{**one, "answer": 0} for one in answers])
            assert told[0] == told[1]
            assert SECRET not in "\n".join(tab.frames)

    run(work())


@pytest.mark.parametrize(
    "wrong",
    [
        {"typed": {}},
        typed("1"),
        typed(True),
        typed(-1),
        typed(2**40),
        typed(1, revision="0"),
        typed(1, text=None),
        typed(1, text=["a"]),
        typed(1, text="x" * 20_001),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(server: Server, wrong: dict[str, Any]) -> None:
    async def work() -> None:
        async with Tab(server, signed_in(server, AN).cookie) as tab:
            await tab.open("/reports/1")
            before = contents(server)
            for name in ("save", "validate", "add"):
                told = values(await tab.act(of_one(name), wrong, "/reports/1"), "report_state")
                assert told["problem"], name
            if wrong["typed"].get("revision") == 0:  # else its text can be kept
                await tab.act(of_one("keep"), wrong, "/reports/1")
            assert contents(server) == before

    run(work())


@pytest.mark.parametrize("address", ["", "abc", "1.5", "٣", "99999999999", "-1", "1/2"])
def test_an_address_that_names_none(server: Server, address: str) -> None:
    async def work() -> None:
        async with Tab(server, signed_in(server, AN).cookie) as tab:
            await tab.open("/reports/1")
            where = f"/reports/{address}"
            told = values(await tab.act(of_one("load"), {}, where), "report_state")
            assert told["found"] is False
            assert told.get("facts", []) == []

    run(work())
