"""Links of mails: opening them is harmless, whoever does; posting does once what they are for."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from pacs_settings.access import cookies
from tests.access.browser import (
    CLIENT,
    LINK,
    SESSION,
    Browser,
    account_id,
    contents,
    execute,
    raw,
    rows,
    signed_in,
)
from tests.access.people import (
    change,
    code_for,
    count_rows,
    link_for,
    sent,
    somebody,
    until,
)
from tests.access.sockets import Tab, handler, values
from tests.conftest import PASSWORD, Server, in_a_loop

NEW = "entirely unguessable marmalade"
PAGES = {"reset": "/reset-password", "activation": "/activate", "lock": "/lock-account"}


@pytest.fixture(autouse=True)
def _no_waiting(server: Server) -> None:
    execute(server, "DELETE FROM throttle")


def ask(server: Server, username: str, template: str = "reset") -> str:
    """Ask for a link, which comes by mail; its path."""
    before = len(sent(server, username, template))
    answer = Browser(server).post("/auth/forgot", {"email": username})
    assert answer.headers["location"] == "/forgot-password#sent"
    until(lambda: len(sent(server, username, template)) > before)
    return link_for(server, username, "activation" if template == "invitation" else "reset")


def alert(server: Server, username: str) -> str:
    """The path of the link in an alert, which locks the account."""
    signed_in(server, username)
    return link_for(server, username, "lock")


def opened(server: Server, path: str) -> Browser:
    browser = Browser(server)
    browser.keep(browser.get(path))
    assert LINK in browser.jar
    return browser


def set_password(browser: Browser, code: str, **more: str) -> str:
    form = {"purpose": "reset", "code": code, "new": NEW, "again": NEW} | more
    return str(browser.post("/auth/link/password", form).headers["location"])


def shape(answer: httpx.Response) -> tuple[Any, ...]:
    """All of an answer but the value of its cookie, and the moment."""
    headers = [
        (name, re.sub(rf"{LINK}=[\w-]*", LINK, value))
        for name, value in answer.headers.multi_items()
        if name != "date"
    ]
    return answer.status_code, answer.content, sorted(headers)


@pytest.mark.parametrize("purpose", PAGES)
def test_a_mail_scanner_changes_nothing_and_learns_nothing(server: Server, purpose: str):
    """GET and HEAD, with what a browser sends and without, before and after the owner."""
    username = somebody(server, state="invited" if purpose == "activation" else "active")
    template = "invitation" if purpose == "activation" else "reset"
    path = alert(server, username) if purpose == "lock" else ask(server, username, template)
    before = contents(server)
    false = f"/link/{purpose}/{'x' * 43}"
    for method in ("GET", "HEAD"):
        seen = set()
        for one in (path, path, false, f"{path}?utm=1", path):
            for agent in ("Mozilla/5.0", "scanner"):
                url = f"{server.url}{one}"
                answer = CLIENT.request(method, url, headers={"User-Agent": agent})
                assert answer.status_code == 303
                assert answer.headers["location"] == PAGES[purpose]
                assert answer.headers["cache-control"] == "no-store"
                seen.add(repr(shape(answer)))
        assert len(seen) == 1
    scanner = opened(server, path)
    assert scanner.get(PAGES[purpose]).status_code == 200
    assert contents(server) == before
    owner = opened(server, path)
    if purpose == "lock":
        assert owner.post("/auth/link/lock").headers["location"] == "/lock-account#locked"
        state = "SELECT state, locked_until FROM account WHERE username = ?"
        assert rows(server, state, username) == [("locked", None)]
        return
    assert owner.post("/auth/link/code", {"purpose": purpose}).headers["location"] == (
        f"{PAGES[purpose]}#sent"
    )
    mobile = rows(server, "SELECT mobile_phone FROM account WHERE username = ?", username)[0][0]
    done = set_password(owner, code_for(server, mobile), purpose=purpose)
    assert done == "/login#password_set"
    assert SESSION not in owner.jar  # it does not sign in
    assert LINK not in owner.jar
    assert Browser(server).sign_in(username, NEW)


ODD = [
    *("x", "RESET", "reset ", "reset%00", "reset%0d%0aSet-Cookie:%20a=b", "lock%2f..", ".."),
    *("resét", "%ff", "password", "a" * 5000, "%2e%2e", "javascript:alert(1)", "{purpose}"),
]
TOKENS = [
    *("x" * 129, "x" * 5000, "%00", "a%00b", "%0d%0aSet-Cookie:%20a=b", "a;b=c", "a%3B%20Path=/x"),
    *("%22a%22", "%E2%82%AC", "%ff%fe", "%ed%a0%80", "a=b", "a%2Cb", "a b", "a%5Cb", "<script>"),
    *("%2e%2e", "..%2f..%2flogin", "a%2520b", "' OR 1=1 --", "{token}", "%F0%9F%A6%B4"),
]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_odd_purposes_are_harmless(server: Server, method: str):
    before = contents(server)
    for purpose in ODD:
        for token in ("x" * 43, "%00"):
            path = f"/link/{purpose.replace(' ', '%20')}/{token}"
            status, headers, _text = raw(server, method, path)
            assert status in (303, 400, 404, 414), (purpose, status)
            assert headers.get("location", "/login") == "/login", purpose
            assert "set-cookie" not in headers, purpose
    assert contents(server) == before


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_odd_tokens_are_harmless(server: Server, method: str):
    """No cookie is made of them, no header is broken by them, nothing fails."""
    before = contents(server)
    for token in TOKENS:
        status, headers, text = raw(server, method, f"/link/reset/{token.replace(' ', '%20')}")
        assert status in (303, 400, 404), (token, status)
        assert headers.get("location", "/login") in ("/login", "/reset-password"), token
        cookie = headers.get("set-cookie", "")
        assert re.fullmatch(rf'({LINK}=(""|[A-Za-z0-9._-]{{1,128}});.*)?', cookie), (token, cookie)
        assert "a=b" not in text.partition("\r\n\r\n")[0], token
    for path in ("/link", "/link/", "/link/reset", "/link/reset/", "/link/reset/a/b", "/link//a"):
        status, headers, _text = raw(server, method, path)
        assert status in (303, 307, 404, 405), path
    assert contents(server) == before
    assert "failed" not in server.log.read_text()


def test_a_link_of_one_purpose_does_nothing_else(server: Server):
    username = somebody(server)
    reset, lock = ask(server, username), alert(server, username)
    before = contents(server)
    browser = opened(server, reset)
    assert browser.post("/auth/link/lock").headers["location"] == "/lock-account#link_expired"
    for purpose in ("activation", "lock"):
        place = browser.post("/auth/link/code", {"purpose": purpose}).headers["location"]
        page = "/activate" if purpose == "activation" else None
        assert page is None or place == "/activate#link_expired"
    assert set_password(browser, "123456", purpose="activation") == "/activate#link_expired"
    locks = opened(server, lock)
    for purpose in ("reset", "activation"):
        place = locks.post("/auth/link/code", {"purpose": purpose}).headers["location"]
        assert place == f"{PAGES[purpose]}#link_expired"
        assert set_password(locks, "123456", purpose=purpose) == f"{PAGES[purpose]}#link_expired"
    moved = Browser(server)
    moved.keep(moved.get(reset.replace("/reset/", "/lock/")))
    assert moved.post("/auth/link/lock").headers["location"] == "/lock-account#link_expired"
    after = contents(server)
    sends = {"challenge", "outbox_message"}  # a purpose that is none is that of a reset
    assert {name for name in after if after[name] != before[name]} <= sends


def test_the_code_of_another_link(server: Server):
    victim, thief = somebody(server), somebody(server)
    own, theirs = opened(server, ask(server, thief)), opened(server, ask(server, victim))
    for browser in (own, theirs):
        browser.post("/auth/link/code", {"purpose": "reset"})
    mobile = "SELECT mobile_phone FROM account WHERE username = ?"
    code = code_for(server, rows(server, mobile, thief)[0][0])
    asked = code_for(server, rows(server, mobile, victim)[0][0])
    assert code == asked or set_password(theirs, code) == "/reset-password#wrong_code"
    assert set_password(own, code) == "/login#password_set"


def test_a_code_without_its_link_and_a_link_without_its_code(server: Server):
    username = somebody(server)
    path = ask(server, username)
    browser = opened(server, path)
    assert set_password(browser, "") == "/reset-password#wrong_code"
    browser.post("/auth/link/code", {"purpose": "reset"})
    mobile = rows(server, "SELECT mobile_phone FROM account WHERE username = ?", username)[0][0]
    code = code_for(server, mobile)
    for jar in ({}, {LINK: "x" * 43}, {LINK: ""}):
        assert set_password(Browser(server, jar), code) == "/reset-password#link_expired"
    newer = opened(server, ask(server, username))
    assert set_password(browser, code) == "/reset-password#link_expired"
    assert set_password(newer, code) == "/reset-password#wrong_code"


def test_a_link_is_used_once_also_at_the_same_moment(server: Server):
    username = somebody(server)
    path = ask(server, username)
    browser = opened(server, path)
    browser.post("/auth/link/code", {"purpose": "reset"})
    mobile = rows(server, "SELECT mobile_phone FROM account WHERE username = ?", username)[0][0]
    code = code_for(server, mobile)
    copies = [Browser(server, dict(browser.jar)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        places = list(pool.map(lambda one: set_password(one, code), copies))
    assert places.count("/login#password_set") == 1
    assert set_password(opened(server, path), code) == "/reset-password#link_expired"
    mine = account_id(server, username)
    assert count_rows(server, "mail_link", "account_id = ? AND purpose <> 'lock'", mine) == 0


def test_a_password_that_was_reset_ends_what_was_open(server: Server):
    """Sessions, sign-ins under way, and the second factor stays."""
    username = somebody(server)
    inside, mobile = (
        signed_in(server, username),
        rows(server, "SELECT mobile_phone FROM account WHERE username = ?", username)[0][0],
    )
    change(server, username, second_factor="sms")
    at_code = Browser(server)
    at_code.post("/auth/address", {"email": username})
    at_code.post("/auth/password", {"password": PASSWORD})
    sign_in_code = code_for(server, mobile)
    browser = opened(server, ask(server, username))
    browser.post("/auth/link/code", {"purpose": "reset"})
    assert set_password(browser, code_for(server, mobile)) == "/login#password_set"
    assert inside.get("/settings/personal").headers["location"] == "/login"
    assert at_code.post("/auth/code", {"code": sign_in_code}).headers["location"] == (
        "/login#expired"
    )
    after = Browser(server)
    after.post("/auth/address", {"email": username})
    place = after.post("/auth/password", {"password": NEW}).headers["location"]
    assert place == "/login#code-sms"


def test_the_page_of_a_link_names_its_account_to_nobody_else(server: Server):
    """By state neither; the token itself comes back to nobody."""
    username = somebody(server)
    path = ask(server, username)
    load = handler("links", "link_state", "load_reset")

    async def told(cookie: str) -> tuple[dict[str, Any], str]:
        async with Tab(server, cookie) as tab:
            frames = [await tab.fence(), *await tab.act(load, path="/reset-password")]
            return values(frames, "link_state"), "".join(frames)

    browser = opened(server, path)
    shown, frames = in_a_loop(told(browser.cookie))
    assert shown["works"] is True
    assert shown["username"] == username
    assert browser.jar[LINK] not in frames
    for cookie in ("", f"{LINK}={'x' * 43}", f"{LINK}={browser.jar[LINK][:-1]}"):
        shown, _frames = in_a_loop(told(cookie))
        assert (shown["works"], shown["username"]) == (False, "")


def test_signing_out_takes_the_link_along(server: Server):
    """The next person at a shared computer does not find the link of the one before."""
    username = somebody(server)
    browser = opened(server, ask(server, username)).sign_in(username)
    browser.post("/auth/sign-out")
    assert LINK not in browser.jar


def test_an_account_locked_by_its_owner_is_opened_by_no_link(server: Server):
    username = somebody(server)
    reset = opened(server, ask(server, username))
    owner = opened(server, alert(server, username))
    assert owner.post("/auth/link/lock").headers["location"] == "/lock-account#locked"
    assert reset.post("/auth/link/code", {"purpose": "reset"}).headers["location"] == (
        "/reset-password#link_expired"
    )
    newer = opened(server, ask(server, username))
    before = contents(server)
    assert newer.post("/auth/link/code", {"purpose": "reset"}).headers["location"] == (
        "/reset-password#locked"
    )
    assert set_password(newer, "123456") == "/reset-password#locked"
    assert contents(server) == before


@pytest.mark.parametrize("value", ['"\\000"', '"\\355\\240\\200"', "é", '"a b"', "x" * 129, "a/b"])
def test_a_cookie_that_we_never_set_is_none(value: str):
    """A quoted one can hold NUL, which PostgreSQL refuses with a fault."""
    found = cookies.jar(f"{LINK}={value}; {SESSION}=id.token")
    with patch.object(cookies, "name", lambda cookie: f"__Host-pacs-{cookie}"):
        assert cookies.read(found, cookies.LINK) == ""
        assert cookies.read(found, cookies.SESSION) == "id.token"
