"""Raw sockets against the running product: who calls what, with whose tab, and what is told."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from pacs_settings.access.gate import FRAMEWORK, HYDRATE
from pacs_settings.access.permissions import ENROLLING, Permission, needed
from tests.access.browser import (
    AN,
    JAN,
    LEA,
    SESSION,
    SOFIE,
    Browser,
    account_id,
    contents,
    execute,
    rows,
    signed_in,
)
from tests.access.handlers import all_handlers, bad_payloads, ours, plausible
from tests.access.sockets import ROOT, Tab, full, told_of, values
from tests.conftest import PASSWORD, Server, in_a_loop

MARK = "value-that-no-log-may-hold"
FOREIGN = "a device of the owner"


def run(work: Coroutine[Any, Any, None]) -> None:
    in_a_loop(work)


@pytest.fixture(scope="module")
def victim(server: Server) -> Browser:
    """The owner's browser; the account has a device, so that there is one to steal."""
    owner = signed_in(server, AN)
    values_of = (account_id(server, AN), FOREIGN, "sealed", 0, "2026-01-01 00:00:00.000000")
    execute(
        server,
        "INSERT INTO totp_device (account_id, name, sealed_secret, last_step, created_at,"
        " confirmed_at) VALUES (?, ?, ?, ?, ?, NULL)",
        *values_of,
    )
    return owner


@pytest.fixture(scope="module")
def other(server: Server) -> Browser:
    return signed_in(server, SOFIE)


@pytest.fixture(scope="module")
def secrets(server: Server, victim: Browser) -> list[str]:
    """What only the owner may be told; what the other account shows as well is left out."""
    me, sofie = account_id(server, AN), account_id(server, SOFIE)
    mine = {AN, "An Peeters", "PEETERS An", "Peeters", FOREIGN}
    (mobile, work), *_ = rows(server, "SELECT mobile_phone, work_phone FROM account WHERE id=?", me)
    mine |= {mobile[3:], work[3:]}
    mine |= {
        v for (v,) in rows(server, "SELECT value FROM physician_number WHERE account_id=?", me)
    }
    sources = "SELECT s.name FROM mapping m JOIN source s ON s.id = m.source_id WHERE account_id=?"
    mine |= {v for (v,) in rows(server, sources, me)} - {v for (v,) in rows(server, sources, sofie)}
    mine |= {victim.jar[SESSION], victim.jar[SESSION].partition(".")[2]}
    assert len(mine) > 15
    return sorted(mine)


async def opened(server: Server, browser: Browser) -> Tab:
    """A tab of a browser that has visited every page, so that its state is full of data."""
    tab = Tab(server, browser.cookie)
    await tab.connect()
    for page in ("personal", "security", "privacy", "mappings"):
        await tab.open(f"/settings/{page}")
    return tab


async def call_everything(tab: Tab) -> None:
    for name in all_handlers():
        await tab.send(name, plausible(name), "/settings/mappings")
        await tab.send(name, {}, "/settings/personal")
    await tab.fence()


def test_the_owner_is_told_and_may_act(server: Server, victim: Browser, secrets: list[str]):
    """The control: without it, nothing below would prove anything."""

    async def work() -> None:
        tab = await opened(server, victim)
        assert AN in told_of(tab.frames, secrets)
        assert len(told_of(tab.frames, secrets)) > 12
        (line, on), *_ = rows(
            server, "SELECT id, on_study FROM mapping WHERE account_id=?", account_id(server, AN)
        )
        frames = await tab.act(
            full("mappings", "toggle"), {"line": line, "which": "study", "on": not on}
        )
        assert values(frames, "mappings_state")["answer"] == 1
        assert rows(server, "SELECT on_study FROM mapping WHERE id=?", line) == [(int(not on),)]
        await tab.close()

    run(work())


@pytest.mark.asvs("8.2.1", "8.3.1")
def test_a_stranger_gets_nowhere(server: Server, victim: Browser, secrets: list[str]):
    async def work() -> None:
        before, logged = contents(server), len(server.log.read_text())
        async with Tab(server) as tab:
            await call_everything(tab)
            assert told_of(tab.frames, secrets) == []
        assert contents(server) == before
        # Refused before it ran, not by failing for want of a principal.
        assert "handler failed" not in server.log.read_text()[logged:]

    run(work())


@pytest.mark.asvs("7.2.1", "8.2.2")
@pytest.mark.parametrize("cookie", ["", "other", "forged"])
@pytest.mark.parametrize("connected", [True, False], ids=["beside", "after"])
def test_the_token_of_a_tab_is_worth_nothing(
    server: Server,
    victim: Browser,
    other: Browser,
    secrets: list[str],
    cookie: str,
    connected: bool,
):
    """The client token is known to the attacker, while its tab is open and after it is gone."""
    forged = f"{SESSION}={victim.session_id}.{'x' * 43}"
    sent = {"": "", "other": other.cookie, "forged": forged}[cookie]

    async def work() -> None:
        owner = await opened(server, victim)
        if not connected:
            await owner.close()
        before = contents(server)
        tab = Tab(server, sent, owner.token)
        await tab.connect()
        assert bool(tab.new_token) is connected
        for name in all_handlers():
            if name not in HYDRATE:
                await tab.send(name, plausible(name), "/settings/mappings")
        await call_everything(tab)
        assert told_of(tab.frames, secrets) == []
        mine = account_id(server, AN)
        after = contents(server)
        if cookie == "other":  # its own account it may change
            for found in (before, after):
                for table, kept in found.items():
                    found[table] = [row for row in kept if mine in row and AN in row]
        assert after == before
        await tab.close()
        await owner.close()

    run(work())


@pytest.mark.parametrize("first", sorted(HYDRATE) + [None])
def test_an_orphaned_tab_hydrates_to_defaults(
    server: Server, victim: Browser, secrets: list[str], first: str | None
):
    """Also by the event in the connect packet, and where the address of the page is left out."""
    private = "/settings/mappings?of=the-owner"

    async def work() -> None:
        owner = Tab(server, victim.cookie)
        await owner.connect()
        await owner.send(f"{ROOT}.hydrate_and_load", {"vars": {}}, private)
        await owner.until(lambda frame: "PEETERS" in frame)
        await owner.close()
        tab = Tab(server, token=owner.token)
        boot = {"name": f"{ROOT}.hydrate_and_load", "payload": {"vars": {}}}
        await tab.connect({} if first else {"event": boot})
        if first:
            await tab.emit("event", {"name": first, "payload": {}, "router_data": {}})
        shown = await tab.until(lambda frame: frame.startswith("42") and "mappings_state" in frame)
        assert '"lines_rx_state_":[]' in shown
        await tab.fence()
        assert told_of(tab.frames, [*secrets, "the-owner"]) == []
        await tab.close()

    run(work())


@pytest.mark.parametrize("name", ["set_is_hydrated", "unasked"])
def test_an_orphaned_tab_tells_no_address(server: Server, victim: Browser, name: str):
    """Not even which page the owner was on."""

    async def work() -> None:
        owner = Tab(server, victim.cookie)
        await owner.connect()
        await owner.open("/settings/mappings?of=the-owner")
        await owner.close()
        async with Tab(server, token=owner.token) as tab:
            event = (
                f"{ROOT}.set_is_hydrated" if name == "set_is_hydrated" else full("privacy", "load")
            )
            payload = {"value": True} if name == "set_is_hydrated" else {}
            await tab.emit("event", {"name": event, "payload": payload})
            await tab.until(lambda frame: '"ended_rx_state_":true' in frame)
            assert told_of(tab.frames, ["the-owner", "settings/mappings"]) == []

    run(work())


@pytest.mark.parametrize("name", ours(), ids=lambda name: name.rpartition("____")[2])
def test_wrong_arguments_change_nothing(
    server: Server, victim: Browser, other: Browser, secrets: list[str], name: str
):
    """From the owner, from another account and from a stranger."""

    async def work() -> None:
        before = contents(server)
        for browser in (victim, other, Browser(server)):
            async with Tab(server, browser.cookie) as tab:
                await tab.fence()
                for payload in bad_payloads(name):
                    await tab.send(name, payload)
                await tab.fence()
                if browser is not victim:
                    assert told_of(tab.frames, secrets) == []
                assert values(tab.frames, "session_state").get("trouble") is not True
        assert contents(server) == before

    run(work())


def test_huge_and_malformed_frames(server: Server, victim: Browser):
    """They may cost their sender the socket, never anybody a value or the server its life."""

    async def work() -> None:
        before = contents(server)
        frames = [
            f'["event",{json.dumps([MARK])}]',
            f'["event",{json.dumps(MARK)}]',
            f'["event",{json.dumps({"nam": MARK})}]',
            f'["event",{json.dumps({"name": {"a": MARK}})}]',
            f'["event",{json.dumps({"name": [MARK], "payload": {}})}]',
            f'["event",{json.dumps({"name": f"{ROOT}.hydrate", "router_data": [MARK]})}]',
            f'["event",{json.dumps({"name": f"{ROOT}.{MARK}", "payload": {"password": MARK}})}]',
            f'["event",{json.dumps({"name": MARK, "payload": MARK})}]',
            f'["event",{json.dumps(json.dumps({"name": MARK, "payload": {"a": MARK}}))}]',
            f'["event",{MARK}]',
            f'["{MARK}",1]',
            f'["client_error","{MARK}"]',
            "[]",
            "{}",
            '["event"]',
            '["event",' + "[" * 5000 + "]" * 5000 + "]",
            json.dumps(
                ["event", {"name": full("mappings", "filter"), "payload": {"text": MARK * 999}}]
            ),
            json.dumps(
                ["event", {"name": full("personal", "save"), "payload": {"typed": {MARK: [MARK]}}}]
            ),
            json.dumps(["event", {"name": full("personal", "save"), "payload": {MARK: 1}}]),
            json.dumps(
                ["event", {"name": f"{ROOT}.setvar", "payload": {"var_name": MARK, "value": MARK}}]
            ),
            json.dumps(
                ["event", {"name": full("signature", "save"), "payload": {"drawing": {MARK: MARK}}}]
            ),
        ]
        for frame in frames:
            tab = Tab(server, victim.cookie)
            await tab.connect()
            await tab.fence()
            await tab.raw(f"42/_event,{frame}")
            try:
                await tab.fence()
            except (ConnectionError, sqlite3.Error):
                assert tab.closed
            await tab.close()
        tab = Tab(server, victim.cookie)
        await tab.connect()
        await tab.send(full("mappings", "filter"), {"text": "x" * 1_200_000})
        with pytest.raises(ConnectionError):
            await tab.fence()
        async with Tab(server, victim.cookie) as alive:
            await alive.fence()
            assert "PEETERS" in "".join(await alive.act(full("mappings", "load")))
        assert contents(server) == before

    run(work())
    told = server.log.read_text()
    assert MARK not in told
    assert victim.jar[SESSION] not in told
    assert "gate.py" not in told  # it refused all of it without failing itself


def test_an_unwanted_origin(server: Server, victim: Browser):
    async def work() -> None:
        for origin in (
            "https://evil.example",
            "null",
            f"{server.url}.evil.example",
            "http://localhost",
        ):
            tab = Tab(server, victim.cookie, Origin=origin)
            with pytest.raises(ConnectionError):
                await tab.connect()
            assert tab.status in (400, 403)
            await tab.close()

    run(work())


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_origin_but_from_another_site(
    server: Server, victim: Browser, secrets: list[str], site: str
):
    async def work() -> None:
        before = contents(server)
        async with Tab(server, victim.cookie, Origin="", Sec_Fetch_Site=site) as tab:
            for name in all_handlers():
                await tab.send(name, plausible(name))
            # All is refused, so nothing answers; a socket of our own does, later in the same queue.
            await tab.emit("ping")
            await tab.until(lambda frame: '"pong"' in frame or '"ping"' in frame)
            async with Tab(server) as own:
                await own.fence()
            assert [frame for frame in tab.frames if '"delta"' in frame] == []
        assert contents(server) == before

    run(work())


def test_no_origin_and_no_cookie(server: Server, victim: Browser, secrets: list[str]):
    async def work() -> None:
        before = contents(server)
        async with Tab(server, Origin="") as tab:
            await call_everything(tab)
            assert told_of(tab.frames, secrets) == []
        assert contents(server) == before

    run(work())


async def refused(server: Server, browser: Browser, name: str) -> bool:
    """Whether the gate refused this call (the audit trail has it), and nothing was answered."""
    count = "SELECT count(*) FROM audit_entry WHERE tag = 'event:refused' AND session_id = ?"
    before = rows(server, count, browser.session_id)
    async with Tab(server, browser.cookie) as tab:
        await tab.fence()
        frames = await tab.act(name, plausible(name))
    state = name.rpartition(".")[0].rpartition("____")[2]
    return rows(server, count, browser.session_id) != before and not values(frames, state)


@pytest.mark.asvs("6.3.3", "8.2.1", "8.3.1")
def test_whoever_must_enrol_can_do_nothing_else(server: Server):
    jan = signed_in(server, JAN)

    async def work() -> None:
        before = contents(server)
        for name in all_handlers():
            if name in FRAMEWORK:
                continue
            expected = needed(all_handlers()[name]) not in ENROLLING
            assert await refused(server, jan, name) is expected, name
        assert contents(server) == before

    run(work())


@pytest.mark.asvs("8.2.1", "8.3.1")
@pytest.mark.parametrize(
    ("username", "permission"), [(LEA, Permission.PASSWORD), (SOFIE, Permission.SIGNATURE)]
)
def test_a_right_that_is_missing(server: Server, username: str, permission: Permission):
    browser = signed_in(server, username)

    async def work() -> None:
        before = contents(server)
        asked = [name for name in ours() if needed(all_handlers()[name]) == permission]
        assert len(asked) >= 2
        for name in asked:
            assert await refused(server, browser, name), name
        assert contents(server) == before

    run(work())


def test_the_owner_may_what_the_others_may_not(server: Server, victim: Browser):
    async def work() -> None:
        assert not await refused(server, victim, full("security", "open_password"))
        assert not await refused(server, victim, full("signature", "load"))

    run(work())


@pytest.mark.asvs("8.2.3", "8.3.1")
def test_a_framework_handler_sets_nothing(server: Server, victim: Browser):
    """Neither `setvar` nor the values that a browser claims to have kept."""
    keys = [
        f"{ROOT}.pacs_settings___access___state____access_state._session_id",
        f"{ROOT}.pacs_settings___access___state____access_state.ended",
        f"{full('security', 'x').removesuffix('.x')}.mandatory_rx_state_",
        f"{ROOT}.is_hydrated",
        "nowhere.at_all",
        MARK,
    ]

    async def work() -> None:
        async with Tab(server, victim.cookie) as tab:
            for key in keys:
                await tab.send(f"{ROOT}.hydrate_and_load", {"vars": {key: MARK}})
                await tab.send(f"{ROOT}.hydrate_and_load", {"hashes": [MARK, key]})
                where = key.rpartition(".")[0] or ROOT
                await tab.send(
                    f"{where}.setvar", {"var_name": key.rpartition(".")[2], "value": MARK}
                )
            await tab.fence()
            assert MARK not in "".join(tab.frames)

    run(work())
    assert MARK not in server.log.read_text()


def test_cookies_never_come_back(server: Server, victim: Browser):
    async def work() -> None:
        tab = await opened(server, victim)
        await call_everything(tab)
        text = "".join(tab.frames)
        for value in victim.jar.values():
            assert value not in text
        assert "__Host-" not in text
        await tab.close()

    run(work())


@pytest.mark.asvs("7.4.1")
@pytest.mark.parametrize("how", ["sign-out", "renew"])
def test_an_open_socket_leaves_when_its_session_ends(server: Server, how: str):
    browser = signed_in(server, AN)

    async def work() -> None:
        tab = await opened(server, browser)
        second = await opened(server, browser)
        seen, beside = len(tab.frames), len(second.frames)
        await asyncio.to_thread(browser.post, f"/auth/{how}")
        async with asyncio.timeout(10):
            await tab.until(lambda frame: '"ended_rx_state_":true' in frame, seen)
            await second.until(lambda frame: '"ended_rx_state_":true' in frame, beside)
        assert told_of(tab.frames[seen:], ["Peeters", "PEETERS", AN]) == []
        before = contents(server)
        start = len(tab.frames)
        await call_everything(tab)
        assert told_of(tab.frames[start:], ["Peeters", "PEETERS", AN]) == []
        assert contents(server) == before
        await tab.close()
        await second.close()

    run(work())


@pytest.mark.asvs("7.3.1", "7.3.2", "7.4.1")
@pytest.mark.parametrize(
    "end",
    [
        "UPDATE sign_in_session SET ended_at='2026-01-01 00:00:00.000000', ended_why='signed_out'",
        "UPDATE sign_in_session SET until='2026-01-01 00:00:00.000000'",
        "UPDATE sign_in_session SET used_at='2026-01-01 00:00:00.000000'",
        "DELETE FROM sign_in_session",
    ],
    ids=["ended", "too old", "idle", "gone"],
)
def test_an_event_after_the_end_is_refused(server: Server, end: str):
    """At the very next event, not only when the watch has looked."""
    browser = signed_in(server, AN)

    async def work() -> None:
        async with Tab(server, browser.cookie) as tab:
            await tab.open("/settings/mappings")
            start = len(tab.frames)
            execute(server, f"{end} WHERE id = ?", browser.session_id)
            before = contents(server)
            await tab.act(full("mappings", "toggle"), {"line": 1, "which": "study", "on": True})
            assert '"ended_rx_state_":true' in "".join(tab.frames[start:])
            await call_everything(tab)
            assert told_of(tab.frames[start:], ["Peeters", "PEETERS", AN]) == []
        assert contents(server) == before

    run(work())


def test_an_end_that_nobody_tells_is_noticed(server: Server):
    """A session that runs out, or that another process has ended, with a tab that only waits."""
    browser = signed_in(server, AN)

    async def work() -> None:
        async with Tab(server, browser.cookie) as tab:
            await tab.open("/settings/personal")
            ended = "UPDATE sign_in_session SET until='2026-01-01 00:00:00.000000' WHERE id = ?"
            execute(server, ended, browser.session_id)
            async with asyncio.timeout(10):
                await tab.until(lambda frame: '"ended_rx_state_":true' in frame)

    run(work())


@pytest.mark.asvs("7.4.2")
@pytest.mark.parametrize("state", ["disabled", "invited"])
def test_a_disabled_account_is_out_at_once(server: Server, state: str):
    browser = signed_in(server, SOFIE)

    async def work() -> None:
        async with Tab(server, browser.cookie) as tab:
            execute(server, "UPDATE account SET state = ? WHERE username = ?", state, SOFIE)
            try:
                frames = await tab.act(full("mappings", "load"))
            finally:
                execute(server, "UPDATE account SET state = 'active' WHERE username = ?", SOFIE)
        assert '"ended_rx_state_":true' in "".join(frames) or told_of(frames, ["Maes"]) == []
        assert told_of(frames, ["MAES"]) == []

    run(work())


def test_a_change_reaches_the_own_tabs_only(server: Server, victim: Browser, other: Browser):
    elsewhere = signed_in(server, AN)  # another session of the same account

    async def work() -> None:
        first, second = await opened(server, victim), await opened(server, victim)
        third, stranger = await opened(server, elsewhere), await opened(server, other)
        (line, on), *_ = rows(
            server, "SELECT id, on_report FROM mapping WHERE account_id=?", account_id(server, AN)
        )
        seen = [len(tab.frames) for tab in (second, third, stranger)]
        change = {"line": line, "which": "report", "on": not on}
        await first.act(full("mappings", "toggle"), change)
        pushed = f'"on_report":{json.dumps(not on)}'
        for tab, start in ((second, seen[0]), (third, seen[1])):
            frame = await tab.until(lambda f: "lines_rx_state_" in f and "PEETERS" in f, start)
            assert pushed in frame[frame.index(f'"id":{line},') :].partition("}")[0]
        assert len(stranger.frames) == seen[2]
        for tab in (first, second, third, stranger):
            await tab.close()

    run(work())


def test_a_nudge_is_not_for_whoever_takes_over_the_token(
    server: Server, victim: Browser, secrets: list[str]
):
    """The owner's tab goes in the moment a change is pushed to it; a stranger takes its token."""

    async def work() -> None:
        first = await opened(server, victim)
        start_on = True
        for _ in range(15):
            second = Tab(server, victim.cookie)
            await second.connect()
            await second.open("/settings/mappings")
            thief = Tab(server, token=second.token)
            change = {"line": 2, "which": "study", "on": start_on}
            start_on = not start_on
            await asyncio.gather(
                first.send(full("mappings", "toggle"), change),
                second.send(full("mappings", "load")),
                second.send(full("mappings", "load")),
                second.close(),
                thief.connect(),
            )
            await thief.fence()
            assert told_of(thief.frames, secrets) == []
            await thief.close()
        await first.close()

    run(work())


def test_a_tab_whose_state_was_dropped_loads_again(server: Server, victim: Browser):
    """An hour without an event; the click that wakes it up acts on nothing that is not shown."""

    async def work() -> None:
        before = contents(server)
        async with Tab(server, victim.cookie) as tab:
            await tab.send(full("privacy", "save"), {}, "/settings/privacy")
            await tab.until(lambda frame: '"card_name_rx_state_":"Dr An Peeters"' in frame)
            await tab.fence()
        assert contents(server) == before

    run(work())


async def _mixed(tabs: list[Tab], act: Callable[[Tab], Awaitable[Any]]) -> None:
    await asyncio.gather(*(act(tab) for tab in tabs))


@pytest.mark.asvs("8.2.2")
def test_two_accounts_at_the_same_moment(server: Server, victim: Browser, other: Browser):
    """The principal of one event is never that of another that runs beside it."""

    async def work() -> None:
        mine = [Tab(server, victim.cookie) for _ in range(4)]
        theirs = [Tab(server, other.cookie) for _ in range(4)]
        nobody = [Tab(server) for _ in range(2)]
        await _mixed([*mine, *theirs, *nobody], Tab.connect)

        async def act(tab: Tab) -> None:
            await tab.fence()
            for _ in range(15):
                await tab.send(full("mappings", "load"))
                await tab.send(full("personal", "load"))
            await tab.fence()

        await _mixed([*mine, *theirs, *nobody], act)
        for tab in mine:
            assert told_of(tab.frames, ["MAES", SOFIE]) == []
            assert AN in "".join(tab.frames)
        for tab in theirs:
            assert told_of(tab.frames, ["PEETERS", AN]) == []
            assert SOFIE in "".join(tab.frames)
        for tab in nobody:
            assert told_of(tab.frames, ["PEETERS", AN, "MAES", SOFIE]) == []
        await _mixed([*mine, *theirs, *nobody], Tab.close)

    run(work())


def test_the_password_is_in_no_log(server: Server):
    assert PASSWORD not in server.log.read_text()
