"""Signing in where scripts are off."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.conftest import PASSWORD, Server
from tests.e2e.conftest import Complaints
from tests.e2e.people import Inbox, Person, somebody
from tests.e2e.states import invited

NEW_PASSWORD = "four bicycles under water"

SCRIPT = r"\.js csp$"  # how Chromium tells that it did not load one


def test_signing_in_by_forms_alone(
    open_context: Callable[..., BrowserContext], complaints: Complaints
) -> None:
    complaints.allow(SCRIPT)
    page = open_context(java_script_enabled=False).new_page()
    page.goto("/login")
    email, password = page.locator("input[name=email]"), page.locator("input[name=password]")
    expect(email).to_be_visible()
    expect(password).to_be_hidden()
    email.fill("an.peeters@demo.example")
    page.locator(".step-address button[type=submit]").click()
    expect(password).to_be_visible()
    expect(email).to_be_hidden()
    password.fill("wrong")
    page.locator(".step-password button[type=submit]").click()
    expect(page.locator("#wrong")).to_be_visible()
    expect(page.locator(".problem:visible")).to_have_count(1)
    password.fill(PASSWORD)
    page.locator(".step-password button[type=submit]").click()
    page.wait_for_url("**/settings/personal")
    expect(page.get_by_role("heading", level=1)).to_have_text("Personal settings")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")


def test_choosing_a_language_by_forms_alone(
    open_context: Callable[..., BrowserContext], complaints: Complaints
) -> None:
    complaints.allow(SCRIPT)
    page = open_context(java_script_enabled=False).new_page()
    page.goto("/login")
    page.locator("select[name=language]").select_option("nl")
    page.locator("form.language button").click()
    expect(page.locator("html")).to_have_attribute("lang", "nl")


def test_a_code_by_forms_alone(
    open_context: Callable[..., BrowserContext], complaints: Complaints, server: Server
) -> None:
    complaints.allow(SCRIPT)
    person = somebody(server, second_factor="email")
    page = open_context(java_script_enabled=False).new_page()
    to_the_code(page, person, PASSWORD)
    first = person.mails.code()
    page.get_by_role("button", name="Resend code").click()
    second = person.mails.code()
    answer(page, first)
    expect(page.locator("#wrong_code")).to_be_visible()
    expect(page.locator(".problem:visible")).to_have_count(1)
    answer(page, second)
    page.wait_for_url("**/settings/personal")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")


def to_the_code(page: Page, person: Person, password: str) -> None:
    page.goto("/login")
    page.locator("input[name=email]").fill(person.username)
    page.locator(".step-address button[type=submit]").click()
    page.locator("input[name=password]").fill(password)
    page.locator(".step-password button[type=submit]").click()
    expect(page.locator(".hint:visible")).to_have_text(
        "We sent six digits to your e-mail address. Only the last code counts."
    )


def answer(page: Page, code: str) -> None:
    page.locator(".step-code input[name=code]").fill(code)
    page.get_by_role("button", name="Continue").click()


def test_links_by_forms_alone(
    open_context: Callable[..., BrowserContext], complaints: Complaints, server: Server
) -> None:
    complaints.allow(SCRIPT)
    person = somebody(server, second_factor="email")
    page = open_context(java_script_enabled=False).new_page()
    page.goto("/login")
    page.locator(".step-address").get_by_role("link", name="Forgot your password?").click()
    page.locator("input[name=email]").fill(person.username)
    page.get_by_role("button", name="Send link").click()
    expect(page.get_by_role("status")).to_contain_text("an e-mail is on its way")
    page.goto(person.mails.next("reset").link("reset"))
    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_role("status")).to_contain_text("A code was sent")
    code = person.texts.code()
    set_password(page, code, "short one", "Set password")
    expect(page.locator(".problem:visible")).to_have_text(
        "Use more characters: twelve with a second factor, fifteen without."
    )
    set_password(page, code, NEW_PASSWORD, "Set password")
    expect(page.get_by_role("status")).to_contain_text("Your password is set")
    to_the_code(page, person, NEW_PASSWORD)
    answer(page, person.mails.code())
    page.wait_for_url("**/settings/personal")
    page.goto(person.mails.next("new_browser").link("lock"))
    page.get_by_role("button", name="Lock my account").click()
    expect(page.get_by_role("status")).to_contain_text("Your account is locked")
    page.goto("/settings/personal")
    page.wait_for_url("**/login")


def set_password(page: Page, code: str, new: str, verb: str) -> None:
    page.get_by_role("textbox", name="One-time password").fill(code)
    for name in ("new", "again"):
        page.locator(f"input[name={name}]").fill(new)
    page.get_by_role("button", name=verb).click()


def test_activation_by_forms_alone(
    open_context: Callable[..., BrowserContext], complaints: Complaints, server: Server
) -> None:
    complaints.allow(SCRIPT)
    mails = invited(server, "noscript@demo.example", "+32470998877")
    texts = Inbox(server, "+32470998877")
    page = open_context(java_script_enabled=False).new_page()
    link = mails.next("invitation").link("activation")
    page.goto(link)
    page.get_by_role("button", name="Send code").click()
    set_password(page, texts.code(), NEW_PASSWORD, "Activate account")
    expect(page.get_by_role("status")).to_contain_text("Your password is set")
    page.goto(link)
    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("does not work any more")
