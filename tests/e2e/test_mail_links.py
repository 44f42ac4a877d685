"""Links of mails: a forgotten password, an invitation, locking one's own account."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.conftest import Server
from tests.e2e.people import Inbox, Person, somebody
from tests.e2e.states import invited, manage
from tests.e2e.steps import (
    LEA,
    give_address,
    give_password,
    ready,
    sign_in,
    sign_in_by_form,
    sign_out,
    to_second_factor,
)

NEW_PASSWORD = "four bicycles under water"
EXPIRED = "This link does not work any more"


def ask_for_a_link(page: Page, username: str) -> str:
    """From the sign-in page; what the page says then."""
    page.goto("/login")
    ready(page)
    page.get_by_role("link", name="Forgot your password?").first.click()
    page.wait_for_url("**/forgot-password")
    ready(page)
    field = page.get_by_role("textbox", name="E-mail address")
    expect(field).to_be_focused()
    field.fill(username)
    page.get_by_role("button", name="Send link").click()
    expect(page.get_by_role("status").filter(has_text="an e-mail is on its way")).to_be_visible()
    return page.get_by_role("main").inner_text()


def scanned(link: str) -> None:
    """A scanner of mails opens what it finds, as often as it likes."""
    for _ in range(2):
        assert httpx.get(link, follow_redirects=True).status_code == 200
    httpx.head(link)


def code_field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="One-time password")


def set_password(
    page: Page, code: str, new: str, again: str = "", verb: str = "Set password"
) -> None:
    code_field(page).fill(code)
    page.get_by_label("New password", exact=True).fill(new)
    page.get_by_label("New password again", exact=True).fill(again or new)
    page.get_by_role("button", name=verb).click()


def send_code(page: Page, inbox: Inbox) -> str:
    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_role("status").filter(has_text="A code was sent")).to_be_visible()
    return inbox.code()


def refused(page: Page, sentence: str) -> None:
    expect(page.get_by_role("alert").filter(has_text=sentence)).to_be_visible()
    expect(page.get_by_label("New password", exact=True)).to_have_value("")


def is_set_but_not_in(page: Page) -> None:
    page.wait_for_url("**/login#password_set")
    expect(page.get_by_role("status").filter(has_text="Your password is set")).to_be_visible()
    page.goto("/settings/personal")
    page.wait_for_url("**/login")


def test_a_forgotten_password(
    page: Page, server: Server, open_context: Callable[..., BrowserContext]
) -> None:
    person = somebody(server)
    other = open_context().new_page()
    sign_in(other, person.username)
    person.change(second_factor="email")
    known, unknown = (
        ask_for_a_link(page, name) for name in (person.username, "nobody@demo.example")
    )
    assert known == unknown
    mail = person.mails.next("reset")
    assert mail.subject == "Set a new password"
    link = mail.link("reset")
    scanned(link)
    page.goto(link)
    page.wait_for_url("**/reset-password")
    expect(page.get_by_role("main")).to_contain_text(person.username)
    _refused_in_words(page, person)
    is_set_but_not_in(page)
    other.wait_for_url("**/login")
    expect(other.get_by_text("because the password was changed")).to_be_visible()
    assert "All other sessions have ended" in person.mails.next("password_changed").text
    _old_password_is_refused(page, person)
    sign_out(page)
    page.goto(link)
    expect(page.get_by_text(EXPIRED)).to_be_visible()
    expect(code_field(page)).to_have_count(0)
    page.get_by_role("link", name="Forgot your password?").click()
    page.wait_for_url("**/forgot-password")


def _refused_in_words(page: Page, person: Person) -> None:
    first = send_code(page, person.texts)
    code = send_code(page, person.texts)
    set_password(page, code, "short one")
    refused(page, "at least 12 characters")
    set_password(page, code, NEW_PASSWORD, NEW_PASSWORD + "!")
    refused(page, "not the same")
    set_password(page, first, NEW_PASSWORD)
    refused(page, "This code is not right")
    set_password(page, code, NEW_PASSWORD)


def _old_password_is_refused(page: Page, person: Person) -> None:
    give_address(page, person.username)
    give_password(page)
    expect(page.get_by_role("alert").filter(has_text="do not belong together")).to_be_visible()
    to_second_factor(page, person.username, NEW_PASSWORD)
    code_field(page).fill(person.mails.code())
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/settings/personal")


def test_only_the_newest_link_works(page: Page, server: Server) -> None:
    person = somebody(server, language="nl")
    ask_for_a_link(page, person.username)
    older = person.mails.next("reset")
    assert older.subject == "Een nieuw wachtwoord instellen"
    ask_for_a_link(page, person.username)
    newer = person.mails.next("reset").link("reset")
    page.goto(older.link("reset"))
    expect(page.get_by_text(EXPIRED)).to_be_visible()
    page.goto(newer)
    expect(page.get_by_role("button", name="Set password")).to_be_visible()
    page.goto("/activate")  # a link serves its own purpose only
    expect(page.get_by_text(EXPIRED)).to_be_visible()


def test_a_forgotten_password_of_a_directory(page: Page, server: Server) -> None:
    mails = Inbox(server, LEA)
    ask_for_a_link(page, LEA)
    mail = mails.next("reset_directory")
    assert mail.subject == "Your password is kept by your organisation"
    assert "it@uz-demo.example" in mail.text
    assert "/link/" not in mail.text


@pytest.mark.parametrize("mobile", ["+32470556677", ""], ids=["text", "mail"])
def test_activation(page: Page, server: Server, mobile: str) -> None:
    username = f"new{len(mobile)}@demo.example"
    mails = invited(server, username, mobile)
    inbox = Inbox(server, mobile) if mobile else mails
    mail = mails.next("invitation")
    assert mail.subject == "Activate your account"
    link = mail.link("activation")
    scanned(link)
    page.goto(link)
    page.wait_for_url("**/activate")
    expect(page.get_by_role("main")).to_contain_text(username)
    where = "to the mobile phone on file" if mobile else "no mobile phone on file"
    expect(page.get_by_text(where)).to_be_visible()
    code = send_code(page, inbox)
    set_password(page, code, "short one", verb="Activate account")
    refused(page, "at least 15 characters")
    set_password(page, code, NEW_PASSWORD, verb="Activate account")
    is_set_but_not_in(page)
    assert mails.next("activated").subject == "Your account is active"
    sign_in_by_form(page, username, NEW_PASSWORD)
    expect(page).to_have_url(f"{server.url}/settings/personal")
    page.goto(link)
    expect(page.get_by_text(EXPIRED)).to_be_visible()


def test_locking_ones_own_account(
    page: Page, server: Server, open_context: Callable[..., BrowserContext]
) -> None:
    person = somebody(server)
    other = open_context().new_page()
    sign_in(other, person.username)
    alert = person.mails.next("new_browser")
    assert alert.subject == "Your account was used from a new browser"
    for text in ("127.0.0.1", "Chrome", "Linux", f"{server.url}/settings/security"):
        assert text in alert.text
    link = alert.link("lock")
    scanned(link)
    page.goto(link)
    page.wait_for_url("**/lock-account")
    expect(page.get_by_role("main")).to_contain_text(person.username)
    other.reload()  # still in
    ready(other)
    page.get_by_role("button", name="Lock my account").click()
    expect(page.get_by_role("status").filter(has_text="Your account is locked")).to_be_visible()
    expect(page.get_by_role("button", name="Lock my account")).to_have_count(0)
    other.wait_for_url("**/login")
    expect(other.get_by_text("locked with the link of an alert")).to_be_visible()
    assert person.mails.next("locked_by_owner").subject == "Your account is locked"
    give_address(other, person.username)
    give_password(other)
    expect(other.get_by_role("alert").filter(has_text="This account is locked")).to_be_visible()
    page.goto(link)
    expect(page.get_by_text(EXPIRED)).to_be_visible()
    manage(server, "unlock", person.username)
    assert person.mails.next("unlocked").subject == "Your account is unlocked"
    sign_in(other, person.username)


def test_alerts_in_dutch(page: Page, server: Server) -> None:
    person = somebody(server, language="nl", gender="female", last_name="Maes", title="")
    give_address(page, person.username)
    for _ in range(5):
        give_password(page, "not the password")
        expect(page.get_by_role("alert").filter(has_text="do not belong")).to_be_visible()
    failures = person.mails.next("failures")
    assert failures.subject == "Iemand kon zich niet bij uw account aanmelden"
    assert failures.text.startswith("Geachte mevrouw Maes,")
    assert "Vanaf adres: 127.0.0.1" in failures.text
    assert failures.link("lock")


def test_choosing_a_language_stays_on_the_page(page: Page, server: Server) -> None:
    person = somebody(server)
    ask_for_a_link(page, person.username)
    page.goto(person.mails.next("reset").link("reset"))
    for path in ("/reset-password", "/forgot-password", "/activate", "/lock-account"):
        page.goto(path)
        for language in ("nl", "en"):
            page.get_by_role("banner").get_by_role("combobox").select_option(language)
            expect(page.locator("html")).to_have_attribute("lang", language)
            expect(page).to_have_url(f"{server.url}{path}")
            ready(page)
