"""What anybody can ask for without end stops, in words, and counts against who really asks."""

from collections.abc import Iterator
from typing import Any

import pytest

from pacs_settings.core.accounts import send_limits, throttle
from pacs_settings.logs import MOST
from tests.access.browser import (
    AN,
    CLIENT,
    SESSION,
    Browser,
    account_id,
    execute,
    rows,
    signed_in,
)
from tests.access.people import code_for, count_rows, link_for, moment, somebody, until
from tests.access.sockets import Tab, full, handler, values
from tests.conftest import PASSWORD, Server, free_port, in_a_loop


@pytest.fixture(autouse=True)
def _no_waiting(server: Server) -> None:
    execute(server, "DELETE FROM throttle")


@pytest.fixture(scope="module")
def behind(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The product behind one reverse proxy, whose word on addresses is believed."""
    folder = tmp_path_factory.mktemp("behind")
    running = Server(folder, free_port(), {"PACS_TRUSTED_PROXY_HOPS": "1"})
    running.start()
    yield running
    running.stop()


def keys(server: Server) -> set[str]:
    return {key for (key,) in rows(server, "SELECT key FROM throttle")}


def preload(server: Server, key: str, count: float) -> None:
    """As if so much had been counted just now."""
    row = (key, count, moment(), moment())
    columns = "key, failures, last_failure, blocked_until"
    execute(server, f"INSERT OR REPLACE INTO throttle ({columns}) VALUES (?, ?, ?, ?)", *row)


# Addresses.

CLAIMS = ["203.0.113.7", "203.0.113.7, 198.51.100.1", "::1, 203.0.113.7", "x" * 5000, "", ","]


def try_everything(browser: Browser, username: str, **headers: str) -> None:
    """All that counts or notes an address."""
    browser.post("/auth/address", {"email": username}, **headers)
    browser.post("/auth/password", {"password": "wrong"}, **headers)
    browser.post("/auth/forgot", {"email": username}, **headers)


def noted(server: Server) -> set[str]:
    """All addresses that were written down."""
    tables = ("sign_in_attempt", "sign_in_session", "forgotten_password", "audit_entry")
    found = {
        address for table in tables for (address,) in rows(server, f"SELECT address FROM {table}")
    }
    told = "SELECT json_extract(\"values\", '$.address') FROM outbox_message"
    return found | {address for (address,) in rows(server, told)} - {"", None}


def test_a_forged_address_is_noted_nowhere(server: Server):
    username = somebody(server)
    for claim in CLAIMS:
        forged = {"X_Forwarded_For": claim, "Forwarded": "for=203.0.113.7", "X_Real_IP": claim}
        try_everything(Browser(server), username, **forged, Client_IP="203.0.113.7")
        execute(server, "UPDATE throttle SET blocked_until = last_failure")
    browser = Browser(server)
    browser.post("/auth/address", {"email": username}, X_Forwarded_For="203.0.113.7")
    browser.post("/auth/password", {"password": PASSWORD}, X_Forwarded_For="203.0.113.7")

    async def work() -> None:
        forged = {"X_Forwarded_For": "203.0.113.7", "asgi_scope_client": "203.0.113.7"}
        async with Tab(server, browser.cookie, **forged) as tab:
            await tab.fence()
            await tab.act(full("signature", "load"))  # refused, and so audited

    in_a_loop(work())
    assert rows(server, "SELECT 1 FROM audit_entry WHERE tag = 'event:refused'")
    until(lambda: not rows(server, "SELECT 1 FROM forgotten_password"))
    assert noted(server) <= {"127.0.0.1", "::1"}
    assert {key.rpartition("address:")[2] for key in keys(server) if "address" in key} <= {
        "127.0.0.1",
        "::/64",
    }


def test_only_the_last_word_of_a_trusted_proxy_counts(behind: Server):
    """Also where the proxy adds a header of its own beside the one that the client has sent."""
    username = somebody(behind)
    for claimed in (["198.51.100.1, 203.0.113.9"], ["198.51.100.1", "203.0.113.9"]):
        execute(behind, "DELETE FROM sign_in_attempt")
        execute(behind, "DELETE FROM throttle")
        browser = Browser(behind)
        browser.post("/auth/address", {"email": username}, X_Forwarded_For="203.0.113.9")
        headers = [*browser.headers().items(), *(("X-Forwarded-For", one) for one in claimed)]
        url = f"{behind.url}/auth/password"
        CLIENT.post(url, data={"password": "wrong"}, headers=headers)
        assert rows(behind, "SELECT address FROM sign_in_attempt") == [("203.0.113.9",)]
        assert {key for key in keys(behind) if "198.51" in key} == set()


def test_the_addresses_of_one_subscriber_count_as_one(behind: Server):
    """IPv6: whoever has 2**64 of them has one network."""
    execute(behind, "DELETE FROM throttle")
    preload(behind, "address:2001:db8:1:2::/64", 29)
    places = []
    for number in range(1, 5):
        browser = Browser(behind)
        mine = {"X_Forwarded_For": f"2001:db8:1:2::{number:x}"}
        browser.post("/auth/address", {"email": f"nobody{number}@demo.example"}, **mine)
        answer = browser.post("/auth/password", {"password": "wrong"}, **mine)
        places.append(answer.headers["location"])
    assert places[0] == "/login#wrong"
    assert "/login#too_many_tries" in places
    other = {"X_Forwarded_For": "2001:db8:1:3::1"}
    browser = Browser(behind)
    browser.post("/auth/address", {"email": "nobody9@demo.example"}, **other)
    answer = browser.post("/auth/password", {"password": "wrong"}, **other)
    assert answer.headers["location"] == "/login#wrong"


@pytest.mark.parametrize(
    ("kind", "most", "path", "place"),
    [
        ("beginning", send_limits.MOST_BEGINNING, "/auth/address", None),
        ("asking", send_limits.MOST_ASKING, "/auth/forgot", "/forgot-password#too_many_codes"),
    ],
)
def test_what_anybody_may_begin_is_bounded(
    behind: Server, kind: str, most: int, path: str, place: str | None
):
    """Each leaves a row. A network that goes too far waits; others do not."""
    execute(behind, "DELETE FROM throttle")
    preload(behind, f"send:{kind}:address:2001:db8:1:2::/64", most - 1)
    mine = {"X_Forwarded_For": "2001:db8:1:2::7"}
    # The worker counts links, whenever it comes to them.
    beginning = kind == "beginning"
    counted = ("pending_sign_in",) if beginning else ("throttle", "key NOT LIKE 'send:link%'")
    answers = [Browser(behind).post(path, {"email": AN}, **mine) for _ in range(2)]
    before = count_rows(behind, *counted)
    answers += [Browser(behind).post(path, {"email": f"{n}@b.example"}, **mine) for n in range(3)]
    assert count_rows(behind, *counted) == before
    assert [answer.headers.get("location") for answer in answers[2:]] == [place] * 3
    assert answers[-1].status_code == (303 if place else 503)
    assert answers[0].status_code == 303
    assert place or "try again" in answers[-1].text
    theirs = {"X_Forwarded_For": "2001:db8:1:3::7"}
    elsewhere = Browser(behind).post(path, {"email": AN}, **theirs)
    assert elsewhere.headers["location"] in ("/login#password", "/forgot-password#sent")


def test_what_was_counted_long_ago_is_forgotten(server: Server):
    """Else whoever tries many names fills the table for ever."""
    long_ago = moment(throttle.KEPT.total_seconds() + 60)
    columns = "key, failures, last_failure, blocked_until"
    for number in range(20):
        row = (f"account:{number}", 3, long_ago, long_ago)
        execute(server, f"INSERT INTO throttle ({columns}) VALUES (?, ?, ?, ?)", *row)
    preload(server, "account:lately", 3)
    browser = Browser(server)
    browser.post("/auth/address", {"email": AN})
    browser.post("/auth/password", {"password": "wrong"})
    assert {key for key in keys(server) if key.startswith("account:")} >= {"account:lately"}
    assert count_rows(server, "throttle", "last_failure = ?", long_ago) == 0


# Messages.


def texts_to(server: Server, number: str) -> int:
    return count_rows(server, "outbox_message", "channel = 'sms' AND \"to\" = ?", number)


def test_text_messages_of_a_sign_in_stop_in_words(server: Server):
    number = "+32470980001"
    username = somebody(server, second_factor="sms", mobile_phone=number)
    browser = Browser(server)
    browser.post("/auth/address", {"email": username})
    browser.post("/auth/password", {"password": PASSWORD})
    places = [browser.post("/auth/resend").headers["location"] for _ in range(14)]
    most = send_limits.MOST["sms"]["account"]
    assert texts_to(server, number) == most
    assert places[: most - 1] == ["/login#code-sms"] * (most - 1)
    assert set(places[most - 1 :]) == {"/login#too_many_codes"}
    again = Browser(server)  # starting anew does not help
    again.post("/auth/address", {"email": username})
    place = again.post("/auth/password", {"password": PASSWORD}).headers["location"]
    assert place == "/login#too_many_codes"
    assert texts_to(server, number) == most
    assert SESSION not in again.jar
    assert again.post("/auth/code", {"code": "123456"}).headers["location"] == "/login#wrong_code"


def test_text_messages_of_a_choice_stop_in_words(server: Server):
    """By choosing and by sending again, in several tabs and sessions alike."""
    number = "+32470980002"
    username = somebody(server, mobile_phone=number)
    browsers = [signed_in(server, username) for _ in range(2)]
    problems = []

    async def work() -> None:
        for browser in browsers:
            async with Tab(server, browser.cookie) as tab:
                await tab.open("/settings/security")
                for name in ("choose", *["send_again"] * 7):
                    payload = {"method": "sms"} if name == "choose" else {}
                    frames = await tab.act(full("security", name), payload)
                    problems.append(values(frames, "security_state").get("problem", ""))

    in_a_loop(work())
    most = send_limits.MOST["sms"]["account"]
    assert texts_to(server, number) == most
    assert "Too many messages" in problems[-1]
    assert not any(problems[:8])


def test_messages_of_a_registration_stop_in_words(server: Server):
    """The code by e-mail, and those to numbers of the client's choice, which cost money."""
    username = somebody(server, mobile_phone=None)
    browser = signed_in(server, username)
    begin = handler("mobile", "mobile_state", "begin")
    problems: list[str] = []

    async def work() -> None:
        async with Tab(server, browser.cookie) as tab:
            await tab.fence()
            for _ in range(send_limits.MOST["mail"]["account"] + 3):
                frames = await tab.act(begin)
                problems.append(values(frames, "mobile_state").get("problem", ""))

    in_a_loop(work())
    most = send_limits.MOST["mail"]["account"]
    mails = "template = 'code' AND \"to\" = ?"
    assert count_rows(server, "outbox_message", mails, username) == most
    assert "Too many messages" in problems[-1]
    assert not any(problems[:most])


def test_numbers_of_the_clients_choice_are_few(server: Server):
    """Each takes the code of a mail, and only so many leave in an hour."""
    username = somebody(server, mobile_phone=None)
    browser = signed_in(server, username)
    mine = account_id(server, username)
    preload(server, f"send:sms:account:{mine}", send_limits.MOST["sms"]["account"])
    told = propose(server, browser, username, "0470 98 00 03")
    assert told["refused"] == "too_many_codes"
    assert texts_to(server, "+32470980003") == 0
    execute(server, "DELETE FROM throttle")  # the code of the mail was not used up by that
    assert propose(server, browser, username, "0470 98 00 03", ask=False) == {}
    assert texts_to(server, "+32470980003") == 1
    again = propose(server, browser, username, "0470 98 00 04", ask=False)
    assert again["refused"] == "wrong_code"  # the code of the mail is good for one number
    assert texts_to(server, "+32470980004") == 0


def propose(
    server: Server, browser: Browser, username: str, number: str, *, ask: bool = True
) -> dict[str, Any]:
    """Propose a number with the code that was mailed last."""
    if ask:
        begin = handler("mobile", "mobile_state", "begin")

        async def work() -> None:
            async with Tab(server, browser.cookie) as tab:
                await tab.fence()
                await tab.act(begin)

        in_a_loop(work())
    form = {"mobile": number, "mail_code": code_for(server, username)}
    return dict(browser.post("/security/mobile/number", form).json())


def test_codes_of_a_link_stop_in_words(server: Server):
    number = "+32470980005"
    username = somebody(server, mobile_phone=number)
    browser = Browser(server)
    browser.post("/auth/forgot", {"email": username})
    mine = "template = 'reset' AND \"to\" = ? AND sent_at IS NOT NULL"
    until(lambda: count_rows(server, "outbox_message", mine, username))
    browser.keep(browser.get(link_for(server, username, "reset")))
    code = {"purpose": "reset"}
    places = [browser.post("/auth/link/code", code).headers["location"] for _ in range(12)]
    assert texts_to(server, number) == send_limits.MOST["sms"]["account"]
    assert places[-1] == "/reset-password#too_many_codes"


def test_links_to_one_account_are_few(server: Server):
    """Whoever asks in another's name from many networks fills no mailbox."""
    username = somebody(server)
    asked = send_limits.MOST_LINKS + 4
    for _ in range(asked):
        assert Browser(server).post("/auth/forgot", {"email": username}).status_code == 303
    until(lambda: not rows(server, "SELECT 1 FROM forgotten_password"))
    mine = "template = 'reset' AND \"to\" = ?"
    assert count_rows(server, "outbox_message", mine, username) == send_limits.MOST_LINKS


# Logs and the trail of audit.


def test_refused_events_fill_neither_log_nor_trail(server: Server):
    """A client that floods is told of once in a while, and its events are refused all the same."""
    browser = signed_in(server, somebody(server))
    trail = "tag = 'event:refused' AND session_id = ?"

    async def work() -> None:
        async with Tab(server, browser.cookie) as tab, Tab(server) as stranger:
            for one in (tab, stranger):
                await one.fence()
                for _ in range(400):
                    await one.send(full("signature", "load"))
                    await one.send(full("mappings", "filter"), {"text": 7})
                await one.fence()
                assert values(one.frames, "signature_state").get("loaded") is not True

    begun = len(server.log.read_text())
    in_a_loop(work())
    told = server.log.read_text()[begun:]
    minutes = 2  # it may take longer than one, on a busy machine
    assert 1 <= count_rows(server, "audit_entry", trail, browser.session_id) <= 100 * minutes
    assert 1 <= told.count("event refused") <= 100 * minutes


def test_reports_of_a_page_fill_no_log(server: Server):
    """Anybody may send them, also signed out."""
    report = "reflex___state____state.reflex___state____frontend_event_exception_state"
    payload = {"info": "Error: of a flood", "component_stack": "x" * 400}

    async def work() -> None:
        async with Tab(server) as tab:
            await tab.fence()
            for _ in range(500):
                await tab.send(f"{report}.handle_frontend_exception", payload)
            await tab.fence()

    begun = len(server.log.read_text())
    in_a_loop(work())
    told = server.log.read_text()[begun:]
    assert 1 <= told.count("of a flood") <= 2 * MOST


def test_frames_that_are_none_fill_no_log(server: Server):
    """Anybody may send them, and the libraries tell of each at length."""

    async def work() -> None:
        async with Tab(server) as tab:
            await tab.fence()
            for _ in range(500):
                await tab.emit("event", {"no": "name"})
                await tab.emit("event", ["nothing"])
            await tab.fence()

    begun = len(server.log.read_text())
    in_a_loop(work())
    assert server.log.read_text()[begun:].count("Error") <= 10 * MOST
