"""A proof is worth something in its session only, and what waited for it is done once."""

import pytest

from pacs_settings.access.gate import PROVEN
from tests.access.browser import (
    SESSION,
    Browser,
    account_id,
    contents,
    execute,
    rows,
    signed_in,
)
from tests.access.owners import (
    END,
    LIMIT,
    STAY,
    Owner,
    asked,
    behind,
    open_security,
    prove,
    stale,
    with_everything,
)
from tests.access.people import age, change, code_for, count_rows, somebody
from tests.access.sockets import Tab, full, values
from tests.conftest import PASSWORD, Server, in_a_loop


@pytest.fixture
def owner(server: Server) -> Owner:
    return with_everything(server)


def test_a_proof_is_worth_nothing_in_another_session(server: Server, owner: Owner):
    both = (owner.browser, owner.elsewhere)
    for browser in both:
        age(server, browser.session_id, LIMIT + 1)
    assert prove(owner.elsewhere) == {}
    assert [stale(server, browser) for browser in both] == [True, False]


def test_a_wrong_proof_is_worth_nothing(server: Server, owner: Owner):
    age(server, owner.browser.session_id, LIMIT + 1)
    assert prove(owner.browser, "wrong")["refused"] == "wrong_password"
    wrong = {"means": "authenticator", "code": "000000"}
    assert owner.browser.post("/auth/proof/code", wrong).json()["refused"] == "wrong_code"
    for means in ("", "none", "sms", "passkey", "password", "x" * 9000):
        told = owner.browser.post("/auth/proof/code", {"means": means, "code": "000000"}).json()
        assert told["refused"] == "no_second_factor"
    assert stale(server, owner.browser)


def test_the_code_of_one_session_proves_nothing_in_another(server: Server, owner: Owner):
    change(server, owner.username, second_factor="email")
    for browser in (owner.browser, owner.elsewhere):
        age(server, browser.session_id, LIMIT + 1)
    assert owner.elsewhere.post("/auth/proof/begin").json() == {}
    proof = {"means": "email", "code": code_for(server, owner.username)}
    assert owner.browser.post("/auth/proof/code", proof).json()["refused"] == "wrong_code"
    assert stale(server, owner.browser)
    assert owner.elsewhere.post("/auth/proof/code", proof).json() == {}
    assert not stale(server, owner.elsewhere)


def test_the_code_of_a_sign_in_proves_nothing(server: Server, owner: Owner):
    """Nor that of a method being chosen: each code has one purpose."""
    change(server, owner.username, second_factor="email")
    guest = Browser(server)
    guest.post("/auth/address", {"email": owner.username})
    guest.post("/auth/password", {"password": PASSWORD})
    proof = {"means": "email", "code": code_for(server, owner.username)}
    age(server, owner.browser.session_id, LIMIT + 1)
    assert owner.browser.post("/auth/proof/code", proof).json()["refused"] == "wrong_code"
    assert stale(server, owner.browser)


@pytest.mark.asvs("7.2.4")
def test_a_proof_gives_the_session_another_token(server: Server, owner: Owner):
    kept = Browser(server, dict(owner.browser.jar))
    assert prove(owner.browser) == {}
    assert owner.browser.jar[SESSION] != kept.jar[SESSION]
    assert owner.browser.session_id == kept.session_id
    assert owner.browser.get("/settings/personal").status_code == 200
    assert kept.get("/settings/personal").headers["location"] == "/login"
    assert kept.post("/security/devices/new").status_code == 401


# What waits for a proof.


def ended(server: Server, session_id: str) -> bool:
    why = "SELECT ended_why FROM sign_in_session WHERE id = ?"
    return bool(rows(server, why, session_id)[0][0])


def test_what_waits_runs_once_and_only_after_the_proof(server: Server, owner: Owner):
    """Sending a code is something that can be counted."""
    choose, wanted = full("security", "choose"), {"method": "email"}

    def codes() -> int:
        return count_rows(
            server, "outbox_message", "template = 'code' AND \"to\" = ?", owner.username
        )

    async def work() -> None:
        async with Tab(server, owner.browser.cookie) as tab:
            await open_security(tab, owner)
            age(server, owner.browser.session_id, LIMIT + 1)
            for _ in range(2):  # asked twice, done once
                await behind(tab, choose, wanted)
            assert asked(await behind(tab, PROVEN)) == 3
            assert codes() == 0
            assert prove(owner.browser) == {}
            for _ in range(3):
                await behind(tab, PROVEN)
                await behind(tab, STAY)
                assert codes() == 1

    in_a_loop(work())


def test_only_the_last_event_waits(server: Server, owner: Owner):
    async def work() -> None:
        async with Tab(server, owner.browser.cookie) as tab:
            await open_security(tab, owner)
            age(server, owner.browser.session_id, LIMIT + 1)
            await behind(tab, END, {"session_id": owner.elsewhere.session_id})
            await behind(tab, END, {"session_id": owner.third.session_id})
            prove(owner.browser)
            await behind(tab, PROVEN)
            await behind(tab, STAY)

    in_a_loop(work())
    assert not ended(server, owner.elsewhere.session_id)
    assert ended(server, owner.third.session_id)


def test_calling_proven_proves_nothing(server: Server, owner: Owner):
    async def work() -> None:
        async with Tab(server, owner.browser.cookie) as tab:
            await open_security(tab, owner)
            age(server, owner.browser.session_id, LIMIT + 1)
            before = contents(server)
            await behind(tab, END, {"session_id": owner.elsewhere.session_id})
            for number in range(2, 6):
                assert asked(await behind(tab, PROVEN)) == number
            wrong = [{"value": True}, [], {"name": END, "payload": {}}]
            for payload in wrong:
                assert asked(await behind(tab, PROVEN, payload)) is None
            await behind(tab, STAY)
            assert contents(server) == before
        assert stale(server, owner.browser)

    in_a_loop(work())


def test_a_page_that_is_loaded_anew_has_forgotten_what_waited(server: Server, owner: Owner):
    async def work() -> None:
        async with Tab(server, owner.browser.cookie) as tab:
            await open_security(tab, owner)
            age(server, owner.browser.session_id, LIMIT + 1)
            await behind(tab, END, {"session_id": owner.elsewhere.session_id})
            await open_security(tab, owner)
            prove(owner.browser)
            await behind(tab, PROVEN)
            await behind(tab, STAY)

    in_a_loop(work())
    assert not ended(server, owner.elsewhere.session_id)


def test_what_waited_passes_the_gate_again(server: Server, owner: Owner):
    """The right to it was lost while the owner was asked."""
    opens = full("security", "open_password")

    async def work() -> None:
        async with Tab(server, owner.browser.cookie) as tab:
            await open_security(tab, owner)
            age(server, owner.browser.session_id, LIMIT + 1)
            await behind(tab, opens)
            prove(owner.browser)
            domain = rows(server, "SELECT id FROM domain")[0][0]
            change(server, owner.username, domain_id=domain)
            frames = [*await behind(tab, PROVEN), *await behind(tab, STAY)]
            assert values(frames, "security_state") == {}

    in_a_loop(work())
    refused = "SELECT tag FROM audit_entry WHERE session_id = ? AND tag = 'event:refused'"
    assert rows(server, refused, owner.browser.session_id) == [("event:refused",)]


@pytest.mark.parametrize("hydrates", [True, False])
def test_what_waited_is_not_done_for_somebody_else(server: Server, owner: Owner, hydrates: bool):
    """Neither for another account nor for another session that takes over the tab."""
    stranger = signed_in(server, somebody(server))

    async def work() -> None:
        for other in (stranger, owner.third):
            tab = Tab(server, owner.browser.cookie)
            await tab.connect()
            await open_security(tab, owner)
            age(server, owner.browser.session_id, LIMIT + 1)
            await behind(tab, END, {"session_id": owner.elsewhere.session_id})
            await tab.close()
            async with Tab(server, other.cookie, tab.token) as thief:
                if hydrates:
                    await thief.fence()
                await thief.send(PROVEN)
                await thief.fence()
                assert owner.elsewhere.session_id not in "".join(thief.frames)

    in_a_loop(work())
    assert not ended(server, owner.elsewhere.session_id)


def test_two_tabs_that_are_asked_each_do_their_own(server: Server, owner: Owner):
    async def work() -> None:
        async with (
            Tab(server, owner.browser.cookie) as one,
            Tab(server, owner.browser.cookie) as two,
        ):
            for tab in (one, two):
                await open_security(tab, owner)
            age(server, owner.browser.session_id, LIMIT + 1)
            await behind(one, END, {"session_id": owner.elsewhere.session_id})
            await behind(two, END, {"session_id": owner.third.session_id})
            prove(owner.browser)
            await behind(one, PROVEN)
            await behind(one, STAY)
            assert ended(server, owner.elsewhere.session_id)
            assert not ended(server, owner.third.session_id)
            await behind(two, PROVEN)
            await behind(two, STAY)
            assert ended(server, owner.third.session_id)

    in_a_loop(work())


def test_whoever_is_locked_proves_nothing_by_a_code(server: Server, owner: Owner):
    """And nothing is sent, which would cost money for nothing."""
    change(server, owner.username, second_factor="sms")
    change(server, owner.username, state="locked", locked_until="2999-01-01 00:00:00.000000")
    age(server, owner.browser.session_id, LIMIT + 1)
    before = contents(server)
    assert owner.browser.post("/auth/proof/begin").json()["refused"] == "locked"
    proof = {"means": "sms", "code": "123456"}
    assert owner.browser.post("/auth/proof/code", proof).json()["refused"] == "locked"
    assert contents(server) == before
    assert stale(server, owner.browser)


def test_the_owner_is_asked_by_what_is_theirs(server: Server, owner: Owner):
    """Whoever has no second factor proves it by the password alone."""
    change(server, owner.username, second_factor="none")
    age(server, owner.browser.session_id, LIMIT + 1)
    mine = account_id(server, owner.username)
    execute(server, "DELETE FROM recovery_code WHERE account_id = ?", mine)
    assert owner.browser.post("/auth/proof/begin").json()["refused"] == "no_second_factor"
    for means in ("recovery", "none", "authenticator"):
        told = owner.browser.post("/auth/proof/code", {"means": means, "code": "123456"}).json()
        assert told["refused"] == "no_second_factor"
    assert prove(owner.browser) == {}
    assert not stale(server, owner.browser)
