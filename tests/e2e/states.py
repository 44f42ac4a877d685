"""Every page and state of getting in and of security, one after the other, in any language."""

import re
import subprocess
import sys
from collections.abc import Iterator

from playwright.sync_api import Locator, Page, expect

from pacs_settings.core.studies import notices
from pacs_settings.core.tables import StudyKind
from pacs_settings.locale import text
from tests.conftest import PASSWORD, ROOT, Server
from tests.e2e.passkeys import Authenticators
from tests.e2e.people import Inbox, Person, somebody
from tests.e2e.steps import execute, link_device, look_up, ready

WIDTHS = [1280, 360]
ENGLISH = re.compile(r"\b(your|the|Save|saved|with|will)\b")


def no_overflow(page: Page, state: str = "") -> None:
    """Nothing makes the page scroll sideways."""
    wide, room = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= room, state


def fits(page: Page, state: str) -> None:
    """Nothing is wider than a phone, or than a screen."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        no_overflow(page, state)


def speaks_dutch(page: Page, state: str) -> None:
    """Nothing of the page is in English."""
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    for part in page.locator("main, dialog[open]").all():
        expect(part, state).not_to_contain_text(ENGLISH)


def manage(server: Server, *arguments: str) -> None:
    """The service desk's command line, beside the running server."""
    command = [sys.executable, "-m", "pacs_settings.manage", *arguments]
    subprocess.run(command, cwd=ROOT, env=server.environment, check=True)


def invited(server: Server, username: str, mobile: str = "") -> Inbox:
    """The mails of somebody who is invited now."""
    mails = Inbox(server, username)
    phone = ["--mobile", mobile] if mobile else []
    manage(server, "invite", username, "Nora", "Nieuw", "Flanders", *phone)
    return mails


class Walk:
    """A way through pages of one language; each step of it gives the name of what is shown."""

    def __init__(self, page: Page, server: Server, language: str) -> None:
        self.page, self.server, self.language = page, server, language
        self.person = somebody(server, language=language)
        self.keys = Authenticators(page)

    def t(self, key: str) -> str:
        return text(self.language, key)

    def button(self, key: str) -> Locator:
        return self.page.get_by_role("button", name=self.t(key), exact=True)

    def press(self, key: str) -> None:
        self.button(key).click()

    def textbox(self, key: str) -> Locator:
        return self.page.get_by_role("textbox", name=self.t(key), exact=True)

    def radio(self, method: str) -> None:
        name = self.t(f"security.method.{method}")
        self.page.get_by_role("radio", name=name, exact=True).check()

    def alert(self) -> None:
        expect(self.page.get_by_role("alert").filter(visible=True).last).to_be_visible()

    def go(self, address: str) -> None:
        self.page.goto(address)
        ready(self.page)

    def enter(self, method: str) -> None:
        """Past the password, to what the method asks."""
        self.person.change(second_factor=method)
        self.go("/login")
        self.textbox("login.email").fill(self.person.username)
        self.press("login.continue")
        self.page.get_by_label(self.t("login.password"), exact=True).fill(PASSWORD)
        self.press("login.sign_in")


def getting_in(walk: Walk) -> Iterator[str]:
    """Signing in with a second factor, and what links of mails lead to."""
    yield from _steps(walk)
    yield from _passkey(walk)
    yield from _forgotten(walk)
    yield from _invited_and_locked(walk)


def _steps(walk: Walk) -> Iterator[str]:
    walk.enter("email")
    code = walk.textbox("login.code")
    expect(code).to_be_visible()
    yield "code"
    code.fill("000000")
    walk.press("login.continue")
    walk.alert()
    yield "code-wrong"
    walk.page.get_by_role("link", name=walk.t("login.use_recovery"), exact=True).click()
    expect(walk.textbox("login.recovery_code")).to_be_focused()
    yield "recovery"
    walk.textbox("login.recovery_code").fill("AAAA-BBBB-CCCC")
    walk.press("login.continue")
    walk.alert()
    yield "recovery-wrong"


def _passkey(walk: Walk) -> Iterator[str]:
    walk.enter("passkey")
    expect(walk.button("login.passkey")).to_be_visible()
    yield "passkey"
    walk.keys.plug_in()
    walk.press("login.passkey")
    walk.alert()
    yield "passkey-failed"


def _forgotten(walk: Walk) -> Iterator[str]:
    walk.go("/forgot-password")
    yield "forgot"
    walk.textbox("login.email").fill(walk.person.username)
    walk.press("forgot.send")
    expect(walk.page.locator("#sent")).to_be_visible()
    yield "forgot-sent"
    walk.go(walk.person.mails.next("reset").link("reset"))
    yield "reset"
    walk.press("reset.send_code")
    expect(walk.page.locator("#sent")).to_be_visible()
    walk.textbox("login.code").fill("000000")
    for name in ("security.new", "security.again"):
        walk.page.get_by_label(walk.t(name), exact=True).fill("password")
    walk.press("reset.set")
    walk.alert()
    yield "reset-refused"
    walk.page.context.clear_cookies()
    walk.go("/reset-password")
    yield "reset-expired"


def _invited_and_locked(walk: Walk) -> Iterator[str]:
    mails = invited(walk.server, f"invited-{walk.person.username}")
    walk.go(mails.next("invitation").link("activation"))
    yield "activate"
    walk.enter("none")
    walk.page.wait_for_url("**/settings/personal")
    token = walk.person.mails.next("new_browser").link("lock")
    walk.go(token)
    yield "lock"
    walk.press("lock.lock")
    expect(walk.page.locator("#locked")).to_be_visible()
    yield "locked"
    walk.go(token)
    yield "lock-expired"
    yield from _stopped(walk)


def _stopped(walk: Walk) -> Iterator[str]:
    mapping = look_up(walk.server, "SELECT min(id) FROM mapping WHERE account_id = 1")
    walk.go(f"/link/unsubscribe/{notices.token(1, mapping, StudyKind.STUDY)}")
    yield "unsubscribe"
    walk.press("stop.stop")
    expect(walk.page.locator("#stopped")).to_be_visible()
    yield "unsubscribed"
    walk.go("/link/unsubscribe/1.s.0")
    walk.press("stop.stop")
    walk.alert()
    yield "unsubscribe-invalid"


def staying_in(walk: Walk) -> Iterator[str]:
    """Security with all its lists and forms, and the question whether it is the owner."""
    walk.enter("none")
    walk.page.wait_for_url("**/settings/personal")
    walk.go("/settings/security")
    yield from _all_lists(walk)
    yield from _forms(walk)
    yield from _proof(walk)


def _all_lists(walk: Walk) -> Iterator[str]:
    walk.radio("authenticator")
    expect(walk.page.locator("output")).not_to_be_empty()
    yield "security-authenticator"
    link_device(
        walk.page,
        "Telefoon Samsung Galaxy A56 5G 128 GB (AZ Voorbeeld, Gent)",
        language=walk.language,
    )
    walk.press("security.recovery_new")
    expect(walk.page.locator(".recovery-codes li")).to_have_count(10)
    _remembered(walk.person)
    walk.page.evaluate("window.scrollTo(0, 0)")
    yield "security-codes"
    walk.go("/settings/security")
    expect(walk.page.locator("[aria-labelledby=devices-label] li")).to_have_count(1)
    walk.page.locator("[aria-labelledby=devices-label] button").click()
    yield "security-removal"


def _remembered(person: Person) -> None:
    execute(
        person.server,
        "INSERT INTO remembered_browser (id, token_hash, account_id, address, user_agent,"
        " created_at, until) SELECT id || 'x', token_hash, account_id, address, user_agent,"
        " started_at, datetime('now', '+30 days') FROM sign_in_session WHERE account_id ="
        " (SELECT id FROM account WHERE username = ?)",
        person.username,
    )


def _forms(walk: Walk) -> Iterator[str]:
    walk.radio("email")
    walk.textbox("login.code").fill("000000")
    walk.press("proof.confirm")
    walk.alert()
    yield "security-mail"
    walk.radio("none")
    expect(walk.button("security.do_without")).to_be_visible()
    yield "security-none"
    walk.radio("passkey")
    expect(walk.textbox("security.passkey_name")).to_be_visible()
    yield "security-passkey"
    walk.person.change(mobile_phone=None)
    walk.radio("sms")
    walk.press("mobile.register")
    expect(walk.textbox("mobile.number")).to_be_visible()
    yield "security-mobile"


def _proof(walk: Walk) -> Iterator[str]:
    walk.person.change(second_factor="email")
    walk.go("/settings/security")
    walk.person.age()
    walk.press("security.recovery_new")
    dialog = walk.page.get_by_role("dialog").filter(visible=True)
    expect(dialog).to_be_visible()
    yield "proof"
    dialog.locator("input").fill("wrong")
    walk.press("proof.confirm")
    walk.alert()
    yield "proof-wrong"
    walk.press("proof.use_code")
    expect(dialog.get_by_role("status")).to_contain_text(walk.t("security.sent.email"))
    yield "proof-code"
