"""The routes for passwords, codes and secrets, attacked."""

import base64
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pyotp
import pytest

from tests.access.browser import (
    AN,
    CLIENT,
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
from tests.conftest import PASSWORD, Server

ROUTES = ["/security/password", "/security/strength", "/security/devices/new"]
ROUTES += ["/security/devices/link"]
NEW = "entirely unguessable marmalade"
CHANGE = {"current": PASSWORD, "new": NEW, "again": NEW}


@pytest.fixture(autouse=True)
def _no_waiting(server: Server) -> None:
    execute(server, "DELETE FROM throttle")


@pytest.mark.asvs("8.2.1")
@pytest.mark.parametrize("path", ROUTES)
def test_a_stranger_gets_nothing(server: Server, path: str):
    before = contents(server)
    for jar in ({}, {SESSION: "a.b"}, {SESSION: "x"}):
        answer = Browser(server, dict(jar)).post(path, CHANGE)
        assert (answer.status_code, answer.json()) == (401, {"signed_out": True})
    assert contents(server) == before


@pytest.mark.asvs("8.2.1", "8.3.1")
@pytest.mark.parametrize("path", ROUTES[:2])
def test_an_account_of_a_directory_has_no_password_here(server: Server, path: str):
    browser = signed_in(server, LEA)
    before = contents(server)
    answer = browser.post(path, CHANGE)
    assert answer.status_code == 403
    assert "may not" in answer.json()["message"] or "not allowed" in answer.json()["message"]
    assert contents(server) == before


@pytest.mark.asvs("8.2.1")
@pytest.mark.parametrize("path", ROUTES[:2])
def test_whoever_must_enrol_changes_no_password(server: Server, path: str):
    browser = signed_in(server, JAN)
    before = contents(server)
    assert browser.post(path, CHANGE).status_code == 403
    assert contents(server) == before


def refusal(answer: httpx.Response) -> tuple[str, str]:
    """Code and field of a refusal."""
    assert answer.status_code in (200, 422)
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told["message"]
    return told["refused"], told["field"]


@pytest.mark.parametrize("missing", ["current", "new", "again"])
def test_files_and_missing_fields_are_no_text(server: Server, missing: str):
    browser = signed_in(server, AN)
    before = contents(server)
    rest = {name: value for name, value in CHANGE.items() if name != missing}
    code, _field = refusal(browser.post("/security/password", rest))
    sent = {missing: ("a.txt", CHANGE[missing].encode(), "text/plain")}
    headers = browser.headers()
    answer = CLIENT.post(f"{server.url}/security/password", data=rest, files=sent, headers=headers)
    assert refusal(answer)[0] == code
    assert contents(server) == before


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"current": "wrong"}, ("wrong_current_password", "current")),
        ({"again": "another one entirely"}, ("password_mismatch", "again")),
        ({"new": "short", "again": "short"}, ("password_too_short", "new")),
        ({"new": "x" * 5000, "again": "x" * 5000}, ("password_too_long", "new")),
        ({"new": "a\ufffb" * 20, "again": "a\ufffb" * 20}, ("password_repeats", "new")),
        ({"new": PASSWORD, "again": PASSWORD}, None),
    ],
)
def test_a_refused_password_changes_nothing(server: Server, change: dict[str, str], expected: Any):
    browser = signed_in(server, AN)
    before = contents(server)
    found = refusal(browser.post("/security/password", {**CHANGE, **change}))
    assert found == expected or expected is None
    assert contents(server) == before


@pytest.mark.asvs("6.3.1")
def test_guessing_the_current_password_slows_down(server: Server):
    """Also in parallel; whoever found a signed-in browser learns no password from it."""
    browser = signed_in(server, AN)
    wrong = {**CHANGE, "current": "wrong"}
    begun_at = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        told = pool.map(lambda _n: browser.post("/security/password", wrong), range(24))
        codes = [refusal(answer)[0] for answer in told]
    # Five are free, the sixth starts a wait of two seconds; a slow machine gets past that.
    assert codes.count("wrong_current_password") <= 6 + (time.monotonic() - begun_at) / 2
    execute(server, "UPDATE throttle SET blocked_until = '2999-01-01 00:00:00.000000'")
    assert refusal(browser.post("/security/password", CHANGE))[0] == "too_many_tries"


@pytest.mark.asvs("6.2.2", "7.4.3")
def test_a_changed_password_ends_the_other_sessions(server: Server):
    one, two = signed_in(server, SOFIE), signed_in(server, SOFIE)
    try:
        answer = one.post("/security/password", CHANGE)
        assert (answer.status_code, answer.json()) == (200, {})
        assert one.get("/settings/security").status_code == 200
        assert two.get("/settings/security").headers["location"] == "/login"
        assert two.post("/security/devices/new").status_code == 401
        old = Browser(server)
        old.post("/auth/address", {"email": SOFIE})
        assert old.post("/auth/password", {"password": PASSWORD}).headers["location"] == (
            "/login#wrong"
        )
        signed_in_again = Browser(server).sign_in(SOFIE, NEW)
        assert signed_in_again.get("/settings/personal").status_code == 200
    finally:
        hashed = "SELECT password_hash FROM account WHERE username = ?"
        kept = rows(server, hashed, AN)[0][0]
        execute(server, "UPDATE account SET password_hash = ? WHERE username = ?", kept, SOFIE)


def begun(browser: Browser) -> dict[str, Any]:
    answer = browser.post("/security/devices/new")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return dict(answer.json())


def link(browser: Browser, device: Any, code: str, name: Any = "phone") -> httpx.Response:
    proof = {"device_id": device, "name": name, "code": code}
    return browser.post("/security/devices/link", proof)


@pytest.mark.asvs("8.2.2")
def test_the_device_of_another_account(server: Server):
    """Neither linked nor told apart from one that does not exist, though the code is right."""
    owner, thief = signed_in(server, AN), signed_in(server, SOFIE)
    told = begun(owner)
    before = contents(server)
    code = pyotp.TOTP(told["secret"]).now()
    theirs = link(thief, told["id"], code)
    nowhere = link(thief, 999_999, code)
    assert (theirs.status_code, theirs.json()) == (nowhere.status_code, nowhere.json())
    assert refusal(theirs)[0] == "not_found"
    assert contents(server) == before


@pytest.mark.parametrize(
    "device", ["", "0", "-1", "1e3", "0x1", "²", "١", "1 OR 1=1", "9" * 40, "None", "1.0", " 1"]
)
def test_a_device_that_is_none(server: Server, device: str):
    browser = signed_in(server, AN)
    told = begun(browser)
    before = contents(server)
    assert refusal(link(browser, device, pyotp.TOTP(told["secret"]).now()))[0] == "not_found"
    assert contents(server) == before


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\u202eb", "a\nb\x07", "\0", "\u200b"])
def test_a_name_that_is_none(server: Server, name: str):
    browser = signed_in(server, AN)
    told = begun(browser)
    before = contents(server)
    answer = link(browser, told["id"], pyotp.TOTP(told["secret"]).now(), name)
    assert refusal(answer) == ("device_name", "name")
    assert contents(server) == before


def test_a_device_is_linked_once(server: Server):
    """Four posts at once, one device; its secret is never told again."""
    browser = signed_in(server, AN)
    told = begun(browser)
    code = pyotp.TOTP(told["secret"]).now()
    count = "SELECT count(*) FROM totp_device WHERE confirmed_at IS NOT NULL AND account_id = ?"
    owner = account_id(server, AN)
    try:
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _n: link(browser, told["id"], code), range(4)))
        assert sum(answer.json() == {} for answer in answers) == 1
        assert rows(server, count, owner) == [(1,)]
        for page in ("/settings/security", "/settings/personal"):
            assert told["secret"] not in browser.get(page).text
        assert begun(browser)["secret"] != told["secret"]
        mail = json.dumps(rows(server, 'SELECT "values" FROM outbox_message'))
        trail = json.dumps(rows(server, "SELECT before, after FROM audit_entry"))
        assert told["secret"] not in mail + trail
    finally:
        execute(server, "DELETE FROM totp_device WHERE account_id = ?", owner)
        execute(server, "UPDATE account SET second_factor = 'none' WHERE id = ?", owner)


def test_an_abandoned_secret_is_worth_nothing(server: Server):
    """A new one replaces it, and it never counts as a second factor."""
    browser = signed_in(server, AN)
    first = begun(browser)
    second = begun(browser)
    assert first["secret"] != second["secret"]
    stale = link(browser, first["id"], pyotp.TOTP(first["secret"]).now())
    assert refusal(stale)[0] in ("not_found", "wrong_code")
    assert signed_in(server, AN).get("/settings/personal").status_code == 200
    execute(server, "DELETE FROM totp_device")


def test_the_meter_is_limited(server: Server):
    browser, other = signed_in(server, AN), signed_in(server, AN)
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(
            lambda n: browser.post("/security/strength", {"new": f"{n}"}).status_code, range(120)
        )
        codes = list(answers)
    assert codes.count(200) >= 20
    assert codes.count(200) + codes.count(429) == 120
    assert codes.count(429) > 0
    assert other.post("/security/strength", {"new": NEW}).json() == {"score": 4}


@pytest.mark.parametrize("new", ["", "\0", "x" * 60_000, "🦴" * 4000, "' OR 1=1", "%s%n{0}"])
def test_the_meter_answers_anything(server: Server, new: str):
    answer = signed_in(server, AN).post("/security/strength", {"new": new})
    assert answer.status_code in (200, 413)
    assert answer.status_code == 413 or answer.json()["score"] in range(5)


def test_nothing_confidential_was_logged(server: Server):
    """After one more round of malformed posts that carry both."""
    browser = signed_in(server, AN)
    told = begun(browser)
    mark = base64.b32encode(os.urandom(20)).decode()
    for path in ROUTES:
        for kind in ("application/json", "multipart/form-data", "multipart/form-data; boundary=x"):
            body = f'--x\r\nname="{mark}"\r\n{{"new": "{mark}", "current": "{mark}"'
            headers = browser.headers(Content_Type=kind)
            CLIENT.post(f"{server.url}{path}?new={mark}", content=body, headers=headers)
        browser.post(path, {"new": mark, "current": mark, "code": mark, "device_id": mark})
    text = server.log.read_text()
    for secret in (mark, told["secret"], PASSWORD, NEW, browser.jar[SESSION].partition(".")[2]):
        assert secret not in text
    assert "Traceback" not in text
    execute(server, "DELETE FROM totp_device")
