"""The second step of signing in cannot be skipped, borrowed or prepared by somebody else."""

import pyotp
import pytest

from tests.access.browser import (
    BROWSER,
    LEA,
    SESSION,
    SIGN_IN,
    Browser,
    contents,
    execute,
    rows,
    signed_in,
)
from tests.access.people import (
    change,
    code_for,
    device,
    link_for,
    other_code,
    passkey,
    recovery_code,
    remembered,
    sent,
    somebody,
    until,
)
from tests.access.sockets import Tab, handler, values
from tests.conftest import PASSWORD, Server, in_a_loop

START = "/settings/personal"
EXPIRED = "/login#expired"


@pytest.fixture(autouse=True)
def _no_waiting(server: Server) -> None:
    execute(server, "DELETE FROM throttle")


def at_address(server: Server, username: str) -> Browser:
    browser = Browser(server)
    browser.post("/auth/address", {"email": username})
    return browser


def at_code(server: Server, username: str, method: str = "email") -> Browser:
    """A browser whose password was right, and which is asked for a second factor."""
    browser = at_address(server, username)
    place = browser.post("/auth/password", {"password": PASSWORD}).headers["location"]
    assert place == ("/login#passkey" if method == "passkey" else f"/login#code-{method}")
    return browser


def answer(browser: Browser, code: str, means: str = "", **more: str) -> str:
    """Answer the second step; where that leads."""
    form = {"code": code, **({"means": means} if means else {}), **more}
    return str(browser.post("/auth/code", form).headers["location"])


def test_a_code_that_was_sent_signs_in_once(server: Server):
    """The control: without it, nothing below would prove anything."""
    username = somebody(server, second_factor="email")
    browser = at_code(server, username)
    copy = Browser(server, dict(browser.jar))
    code = code_for(server, username)
    assert answer(browser, code) == START
    assert browser.get(START).status_code == 200
    assert answer(copy, code) == EXPIRED
    assert SESSION not in copy.jar


def test_the_token_from_before_the_password_is_worth_nothing_after_it(server: Server):
    username = somebody(server, second_factor="email")
    early = at_address(server, username)
    browser = Browser(server, dict(early.jar))
    browser.post("/auth/password", {"password": PASSWORD})
    assert browser.jar[SIGN_IN] != early.jar[SIGN_IN]
    code = code_for(server, username)
    before = contents(server)
    assert answer(early, code) == answer(early, code, "email") == EXPIRED
    assert early.post("/auth/resend").headers["location"] == EXPIRED
    assert early.post("/auth/challenge").json()["refused"] == "expired"
    assert early.post("/auth/password", {"password": PASSWORD}).headers["location"] == EXPIRED
    assert contents(server) == before
    assert answer(browser, code) == START


def test_a_sign_in_without_its_password_gets_no_code(server: Server):
    username = somebody(server, second_factor="email")
    browser = at_address(server, username)
    before = contents(server)
    assert browser.post("/auth/resend").headers["location"] == EXPIRED
    assert browser.post("/auth/challenge").json()["refused"] == "expired"
    for means in ("", "email", "recovery", "none", "password"):
        assert answer(browser, "123456", means) == EXPIRED
    assert contents(server) == before


def test_the_page_of_a_sign_in_tells_nothing_before_the_password(server: Server):
    """By which method, least of all, nor to the token from before."""
    username = somebody(server, second_factor="email")
    early = at_address(server, username)
    browser = Browser(server, dict(early.jar))
    browser.post("/auth/password", {"password": PASSWORD})
    load = handler("sign_in", "sign_in_state", "load")

    async def told(one: Browser) -> str:
        async with Tab(server, one.cookie) as tab:
            return str(values([await tab.fence(), *await tab.act(load)], "sign_in_state")["method"])

    assert in_a_loop(told(at_address(server, username))) == ""
    assert in_a_loop(told(early)) == ""
    assert in_a_loop(told(browser)) == "email"


def test_only_the_last_code_counts(server: Server):
    username = somebody(server, second_factor="sms", mobile_phone="+32470990001")
    browser = at_code(server, username, "sms")
    first = code_for(server, "+32470990001")
    assert browser.post("/auth/resend").headers["location"] == "/login#code-sms"
    second = code_for(server, "+32470990001")
    assert first == second or answer(browser, first) == "/login#wrong_code"
    assert answer(browser, second) == START


def test_the_code_of_another_account(server: Server):
    victim, thief = (somebody(server, second_factor="email") for _ in range(2))
    asked, own = at_code(server, victim), at_code(server, thief)
    code = code_for(server, thief)
    assert answer(asked, code) == "/login#wrong_code" or code == code_for(server, victim)
    mixed = Browser(server, {**own.jar, SIGN_IN: asked.jar[SIGN_IN]})
    assert answer(mixed, code) == "/login#wrong_code"
    assert SESSION not in asked.jar.keys() | mixed.jar.keys()
    assert answer(own, code) == START


def test_the_code_of_another_sign_in_of_the_same_account(server: Server):
    """Somebody who looks over the owner's shoulder has the password and reads the code."""
    username = somebody(server, second_factor="email")
    thief = at_code(server, username)
    execute(server, "DELETE FROM challenge")
    owner = at_code(server, username)
    code = code_for(server, username)
    assert answer(thief, code) == "/login#wrong_code"
    assert answer(owner, code) == START


@pytest.mark.parametrize("purpose", ["proof", "choose", "reset"])
def test_the_code_for_something_else(server: Server, purpose: str):
    username = somebody(server, second_factor="email", mobile_phone=None)
    inside = at_code(server, username)
    assert answer(inside, code_for(server, username)) == START
    before = len(sent(server, username, "code"))
    if purpose == "proof":
        inside.post("/auth/proof/begin")
    elif purpose == "choose":
        choose(server, inside, username)
    else:
        inside.post("/auth/forgot", {"email": username})
        opened = Browser(server)
        opened.keep(opened.get(reset_link(server, username)))
        opened.post("/auth/link/code", {"purpose": "reset"})
    code = code_for(server, username)
    assert len(sent(server, username, "code")) == before + 1
    outside = at_code(server, username)
    own = code_for(server, username)
    assert code == own or answer(outside, code) == "/login#wrong_code"
    assert answer(outside, own) == START


def reset_link(server: Server, username: str) -> str:
    until(lambda: sent(server, username, "reset"))
    return link_for(server, username, "reset")


def choose(server: Server, browser: Browser, username: str) -> None:
    """Have the code sent that would choose e-mail, by an account that has not chosen it yet."""
    names = ("load", "choose")
    load, chooses = (handler("security", "security_state", name) for name in names)

    async def work() -> None:
        async with Tab(server, browser.cookie) as tab:
            await tab.fence()
            await tab.act(load)
            await tab.act(chooses, {"method": "email"})

    change(server, username, second_factor="none")
    in_a_loop(work())
    change(server, username, second_factor="email")


def test_another_means_than_was_asked_for(server: Server):
    username = somebody(server)
    _number, totp = device(server, username)
    browser = at_code(server, username, "authenticator")
    before = contents(server)
    for means in ("email", "sms", "passkey", "none", "password", "directory", "x" * 5000):
        assert answer(browser, totp.now(), means) == EXPIRED
    assert browser.post("/auth/challenge").json()["refused"] == "expired"
    assert contents(server) == before
    assert answer(browser, totp.now(), "authenticator") == START


def test_a_recovery_code_of_another_account_or_used_before(server: Server):
    victim, thief = (somebody(server, second_factor="email") for _ in range(2))
    code = recovery_code(server, thief)
    assert answer(at_code(server, victim), code, "recovery") == "/login#wrong_recovery"
    first, second = at_code(server, thief), at_code(server, thief)
    assert answer(first, code, "recovery") == START
    assert answer(second, code, "recovery") == "/login#wrong_recovery"


def test_a_recovery_code_for_an_account_without_a_second_factor(server: Server):
    """The first time, a directory's word is not enough, and a recovery code does not add to it."""
    code = recovery_code(server, LEA)
    change(server, LEA, directory_guid=None)
    try:
        browser = at_code(server, LEA, "sms")
        assert answer(browser, code, "recovery") == EXPIRED
        assert SESSION not in browser.jar
    finally:
        guid = "6f1d3a52-0d5c-4c53-9c7e-3f4f6a0b7d11"
        change(server, LEA, directory_guid=guid)


# What the client brings along is never adopted.


def test_a_planted_sign_in_is_not_adopted(server: Server):
    """The attacker has begun it, and waits for the owner to type the password into it."""
    for factor in ("none", "email"):
        username = somebody(server, second_factor=factor)
        attacker = at_address(server, username)
        planted = attacker.jar[SIGN_IN]
        victim = Browser(server, {SIGN_IN: planted})
        victim.post("/auth/password", {"password": PASSWORD})
        if factor == "email":
            assert victim.jar[SIGN_IN] != planted
            code = code_for(server, username)
            assert answer(attacker, code) == EXPIRED
            assert answer(victim, code) == START
        assert SESSION in victim.jar
        assert attacker.post("/auth/password", {"password": PASSWORD}).headers["location"] in (
            EXPIRED
        )
        assert attacker.get(START).headers["location"] == "/login"
        assert SESSION not in attacker.jar
    again = Browser(server, {SIGN_IN: "planted"})
    again.post("/auth/address", {"email": username})
    assert again.jar[SIGN_IN] != "planted"


def test_a_planted_browser_is_not_remembered(server: Server):
    """Else whoever was at this computer before would have a browser that is not asked."""
    victim, attacker = somebody(server, second_factor="email"), somebody(server)
    for planted in ("planted", signed_in(server, attacker).jar[BROWSER]):
        browser = Browser(server, {BROWSER: planted})
        browser.post("/auth/address", {"email": victim})
        browser.post("/auth/password", {"password": PASSWORD})
        assert answer(browser, code_for(server, victim), remember="yes") == START
        assert browser.jar[BROWSER] != planted
        thief = Browser(server, {BROWSER: planted})
        thief.post("/auth/address", {"email": victim})
        place = thief.post("/auth/password", {"password": PASSWORD}).headers["location"]
        assert place == "/login#code-email"
        assert SESSION not in thief.jar


def test_a_planted_session_goes_no_further_at_a_code(server: Server):
    attacker, username = (
        signed_in(server, somebody(server)),
        somebody(server, second_factor="email"),
    )
    victim = Browser(server, {SESSION: attacker.jar[SESSION]})
    victim.post("/auth/address", {"email": username})
    victim.post("/auth/password", {"password": PASSWORD})
    assert answer(victim, code_for(server, username)) == START
    assert victim.session_id != attacker.session_id
    assert attacker.get(START).headers["location"] == "/login"


# What has changed between the steps.


@pytest.mark.parametrize("state", ["locked", "disabled"])
@pytest.mark.parametrize("method", ["email", "authenticator", "passkey"])
def test_an_account_that_was_closed_meanwhile(server: Server, state: str, method: str):
    """Nothing is sent, no answer is looked at, and an answer does not open it again."""
    username = somebody(server, second_factor=method)
    if method == "authenticator":
        _number, totp = device(server, username)
    passkey(server, username)
    browsers = [at_code(server, username, method) for _ in range(3)]
    code = code_for(server, username) if method == "email" else "123456"
    code = totp.now() if method == "authenticator" else code
    change(server, username, state=state, locked_until=None)
    messages = len(sent(server, username))
    place = f"/login#{state}"
    assert browsers[0].post("/auth/resend").headers["location"] == place
    expected = state if method == "passkey" else "expired"
    assert browsers[1].post("/auth/challenge").json()["refused"] == expected
    assert answer(browsers[2], code) == place
    assert len(sent(server, username)) == messages
    assert not any(SESSION in browser.jar for browser in browsers)
    found = rows(server, "SELECT state FROM account WHERE username = ?", username)
    assert found == [(state,)]


def test_a_remembered_browser_is_asked_again_after_a_change_of_method(server: Server):
    username = somebody(server, second_factor="email")
    browser = at_code(server, username)
    assert answer(browser, code_for(server, username), remember="yes") == START
    again = Browser(server, {BROWSER: browser.jar[BROWSER]})
    assert again.sign_in(username)  # remembered: the password is enough
    told = browser.post("/security/devices/new").json()
    proof = {"device_id": told["id"], "name": "Phone", "code": pyotp.TOTP(told["secret"]).now()}
    assert browser.post("/security/devices/link", proof).json() == {}
    third = Browser(server, {BROWSER: browser.jar[BROWSER]})
    third.post("/auth/address", {"email": username})
    place = third.post("/auth/password", {"password": PASSWORD}).headers["location"]
    assert place == "/login#code-authenticator"


def test_a_remembered_browser_is_one_of_its_account_only(server: Server):
    owner, other = somebody(server, second_factor="email"), somebody(server, second_factor="email")
    remembered(server, owner, "cookie-of-the-owner", f"b-{owner}"[:24])
    for username, asked in ((owner, False), (other, True)):
        browser = Browser(server, {BROWSER: "cookie-of-the-owner"})
        browser.post("/auth/address", {"email": username})
        place = browser.post("/auth/password", {"password": PASSWORD}).headers["location"]
        assert (place == "/login#code-email") is asked


def test_wrong_codes_of_all_kinds_add_up(server: Server):
    """Five in a row lock, however they are spread over sign-ins, proofs and recovery codes."""
    username = somebody(server, second_factor="email")
    inside = at_code(server, username)
    assert answer(inside, code_for(server, username)) == START
    outside = at_code(server, username)
    wrong = other_code(code_for(server, username))
    assert answer(outside, wrong) == "/login#wrong_code"
    assert answer(outside, "AAAA-BBBB-CCCC", "recovery") == "/login#wrong_recovery"
    for means in ("email", "recovery"):
        told = inside.post("/auth/proof/code", {"means": means, "code": wrong}).json()
        assert told["refused"] == "wrong_code"
    assert answer(outside, wrong) == "/login#locked"
    assert inside.post("/auth/proof/code", {"means": "email", "code": wrong}).json()["refused"] == (
        "locked"
    )
    assert at_address(server, username).post("/auth/password", {"password": PASSWORD}).headers[
        "location"
    ] == ("/login#locked")
