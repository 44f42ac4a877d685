"""What a stranger learns: whether an account exists, not; where to be sent, only here."""

import re
from typing import Any

import httpx
import pytest

from tests.access.browser import (
    AN,
    JAN,
    LEA,
    LINK,
    SIGN_IN,
    Browser,
    execute,
    raw,
    signed_in,
)
from tests.access.handlers import POSTS
from tests.access.people import change, somebody
from tests.access.sockets import Tab, values
from tests.conftest import PASSWORD, Server, in_a_loop

UNKNOWN, UNKNOWN_THERE = "nobody.at.all@demo.example", "nobody@uz-demo.example"
STATES = ["active", "locked", "disabled", "invited"]
FOREVER = "2999-01-01 00:00:00.000000"


@pytest.fixture(autouse=True)
def _no_waiting(server: Server) -> None:
    execute(server, "DELETE FROM throttle")


def shape(answer: httpx.Response, typed: str) -> tuple[Any, ...]:
    """What a stranger can compare: values of cookies count by their length, what was typed not."""
    headers = []
    for name, value in answer.headers.multi_items():
        if name not in ("date", "connection"):  # the server closes one now and then
            headers.append((name, re.sub(r"=[\w.-]{20,}", lambda m: f"={len(m[0])}", value)))
    return answer.status_code, answer.text.replace(typed, ""), sorted(headers)


def shown(browser: Browser) -> dict[str, Any]:
    """What the sign-in page shows of the sign-in under way."""

    async def work() -> dict[str, Any]:
        async with Tab(browser.server, browser.cookie) as tab:
            await tab.open("/login")
            return values(tab.frames, "sign_in_state")

    found = in_a_loop(work())
    assert found.pop("typed") != ""
    return found


def everything(server: Server, address: str) -> list[Any]:
    """All that can be tried with an address alone, and what it looks like."""
    browser = Browser(server)
    forgot = [browser.post("/auth/forgot", {"email": address}) for _ in range(3)]
    steps = [browser.post("/auth/address", {"email": address}), browser.get("/login")]
    for means in ("", "email", "sms", "authenticator", "passkey", "recovery"):
        steps.append(browser.post("/auth/code", {"code": "123456", "means": means}))
    steps += [browser.post("/auth/resend"), browser.post("/auth/challenge")]
    states = [shown(browser)]
    for password in ("", "wrong", "\0", "x" * 3000, "wrong again"):
        steps.append(browser.post("/auth/password", {"password": password}))
    execute(server, "UPDATE throttle SET blocked_until = ? WHERE key LIKE 'acc%'", FOREVER)
    steps.append(browser.post("/auth/password", {"password": "too much"}))
    assert steps[-1].headers["location"] == "/login#too_many_tries"
    states.append(shown(browser))
    states[-1]["wait"] = re.sub(r"\d+", "n", states[-1]["wait"])
    for path in ("/auth/link/code", "/auth/link/password", "/auth/link/lock"):
        for purpose in ("reset", "activation"):
            form = {"purpose": purpose, "email": address, "code": "123456"}
            steps.append(browser.post(path, form | {"new": PASSWORD, "again": PASSWORD}))
    execute(server, "DELETE FROM throttle")
    return [*[shape(step, address) for step in [*forgot, *steps]], *states]


@pytest.fixture(scope="module")
def nobody(server: Server) -> list[Any]:
    execute(server, "DELETE FROM throttle")
    return everything(server, UNKNOWN)


@pytest.mark.parametrize("known", [AN, JAN, LEA, "desk@demo.example", UNKNOWN_THERE])
def test_a_known_address_looks_like_an_unknown_one(server: Server, nobody: list[Any], known: str):
    assert everything(server, known) == nobody


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("method", ["none", "passkey", "authenticator", "sms", "email"])
def test_no_state_of_an_account_shows(server: Server, nobody: list[Any], state: str, method: str):
    username = somebody(server, state=state, locked_until=FOREVER, second_factor=method)
    assert everything(server, username) == nobody


@pytest.mark.parametrize("state", STATES)
def test_no_state_of_an_account_of_a_directory_shows(server: Server, nobody: list[Any], state: str):
    change(server, LEA, state=state, locked_until=FOREVER)
    try:
        assert everything(server, LEA) == nobody
    finally:
        change(server, LEA, state="active", locked_until=None)


def test_asking_for_a_link_stops_for_known_and_unknown_alike(server: Server):
    """After as many questions, whomever they are about."""
    seen = []
    for address in (AN, UNKNOWN):
        answers = [Browser(server).post("/auth/forgot", {"email": address}) for _ in range(32)]
        seen.append([shape(answer, address) for answer in answers])
        execute(server, "DELETE FROM throttle")
    assert seen[0] == seen[1]
    places = [dict(headers)["location"] for _status, _text, headers in seen[0]]
    assert places[0] == "/forgot-password#sent"
    assert places[-1] == "/forgot-password#too_many_codes"


# Nobody is sent elsewhere.

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "///evil.example/login",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "/%2F%2Fevil.example",
    "/login/..//evil.example",
    "/settings/../..//evil.example/x",
    "/login\\@evil.example",
    "javascript:alert(1)",
    "/settings/a%0d%0aLocation:%20https://evil.example",
    "/login\thttps://evil.example",
]
ASKS = ("next", "url", "to", "return_to", "redirect", "page", "purpose", "language", "means")


def leads(server: Server, answer: httpx.Response, to: str) -> None:
    location = answer.headers.get("location")
    if location is None:
        return
    target = httpx.URL(f"{server.url}{to}").join(location)
    assert (target.scheme, target.host, target.port) == ("http", "localhost", server.port)
    assert not location.startswith(("//", "/\\", "\\", "http:", "https:"))
    assert "evil" not in httpx.URL(location).host


@pytest.mark.parametrize("path", POSTS)
def test_no_post_leads_elsewhere(server: Server, path: str):
    """Whatever the page it came from, the fields of its form, and the query."""
    inside = signed_in(server, somebody(server))
    for browser in (Browser(server, {SIGN_IN: "x" * 43, LINK: "x" * 43}), inside):
        for elsewhere in ELSEWHERE:
            form = dict.fromkeys(ASKS, elsewhere) | {"email": AN}
            came_from = elsewhere.replace("\t", "")
            query = f"{path}?next={httpx.QueryParams({'u': elsewhere})}"
            leads(server, browser.post(query, form, Referer=came_from), path)
            execute(server, "DELETE FROM throttle")


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "evil.example:443"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_the_host_header_leads_nowhere(server: Server, host: str, method: str):
    """Not where an address is completed by the server either: with a slash too much."""
    paths = [f"{path}/" for path in POSTS]
    paths += ["/link/reset/x/", "/ping/", "/_health/", "//evil.example/login/", "/login/"]
    for path in (*paths, *(one for one in ELSEWHERE if one[0] == "/"), "/settings/personal", "/"):
        origin = f"Origin: {server.url}\r\n"
        status, headers_of, _text = raw(server, method, path, host, origin)
        assert "evil" not in headers_of.get("location", ""), path
        assert status < 500, path
