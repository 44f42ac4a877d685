"""Signing in and out by raw requests: cookies, origins, sizes, steps that must not be skipped."""

import asyncio
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import httpx
import pyotp
import pytest
from starlette.requests import Request

from pacs_settings.access import outbox_routes
from tests.access.browser import (
    AN,
    BROWSER,
    CLIENT,
    JAN,
    LANGUAGE,
    LEA,
    LINK,
    SESSION,
    SIGN_IN,
    SOFIE,
    Browser,
    account_id,
    execute,
    rows,
    signed_in,
)
from tests.access.handlers import POSTS, ROUTES, all_handlers, plausible
from tests.access.sockets import Tab, told_of
from tests.conftest import PASSWORD, Server, free_port, in_a_loop

START, ENROL, AT_CODE = "/settings/personal", "/settings/security", "/login#code-authenticator"


def test_a_route_takes_posts_only_but_for_links():
    development = {route.path for route in outbox_routes.routes}
    others = {
        path: route.methods
        for path, route in ROUTES.items()
        if path not in POSTS and path not in development
    }
    assert others == {
        "/link/{purpose}/{token}": {"GET", "HEAD"},
        "/link/unsubscribe/{token}": {"GET", "HEAD", "POST"},
        "/api/v1/openapi.json": {"GET", "HEAD"},
        "/api/v1/study-events": {"POST"},
        "/reports/{id}/pdf": {"GET", "HEAD"},
    }
    assert all(ROUTES[path].methods == {"POST"} for path in POSTS)
    assert len(POSTS) > 20


@pytest.fixture(scope="module")
def sofie(server: Server) -> Browser:
    """A browser whose session nothing that is refused may end."""
    return signed_in(server, SOFIE)


@pytest.fixture(autouse=True)
def _no_waiting(server: Server) -> None:
    """Each test starts with nobody throttled."""
    execute(server, "DELETE FROM throttle")


def test_a_sign_in(server: Server):
    browser = Browser(server)
    first = browser.post("/auth/address", {"email": f"  {AN.upper()} "})
    assert (first.status_code, first.headers["location"]) == (303, "/login#password")
    assert SESSION not in browser.jar
    second = browser.post("/auth/password", {"password": PASSWORD})
    assert (second.status_code, second.headers["location"]) == (303, START)
    assert SIGN_IN not in browser.jar
    assert {SESSION, BROWSER} <= browser.jar.keys()
    assert browser.get(START).status_code == 200


def test_a_sign_in_that_must_enrol(server: Server):
    browser = Browser(server)
    browser.post("/auth/address", {"email": JAN})
    assert browser.post("/auth/password", {"password": PASSWORD}).headers["location"] == ENROL


def test_cookies_are_protected(server: Server):
    browser = Browser(server)
    answers = [
        browser.post("/auth/address", {"email": AN}),
        browser.post("/auth/password", {"password": PASSWORD}),
        browser.post("/auth/language", {"language": "nl"}),
        browser.post("/auth/sign-out"),
    ]
    lines = [line for answer in answers for line in answer.headers.get_list("set-cookie")]
    assert {line.partition("=")[0] for line in lines} == {SESSION, SIGN_IN, BROWSER, LANGUAGE, LINK}
    for line in lines:
        parts = {part.strip().casefold() for part in line.split(";")[1:]}
        assert {"httponly", "secure", "path=/", "samesite=lax"} <= parts, line
        assert not any(part.startswith("domain") for part in parts), line
    session = next(line for line in lines if line.startswith(f"{SESSION}=") and "." in line)
    assert "max-age" not in session.casefold()  # it ends with the browser


@pytest.mark.asvs("7.2.4")
def test_a_planted_session_is_not_adopted(server: Server):
    """Neither one that nobody has, nor the attacker's own, which ends."""
    attacker = signed_in(server, SOFIE)
    for planted in ("0123456789abcdef.planted", attacker.jar[SESSION]):
        victim = Browser(server, {SESSION: planted})
        victim.sign_in(AN)
        assert victim.jar[SESSION] != planted
        assert victim.session_id != planted.partition(".")[0]
        assert Browser(server, {SESSION: planted}).get(START).headers["location"] == "/login"
    owner = "SELECT account_id FROM sign_in_session WHERE id = ?"
    assert rows(server, owner, attacker.session_id) == [(account_id(server, SOFIE),)]


@pytest.mark.asvs("7.2.4")
def test_signing_in_where_somebody_is_still_ends_that_session(server: Server):
    """The same person again, or the next one at a shared computer."""
    browser = signed_in(server, AN)
    for username in (AN, SOFIE):
        former = Browser(server, dict(browser.jar))
        browser.sign_in(username)
        assert browser.session_id != former.session_id
        assert browser.get(START).status_code == 200
        assert former.get(START).headers["location"] == "/login"
        assert former.post("/security/devices/new").status_code == 401


@pytest.mark.asvs("7.2.2")
def test_two_sign_ins_share_nothing(server: Server):
    one, two = signed_in(server, AN), signed_in(server, AN)
    assert one.jar[SESSION] != two.jar[SESSION]
    assert one.session_id != two.session_id
    crossed = f"{one.session_id}.{two.jar[SESSION].partition('.')[2]}"
    assert Browser(server, {SESSION: crossed}).get(START).headers["location"] == "/login"


@pytest.mark.asvs("7.2.1")
@pytest.mark.parametrize(
    "cookie", ["", ".", "x", "x.", ".x", "x" * 9000, "%00.%00", '"a.b"', "é.é", "' OR 1=1 --.x"]
)
def test_a_nonsense_session_is_no_session(server: Server, cookie: str):
    for name in (SESSION, SIGN_IN, BROWSER, LANGUAGE):
        sent = {"Cookie": f"{name}={cookie}".encode("latin-1"), "Accept-Language": "en"}
        answer = CLIENT.get(f"{server.url}{START}", headers=sent)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert CLIENT.get(f"{server.url}/login", headers=sent).status_code == 200


def shape(answer: httpx.Response) -> tuple[Any, ...]:
    """What a stranger can compare: values of cookies count by their length."""
    headers = []
    for name, value in answer.headers.multi_items():
        if name != "date":
            headers.append((name, re.sub(r"=[\w.-]{20,}", lambda m: f"={len(m[0])}", value)))
    return (answer.status_code, len(answer.content), sorted(headers))


@pytest.mark.parametrize("known", [AN, JAN, LEA, "desk@demo.example"])
def test_an_unknown_address_looks_like_a_known_one(server: Server, known: str):
    seen = []
    for address in (known, "nobody@demo.example"):
        browser = Browser(server)
        steps = [browser.post("/auth/address", {"email": address})]
        steps.append(browser.get("/login"))
        for _ in range(7):
            steps.append(browser.post("/auth/password", {"password": "not the password"}))
        seen.append([shape(step) for step in steps])
        execute(server, "DELETE FROM throttle")
    assert seen[0] == seen[1]


@pytest.mark.parametrize("state", ["locked", "disabled", "invited"])
def test_the_state_of_an_account_is_told_to_its_owner_only(server: Server, state: str):
    execute(
        server,
        "UPDATE account SET state = ?, locked_until = '2999-01-01 00:00:00.000000'"
        " WHERE username = ?",
        state,
        SOFIE,
    )
    try:
        browser = Browser(server)
        browser.post("/auth/address", {"email": SOFIE})
        wrong = browser.post("/auth/password", {"password": "not the password"})
        assert wrong.headers["location"] == "/login#wrong"
        right = browser.post("/auth/password", {"password": PASSWORD})
        assert right.headers["location"].startswith("/login#")
        assert right.headers["location"] != wrong.headers["location"]
        assert SESSION not in browser.jar
    finally:
        execute(
            server,
            "UPDATE account SET state = 'active', locked_until = NULL WHERE username = ?",
            SOFIE,
        )


@pytest.mark.asvs("7.6.2")
@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost", "http://localhost:1", "https://localhost"],
)
def test_another_origin_posts_nothing(server: Server, sofie: Browser, path: str, origin: str):
    assert sofie.post(path, {"email": AN}, Origin=origin).status_code == 403
    assert sofie.post(path, {"email": AN}, Origin=f"{server.url}.evil.example").status_code == 403
    assert sofie.get(START).status_code == 200


@pytest.mark.asvs("7.6.2")
@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense", "cross-site, same-origin"])
def test_another_site_posts_nothing(server: Server, path: str, site: str):
    browser = Browser(server)
    assert browser.post(path, Origin="", Sec_Fetch_Site=site).status_code == 403


@pytest.mark.asvs("7.6.2")
@pytest.mark.parametrize("path", POSTS)
def test_only_posts(server: Server, sofie: Browser, path: str):
    browser = sofie
    for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"):
        answer = CLIENT.request(method, f"{server.url}{path}", headers=browser.headers())
        assert answer.status_code in (303, 404, 405), (method, path, answer.status_code)
        assert "access-control-allow-credentials" not in answer.headers or (
            answer.headers.get("access-control-allow-origin") == server.url
        )
    assert browser.get(START).status_code == 200


@pytest.mark.asvs("7.6.2")
def test_a_session_begins_with_the_password_that_its_owner_sends(server: Server):
    """Not by looking at an address, not by another site, not by renewing what has ended."""
    before = sessions_of(server, AN)
    browser = Browser(server)
    browser.post("/auth/address", {"email": AN})
    for path in ("/", "/login", START, "/login?password=x", "/auth/password?password=x"):
        browser.get(path)
    browser.post("/auth/password", {"password": PASSWORD}, Origin="https://evil.example")
    browser.post("/auth/renew")
    assert SESSION not in browser.jar
    assert sessions_of(server, AN) == before
    browser.post("/auth/password", {"password": PASSWORD})
    assert sessions_of(server, AN) == before + 1


@pytest.mark.parametrize("path", POSTS)
def test_a_large_form_is_refused(server: Server, path: str):
    # A picture may be as large; whoever is not signed in is told so before it is read.
    expected = 401 if path.startswith("/security/signature") else 413
    assert Browser(server).post(path, {"email": "x" * 70_000}).status_code == expected


def raw(server: Server, request: bytes) -> bytes:
    """Send bytes as they are and read the answer's first line."""
    with socket.create_connection(("localhost", server.port), timeout=10) as link:
        link.sendall(request)
        return link.recv(4096).partition(b"\r\n")[0]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("length", [b"", b"Content-Length: 5\r\n"], ids=["alone", "beside"])
def test_a_form_of_unknown_length_is_refused(server: Server, path: str, length: bytes):
    """Chunks could go on for ever; with both headers the length would promise too little."""
    origin = f"Host: localhost\r\nOrigin: {server.url}\r\n".encode()
    form = b"Content-Type: application/x-www-form-urlencoded\r\n"
    head = f"POST {path} HTTP/1.1\r\n".encode() + origin + form + length
    first = raw(server, head + b"Transfer-Encoding: chunked\r\n\r\n5\r\nemail\r\n0\r\n\r\n")
    assert first.split()[1] in (b"400", b"411", b"413")


@pytest.mark.parametrize(
    "length", [b"-1", b"1e3", b"+5", b"\xb2", b"5, 5", b"99999999999999999999"]
)
def test_a_strange_length_is_refused(server: Server, length: bytes):
    head = f"POST /auth/address HTTP/1.1\r\nHost: localhost\r\nOrigin: {server.url}\r\n".encode()
    first = raw(server, head + b"Content-Length: " + length + b"\r\n\r\nemail")
    assert not first or first.split()[1] in (b"400", b"413")


FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
NAMED = b'--b\r\nContent-Disposition: form-data; name="email"'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (FORM, b"email=%ff%fe%00&email[]=1&=&&&email"),
        (f"{FORM}; charset=utf-7", b"email=+2AA-"),
        (PARTS, b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--"),
        (f"{PARTS}; charset=utf-7", NAMED + b"\r\n\r\n+2AA-a@demo.example\r\n--b--\r\n"),
        (f"{PARTS}; charset=nonsense", NAMED + b"\r\n\r\nx\r\n--b--\r\n"),
        (PARTS, NAMED + b'; filename="a"\r\n\r\nx\r\n--b--\r\n'),
        ("multipart/form-data", b"no boundary"),
        ("application/json", b'{"email": "an.peeters@demo.example"}'),
        ("text/plain", b"email=an.peeters@demo.example"),
        ("", b"email=an.peeters@demo.example"),
    ],
)
@pytest.mark.parametrize("path", POSTS)
def test_a_malformed_form_is_no_failure(
    server: Server, sofie: Browser, path: str, kind: str, body: bytes
):
    owned = path.startswith(("/security", "/auth/proof"))
    browser = sofie if owned else Browser(server)
    headers = browser.headers(Content_Type=kind)
    answer = CLIENT.post(f"{server.url}{path}", content=body, headers=headers)
    fit = (200, 303, 400, 413, 422, 429)
    expected = (403,) if path.startswith("/security/signature") else fit  # she edits no reports
    assert answer.status_code in expected, answer.text
    browser.keep(answer)
    assert owned or SESSION not in browser.jar


@pytest.mark.asvs("7.4.1")
def test_signing_out_ends_the_session_on_the_server(server: Server):
    browser = signed_in(server, AN)
    kept = Browser(server, dict(browser.jar))
    answer = browser.post("/auth/sign-out")
    assert answer.headers["location"] == "/login"
    assert answer.headers["clear-site-data"] == '"storage"'
    assert SESSION not in browser.jar
    assert kept.get(START).headers["location"] == "/login"
    assert kept.post("/security/devices/new").status_code == 401
    assert rows(server, "SELECT ended_why FROM sign_in_session WHERE id=?", kept.session_id) == [
        ("signed_out",)
    ]


def test_signing_out_without_a_session_is_no_failure(server: Server):
    assert Browser(server).post("/auth/sign-out").headers["location"] == "/login"
    assert Browser(server, {SESSION: "a.b"}).post("/auth/renew").headers["location"] == "/login"


@pytest.mark.asvs("7.2.4")
def test_renewing_ends_the_session_and_asks_for_the_password(server: Server):
    browser = signed_in(server, AN)
    kept = Browser(server, dict(browser.jar))
    answer = browser.post("/auth/renew")
    assert answer.headers["location"] == "/login#password"
    assert kept.get(START).headers["location"] == "/login"
    browser.post("/auth/password", {"password": PASSWORD})
    assert browser.get(START).status_code == 200


@pytest.fixture(scope="module")
def totp(server: Server) -> pyotp.TOTP:
    """A second factor for one account, linked as its page links it."""
    browser = signed_in(server, JAN)
    told = browser.post("/security/devices/new").json()
    found = pyotp.TOTP(told["secret"])
    proof = {"device_id": told["id"], "name": "phone", "code": found.now()}
    assert browser.post("/security/devices/link", proof).status_code == 200
    return found


def at_code(server: Server) -> Browser:
    """A browser whose password was right, and which is asked for a code."""
    execute(server, "UPDATE totp_device SET last_step = 0")
    execute(server, "UPDATE account SET wrong_codes = 0, state = 'active', locked_until = NULL")
    browser = Browser(server)
    browser.post("/auth/address", {"email": JAN})
    answer = browser.post("/auth/password", {"password": PASSWORD})
    assert answer.headers["location"] == AT_CODE
    assert SESSION not in browser.jar
    return browser


def sessions_of(server: Server, username: str) -> int:
    query = "SELECT count(*) FROM sign_in_session WHERE account_id = ?"
    return int(rows(server, query, account_id(server, username))[0][0])


@pytest.mark.asvs("6.5.1")
def test_a_code_signs_in_once(server: Server, totp: pyotp.TOTP):
    browser = at_code(server)
    now = totp.now()
    assert browser.post("/auth/code", {"code": f"{now[:3]} {now[3:]}"}).headers["location"] == START
    execute(server, "UPDATE account SET wrong_codes = 0")
    again = Browser(server)
    again.post("/auth/address", {"email": JAN})
    again.post("/auth/password", {"password": PASSWORD})
    assert again.post("/auth/code", {"code": now}).headers["location"] == "/login#wrong_code"
    assert SESSION not in again.jar


@pytest.mark.asvs("6.5.1")
def test_one_code_in_parallel_makes_one_session(server: Server, totp: pyotp.TOTP):
    """From one browser and from several: the code is spent once."""
    one, two = at_code(server), at_code(server)
    attackers = [one, Browser(server, dict(one.jar)), two, Browser(server, dict(two.jar))]
    before = sessions_of(server, JAN)
    now = totp.now()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda browser: browser.post("/auth/code", {"code": now}), attackers))
    assert sessions_of(server, JAN) == before + 1
    assert sum(SESSION in browser.jar for browser in attackers) == 1


@pytest.mark.parametrize("code", ["", "000000 ", "12345", "1234567", "١٢٣٤٥٦", "None", "0" * 5000])
def test_a_code_that_is_none(server: Server, totp: pyotp.TOTP, code: str):
    browser = at_code(server)
    if code.strip() == totp.now():
        return
    browser.post("/auth/code", {"code": code})
    assert SESSION not in browser.jar


@pytest.mark.asvs("6.3.4")
def test_the_second_step_cannot_be_skipped(server: Server, totp: pyotp.TOTP):
    browser = at_code(server)
    before = sessions_of(server, JAN)
    for page in (START, ENROL, "/settings/privacy", "/settings/mappings", "/settings/signature"):
        assert browser.get(page).headers["location"] == "/login"
    for route in (path for path in POSTS if path.startswith(("/security", "/auth/proof"))):
        assert browser.post(route).status_code == 401, route
    forged = Browser(server, {**browser.jar, SESSION: browser.jar[SIGN_IN]})
    assert forged.get(START).headers["location"] == "/login"
    twice = browser.post("/auth/password", {"password": PASSWORD})
    assert twice.headers["location"] == AT_CODE

    async def work() -> None:
        async with Tab(server, browser.cookie) as tab:
            await tab.fence()
            for name in all_handlers():
                await tab.send(name, plausible(name))
            await tab.fence()
            assert told_of(tab.frames, ["Claes", "CLAES", "612345678"]) == []

    in_a_loop(work())
    assert sessions_of(server, JAN) == before


@pytest.mark.asvs("6.3.4")
def test_a_code_without_a_password(server: Server, totp: pyotp.TOTP):
    """Also for the cookie of another account's sign-in, whose password was right."""
    browser = Browser(server)
    browser.post("/auth/address", {"email": JAN})
    assert browser.post("/auth/code", {"code": totp.now()}).headers["location"] == "/login#expired"
    assert Browser(server).post("/auth/code", {"code": totp.now()}).headers["location"] == (
        "/login#expired"
    )
    assert SESSION not in browser.jar


def test_another_address_takes_the_proof_back(server: Server, totp: pyotp.TOTP):
    browser = at_code(server)
    browser.post("/auth/address", {"email": AN})
    browser.post("/auth/code", {"code": totp.now()})
    assert SESSION not in browser.jar


def test_five_wrong_codes_lock(server: Server, totp: pyotp.TOTP):
    browser = at_code(server)
    wrong = f"{(int(totp.now()) + 500_000) % 1_000_000:06d}"
    places = [browser.post("/auth/code", {"code": wrong}).headers["location"] for _ in range(5)]
    assert places[-1] == "/login#locked"
    assert browser.post("/auth/code", {"code": totp.now()}).headers["location"] != START
    refused = Browser(server)
    refused.post("/auth/address", {"email": JAN})
    answer = refused.post("/auth/password", {"password": PASSWORD})
    assert answer.headers["location"] == "/login#locked"
    assert SESSION not in refused.jar
    at_code(server)


def test_wrong_passwords_slow_down_visibly(server: Server):
    browser = Browser(server)
    browser.post("/auth/address", {"email": AN})
    places = []
    for _ in range(7):
        places.append(browser.post("/auth/password", {"password": "wrong"}).headers["location"])
    assert places[:5] == ["/login#wrong"] * 5
    execute(server, "UPDATE throttle SET blocked_until = '2999-01-01 00:00:00.000000'")
    assert "/login#too_many_tries" in places or places == ["/login#wrong"] * 7  # if slow
    assert browser.post("/auth/password", {"password": PASSWORD}).headers["location"] == (
        "/login#too_many_tries"
    )
    assert SESSION not in browser.jar


def test_parallel_tries_add_up(server: Server):
    browser = Browser(server)
    browser.post("/auth/address", {"email": AN})
    begun = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        answers = pool.map(
            lambda n: Browser(server, dict(browser.jar)).post(
                "/auth/password", {"password": f"{n}"}
            ),
            range(30),
        )
        places = [answer.headers["location"] for answer in answers]
    # Five are free, the sixth starts a wait of two seconds; a slow machine gets past that.
    assert places.count("/login#wrong") <= 6 + (time.monotonic() - begun) / 2


@pytest.mark.asvs("6.3.1")
def test_a_stranger_does_not_keep_the_owner_out(server: Server):
    owner = signed_in(server, AN)
    stranger = Browser(server)
    stranger.post("/auth/address", {"email": AN})
    for _ in range(8):
        stranger.post("/auth/password", {"password": "wrong"})
    owner.post("/auth/sign-out")
    assert BROWSER in owner.jar
    owner.sign_in(AN)


def test_another_browsers_mark_does_not_help_a_stranger(server: Server):
    """A browser known to one account counts as a stranger for every other one."""
    sofie = signed_in(server, SOFIE)
    browser = Browser(server, {BROWSER: sofie.jar[BROWSER]})
    browser.post("/auth/address", {"email": AN})
    for _ in range(7):
        browser.post("/auth/password", {"password": "wrong"})
    fresh = Browser(server)
    fresh.post("/auth/address", {"email": AN})
    answer = fresh.post("/auth/password", {"password": PASSWORD})
    assert answer.headers["location"] == "/login#too_many_tries"


def test_a_forged_address_is_not_believed(server: Server):
    for n in range(3):
        browser = Browser(server)
        browser.post("/auth/address", {"email": AN})
        browser.post(
            "/auth/password",
            {"password": "wrong"},
            X_Forwarded_For=f"203.0.113.{n}",
            Forwarded=f"for=203.0.113.{n}",
            X_Real_IP=f"203.0.113.{n}",
        )
    seen = rows(server, "SELECT DISTINCT address FROM sign_in_attempt")
    assert {address for (address,) in seen} <= {"127.0.0.1", "::1"}
    assert {k for (k,) in rows(server, "SELECT key FROM throttle") if "203.0.113" in k} == set()


def test_the_address_of_a_trusted_proxy_is_believed(built: None, tmp_path: Any, server: Server):
    """One hop: what the proxy added last counts, what the client claimed before it does not."""
    behind = Server(tmp_path, free_port(), {"PACS_TRUSTED_PROXY_HOPS": "1"})
    behind.start()
    try:
        browser = Browser(behind)
        browser.post("/auth/address", {"email": AN})
        browser.post(
            "/auth/password", {"password": PASSWORD}, X_Forwarded_For="10.0.0.1, 203.0.113.9"
        )
        assert rows(behind, "SELECT address FROM sign_in_attempt") == [("203.0.113.9",)]
        assert rows(behind, "SELECT address FROM sign_in_session") == [("203.0.113.9",)]
        execute(behind, "DELETE FROM sign_in_attempt")
        Browser(behind).sign_in(AN)  # no header at all: the peer itself
        assert rows(behind, "SELECT address FROM sign_in_attempt") in ([("127.0.0.1",)], [("::1",)])
    finally:
        behind.stop()


@pytest.mark.parametrize(
    "referer",
    [
        "https://evil.example/settings/personal",
        "//evil.example",
        "https://x//evil.example/login",
        "https://x/login/../..//evil.example",
        "https://x/%2F%2Fevil.example",
        "https://x/settings/\\evil.example",
        "javascript:alert(1)",
        "https://x/settings/a%0d%0aLocation:%20https://evil.example",
        "/login@evil.example",
        "https://x\\@evil.example/login",
        "",
    ],
)
def test_the_language_leads_nowhere_else(server: Server, referer: str):
    answer = Browser(server).post("/auth/language", {"language": "nl"}, Referer=referer)
    assert answer.status_code == 303
    target = httpx.URL(server.url).join(answer.headers["location"])
    assert (target.scheme, target.host, target.port) == ("http", "localhost", server.port)


def test_the_language_cookie(server: Server):
    browser = Browser(server)
    came_from = f"{server.url}/settings/privacy?a=1"
    answer = browser.post("/auth/language", {"language": "nl"}, Referer=came_from)
    assert answer.headers["location"] == "/settings/privacy"
    assert browser.jar[LANGUAGE] == "nl"
    assert '<html lang="nl"' in browser.get("/login").text.replace(' data-demo=""', "")
    for other in ("xx", "", "../nl", "en-GB", "n" * 5000):
        assert "set-cookie" not in browser.post("/auth/language", {"language": other}).headers


def test_a_busy_server_says_so(monkeypatch: pytest.MonkeyPatch):
    """More passwords than the queue holds: 503, in the reader's language, and no session."""
    from pacs_settings.access import sign_in_routes
    from pacs_settings.core.accounts import passwords

    class Full:
        async def run(self, *_work: object) -> None:
            raise passwords.Busy

    body = b"password=x"

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = {
        "content-length": str(len(body)),
        "content-type": "application/x-www-form-urlencoded",
        "accept-language": "nl",
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/auth/password",
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        "query_string": b"",
        "client": ("127.0.0.1", 1),
    }
    with patch.object(passwords, "pool", Full):
        answer = in_a_loop(sign_in_routes.password(Request(scope, receive)))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "set-cookie" not in answer.headers
    assert b"<script" not in answer.body


def test_the_pool_refuses_a_surplus():
    from threading import Event

    from pacs_settings.core.accounts.passwords import Busy, HashPool

    async def work() -> None:
        pool, free = HashPool(1, queue=1), Event()
        waiting = [asyncio.create_task(pool.run(free.wait)) for _ in range(2)]
        await asyncio.sleep(0)  # both have taken their place
        with pytest.raises(Busy):
            await pool.run(lambda: None)
        free.set()
        await asyncio.gather(*waiting)
        await pool.run(lambda: None)

    in_a_loop(work())


def test_no_password_was_logged(server: Server):
    told = server.log.read_text()
    assert PASSWORD not in told
    assert "not the password" not in told
    assert "Traceback" not in told
