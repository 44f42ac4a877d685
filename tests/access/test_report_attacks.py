"""Reports by raw sockets and addresses: for who may edit them at their source, and nobody else."""

from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from tests.access.browser import (
    AN,
    JAN,
    SOFIE,
    Browser,
    account_id,
    contents,
    execute,
    rows,
    signed_in,
)
from tests.access.owners import LIMIT, asked, behind
from tests.access.people import age, newest, somebody
from tests.access.sockets import Tab, handler, values
from tests.conftest import Server, in_a_loop

SECRET = "Fracture of the left wrist of a minister"
ACTS = ("save", "validate", "add", "keep", "discard")
NOWHERE = 999_999
_numbers = count(1)


def run(work: Coroutine[Any, Any, None]) -> None:
    in_a_loop(work)


def act(name: str) -> str:
    return handler("reports", "report_state", name)


LIST = handler("reports", "reports_state", "load").replace(
    "reports___state", "reports___list_state"
)


def report(server: Server, source: str, state: str = "empty", revision: int = 0) -> int:
    """A report at a source."""
    execute(
        server,
        "INSERT INTO report (source_id, subject, study_instance_uid, accession_number,"
        " patient_initials, description, institution, state, revision, created_at, changed_at)"
        " SELECT id, ?, '', '', 'Q.Z.', ?, '', ?, ?, datetime('now'), datetime('now')"
        " FROM source WHERE name = ?",
        f"attacked {next(_numbers)}",
        SECRET,
        state,
        revision,
        source,
    )
    return newest(server, "report")


def written(server: Server, number: int, kind: str = "saved") -> None:
    """The first version of a report."""
    execute(
        server,
        "INSERT INTO report_version (report_id, number, kind, findings, conclusion, sha256,"
        " signer_name, signer_number, session_id, proven_by, created_at)"
        " VALUES (?, 1, ?, ?, '', ?, 'Dr Nobody', '', '', '', datetime('now'))",
        number,
        kind,
        SECRET,
        "0" * 64,
    )


def may_edit(server: Server, username: str, source: str) -> None:
    execute(
        server,
        "INSERT INTO report_right (account_id, source_id) SELECT account.id, source.id"
        " FROM account, source WHERE username = ? AND source.name = ?",
        username,
        source,
    )


def typed(number: int, revision: int = 0, text: str = "No fracture.") -> dict[str, Any]:
    return {
        "typed": {
            "report": number,
            "revision": revision,
            "number": 1,
            "findings": text,
            "conclusion": "",
        }
    }


@pytest.fixture(scope="module")
def sources(server: Server) -> tuple[str, str]:
    """One where the attacker may edit, and one where only others may."""
    names = [name for (name,) in rows(server, "SELECT name FROM source ORDER BY id")]
    return names[1], names[2]


@pytest.fixture
def attacker(server: Server, sources: tuple[str, str]) -> Browser:
    """Somebody who may edit reports, at another source."""
    username = somebody(server, may_edit_reports=1)
    may_edit(server, username, sources[0])
    return signed_in(server, username)


@pytest.fixture
def mine(server: Server, attacker: Browser, sources: tuple[str, str]) -> int:
    return report(server, sources[0])


@pytest.fixture
def foreign(server: Server, sources: tuple[str, str]) -> int:
    """A report with a text, at a source where the attacker may not edit."""
    number = report(server, sources[1], "in_progress", 1)
    written(server, number)
    return number


@contextmanager
def unchanged(server: Server) -> Iterator[None]:
    before = contents(server)
    yield
    after = contents(server)
    for table in ("report", "report_version", "report_draft", "report_right"):
        assert after[table] == before[table], table


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.asvs("8.2.2")
def test_another_ones_report_is_as_if_it_were_not_there(
    server: Server, attacker: Browser, mine: int, foreign: int, name: str
) -> None:
    before = contents(server)

    async def told(number: int) -> dict[str, Any]:
        async with Tab(server, attacker.cookie) as tab:
            await tab.open(f"/reports/{mine}")
            start = len(tab.frames)
            await behind(tab, act(name), typed(number, 1))
            found = values(tab.frames[start:], "report_state")
            assert "minister" not in str(found)
            return {key: value for key, value in found.items() if key != "stamp"}

    async def work() -> None:
        assert await told(foreign) == await told(NOWHERE)

    run(work())
    assert contents(server) == before


@pytest.mark.parametrize("path", ["/reports/{}", "/x/{}", "/reports/../reports/{}", "/reports/0{}"])
def test_its_page_tells_nothing(server: Server, attacker: Browser, foreign: int, path: str) -> None:
    async def work() -> None:
        async with Tab(server, attacker.cookie) as tab:
            await tab.act(act("load"), path=path.format(foreign))
            await tab.open(path.format(foreign))
            await tab.act(act("refresh"), path=path.format(foreign))
            assert "minister" not in "".join(tab.frames)
            listed = values(await tab.act(LIST, path="/reports"), "reports_state")["rows"]
            assert foreign not in [row["id"] for row in listed]
            assert values(tab.frames, "report_state").get("found") is not True

    with unchanged(server):
        run(work())


def test_its_address_is_not_there(server: Server, attacker: Browser, foreign: int) -> None:
    unknown = attacker.get(f"/reports/{NOWHERE}")
    found = attacker.get(f"/reports/{foreign}")
    assert (found.status_code, found.content) == (404, unknown.content)
    assert attacker.get(f"/reports/{foreign}/pdf").status_code == 404


@pytest.fixture
def jans_right(server: Server, sources: tuple[str, str]) -> Iterator[None]:
    """Jan may edit reports there, but must set up a second factor before anything else."""
    execute(server, "DELETE FROM report_right WHERE account_id = ?", account_id(server, JAN))
    may_edit(server, JAN, sources[1])
    yield


@pytest.mark.usefixtures("jans_right")
@pytest.mark.parametrize("name", ["load", "refresh", *ACTS])
@pytest.mark.parametrize("who", ["", SOFIE, JAN], ids=["a stranger", "Sofie", "Jan"])
@pytest.mark.asvs("8.2.1")
def test_without_the_right_no_event_is_let_through(
    server: Server, foreign: int, name: str, who: str
) -> None:
    async def work() -> None:
        async with Tab(server, signed_in(server, who).cookie if who else "") as tab:
            await tab.fence()
            payload = typed(foreign, 1) if name in ACTS else {}
            frames = await tab.act(act(name), payload, f"/reports/{foreign}")
            frames += await tab.act(LIST, path="/reports")
            told = values(frames, "report_state")
            assert not any(told.get(what) for what in ("loaded", "found", "answer", "problem"))
            assert not values(frames, "reports_state").get("loaded")
            assert "minister" not in "".join(tab.frames)

    with unchanged(server):
        run(work())


def test_a_right_that_is_taken_ends_at_the_next_event(
    server: Server, attacker: Browser, mine: int
) -> None:
    async def work() -> None:
        async with Tab(server, attacker.cookie) as tab:
            await tab.open(f"/reports/{mine}")
            assert values(tab.frames, "report_state")["found"] is True
            execute(server, "DELETE FROM report_right WHERE account_id = ?", owner)
            before = contents(server)
            for name in ACTS:
                await behind(tab, act(name), typed(mine))
            frames = await tab.act(act("refresh"), path=f"/reports/{mine}")
            assert values(frames, "report_state").get("found") in (False, None)
            assert contents(server) == before
            start = len(tab.frames)
            await tab.open(f"/reports/{mine}")
            assert "minister" not in "".join(tab.frames[start:])

    [(owner,)] = rows(
        server, "SELECT account_id FROM sign_in_session WHERE id = ?", attacker.session_id
    )
    run(work())


@pytest.mark.parametrize("name", ["validate", "add"])
def test_what_is_final_takes_a_fresh_proof(
    server: Server, attacker: Browser, sources: tuple[str, str], name: str
) -> None:
    state = "empty" if name == "validate" else "validated"
    number = report(server, sources[0], state, 0 if name == "validate" else 1)
    if name == "add":
        written(server, number, "validated")
    execute(server, "UPDATE region SET validate_unsigned = 1")

    async def work() -> None:
        async with Tab(server, attacker.cookie) as tab:
            await tab.open(f"/reports/{number}")
            age(server, attacker.session_id, LIMIT + 1)
            before = contents(server)
            frames = await behind(tab, act(name), typed(number, int(name == "add")))
            assert asked(frames) == 1
            assert contents(server) == before
            age(server, attacker.session_id, 0)
            await behind(tab, act(name), typed(number, int(name == "add")))

    run(work())
    execute(server, "UPDATE region SET validate_unsigned = 0")
    kinds = rows(server, "SELECT kind FROM report_version WHERE report_id = ?", number)
    assert kinds[-1] == ({"validate": "validated", "add": "addendum"}[name],)


def test_controls_are_not_kept(server: Server, attacker: Browser, mine: int) -> None:
    async def work() -> None:
        async with Tab(server, attacker.cookie) as tab:
            await tab.open(f"/reports/{mine}")
            await behind(tab, act("save"), typed(mine, text="a\x01b\x1b[31mc\r\nd"))

    run(work())
    [(kept,)] = rows(server, "SELECT findings FROM report_version WHERE report_id = ?", mine)
    assert kept == "ab[31mc\nd"


@pytest.mark.parametrize("name", ["save", "validate", "keep", "discard"])
def test_nothing_changes_what_is_final(
    server: Server, attacker: Browser, sources: tuple[str, str], name: str
) -> None:
    number = report(server, sources[0], "validated", 1)
    written(server, number, "validated")
    before = rows(server, "SELECT * FROM report_version WHERE report_id = ?", number)
    head = rows(server, "SELECT * FROM report WHERE id = ?", number)

    async def work() -> None:
        async with Tab(server, attacker.cookie) as tab:
            await tab.open(f"/reports/{number}")
            for revision in (0, 1, 2):
                await behind(tab, act(name), typed(number, revision))

    run(work())
    assert rows(server, "SELECT * FROM report_version WHERE report_id = ?", number) == before
    assert rows(server, "SELECT * FROM report WHERE id = ?", number) == head


def test_a_draft_is_its_editors_alone(
    server: Server, attacker: Browser, mine: int, sources: tuple[str, str]
) -> None:
    username = somebody(server, may_edit_reports=1)
    may_edit(server, username, sources[0])

    async def work() -> None:
        async with Tab(server, attacker.cookie) as tab:
            await tab.open(f"/reports/{mine}")
            await behind(tab, act("keep"), typed(mine, text="half a diagnosis"))
        async with Tab(server, signed_in(server, username).cookie) as other:
            await other.open(f"/reports/{mine}")
            await behind(other, act("discard"), typed(mine))
            assert values(other.frames, "report_state")["found"] is True
            assert "half a diagnosis" not in "".join(other.frames)

    run(work())
    kept = rows(server, "SELECT findings FROM report_draft WHERE report_id = ?", mine)
    assert kept == [("half a diagnosis",)]


def test_a_new_owner_of_a_tab_is_told_nothing_of_the_former_ones_report(
    server: Server, attacker: Browser, mine: int
) -> None:
    async def work() -> None:
        tab = Tab(server, attacker.cookie)
        await tab.connect()
        await tab.open(f"/reports/{mine}")
        await behind(tab, act("keep"), typed(mine, text="half a diagnosis"))
        assert "minister" in "".join(tab.frames)
        await tab.close()
        for cookie in ("", signed_in(server, SOFIE).cookie):
            async with Tab(server, cookie, tab.token) as other:
                await other.fence()
                await other.act(act("refresh"), path=f"/reports/{mine}")
                told = "".join(other.frames)
                assert "minister" not in told
                assert "half a diagnosis" not in told

    run(work())


def test_no_log_holds_a_text(server: Server, attacker: Browser, mine: int, foreign: int) -> None:
    async def work() -> None:
        async with Tab(server, attacker.cookie) as tab:
            await tab.open(f"/reports/{mine}")
            for name in ACTS:
                await behind(tab, act(name), typed(mine, text=SECRET))
                await tab.send(act(name), {"typed": SECRET})
                await tab.send(act(name), {"typed": typed(mine)["typed"], "more": SECRET})
            await tab.fence()

    run(work())
    assert "minister" not in server.log.read_text()
    told = rows(server, "SELECT before, after FROM audit_entry")
    assert "minister" not in str(told)


def test_an_is_listed_what_is_hers(server: Server, foreign: int) -> None:
    async def work() -> None:
        async with Tab(server, signed_in(server, AN).cookie) as tab:
            await tab.open("/reports")
            listed = values(tab.frames, "reports_state")["rows"]
            allowed = rows(
                server,
                "SELECT report.id FROM report JOIN report_right USING (source_id)"
                " WHERE account_id = ?",
                account_id(server, AN),
            )
            assert {row["id"] for row in listed} <= {number for (number,) in allowed}
            assert listed

    run(work())
