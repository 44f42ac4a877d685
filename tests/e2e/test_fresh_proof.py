"""Before what is sensitive the owner proves anew to be there; what was asked then goes on."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.conftest import PASSWORD, Server
from tests.e2e.passkeys import Authenticators
from tests.e2e.people import Inbox, Person, somebody
from tests.e2e.steps import LEA, code_of, link_device, show, sign_in

NEW_PASSWORD = "four bicycles under water"
FIELDS = ("Current password", "New password", "New password again")


class Asked:
    """A person on a page, asked for a proof before each action."""

    def __init__(self, page: Page, person: Person) -> None:
        self.page, self.person = page, person
        self.dialog = page.get_by_role("dialog", name="Confirm that it is you")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("main").get_by_role("button", name=name, exact=True)

    def radio(self, name: str) -> Locator:
        return self.page.get_by_role("radio", name=name, exact=True)

    def told(self, sentence: str) -> None:
        status = self.page.get_by_role("main").get_by_role("status")
        expect(status.filter(has_text=sentence)).to_be_visible()

    def does(self, act: Callable[[], None], unchanged: Callable[[], None]) -> None:
        """Cancelled or with a wrong password nothing happens; with the right one it is done."""
        self.person.age()
        act()
        expect(self.dialog).to_be_visible()
        self.dialog.get_by_role("button", name="Cancel").click()
        expect(self.dialog).to_be_hidden()
        unchanged()
        act()
        field = self.dialog.get_by_label("Password", exact=True)
        self.refuses(field, "not the password", "This is not your password. Enter it again.")
        field.fill(PASSWORD)
        field.press("Enter")
        expect(self.dialog).to_be_hidden()

    def refuses(self, field: Locator, typed: str, sentence: str) -> None:
        expect(field).to_be_focused()
        field.fill(typed)
        self.dialog.get_by_role("button", name="Confirm").click()
        expect(self.dialog.get_by_role("alert")).to_contain_text(sentence)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_value("")
        expect(field).to_be_focused()


def at_security(page: Page, person: Person) -> Asked:
    sign_in(page, person.username)
    show(page, "security")
    return Asked(page, person)


def test_the_password(page: Page, server: Server) -> None:
    asked = at_security(page, somebody(server))
    change = asked.button("Change password")
    fields = [page.get_by_label(name, exact=True) for name in FIELDS]
    asked.does(change.click, lambda: expect(fields[0]).to_have_count(0))
    for field, value in zip(fields, (PASSWORD, NEW_PASSWORD, NEW_PASSWORD), strict=True):
        field.fill(value)
    asked.does(change.click, lambda: expect(fields[1]).to_have_value(NEW_PASSWORD))
    asked.told("Your password is changed")
    assert asked.person.mails.next("password_changed").subject == "Your password was changed"


def test_devices_and_recovery_codes(page: Page, server: Server) -> None:
    asked = at_security(page, somebody(server))
    devices = page.get_by_role("list", name="Devices").get_by_role("listitem")
    app = asked.radio("Authenticator app")
    asked.does(app.check, lambda: expect(asked.radio("None")).to_be_checked())
    link_device(page, "Phone")
    add = asked.button("Add a device")
    name = page.get_by_role("textbox", name="Device name")
    asked.does(add.click, lambda: expect(name).to_have_count(0))
    link_device(page, "Tablet")
    codes = page.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    asked.does(asked.button("New recovery codes").click, lambda: expect(codes).to_have_count(0))
    expect(codes).to_have_count(10)
    asked.button("Remove Tablet").click()
    question = page.get_by_role("group").filter(has_text="Tablet")
    remove = question.get_by_role("button", name="Remove Tablet")
    asked.does(remove.click, lambda: expect(devices).to_have_count(2))
    expect(devices).to_have_count(1)
    asked.radio("None").check()
    without = asked.button("Use no second factor")
    expect(without).to_be_visible()  # only then may the proof grow old
    asked.does(without.click, lambda: expect(devices).to_have_count(1))
    expect(devices).to_have_count(0)
    expect(asked.radio("None")).to_be_checked()


def test_linking_goes_on_with_what_was_typed(page: Page, server: Server) -> None:
    asked = at_security(page, somebody(server))
    asked.radio("Authenticator app").check()
    expect(page.get_by_label("Secret key")).not_to_be_empty()
    asked.person.age()
    link_device(page, "Phone", told=False)
    asked.dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    asked.dialog.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("list", name="Devices")).to_contain_text("Phone")


@pytest.mark.parametrize("method", ["E-mail", "Text message", "Passkey"])
def test_choosing_a_method(page: Page, server: Server, method: str) -> None:
    Authenticators(page).plug_in()
    asked = at_security(page, somebody(server))
    none, wanted = asked.radio("None"), asked.radio(method)
    asked.does(wanted.check, lambda: expect(none).to_be_checked())
    expect(wanted).to_be_checked()
    if method == "Passkey":
        add = asked.button("Add a passkey")
        expect(add).to_be_visible()
        asked.does(add.click, lambda: expect(add).to_be_enabled())
        expect(page.get_by_role("list", name="Passkeys")).to_contain_text("Passkey 1")
        return
    inbox = asked.person.mails if method == "E-mail" else asked.person.texts
    code = page.get_by_role("textbox", name="One-time password")
    code.fill(inbox.code())
    asked.does(asked.button("Confirm").click, lambda: expect(code).not_to_have_value(""))
    asked.told("Your second factor is set")


def test_sessions(page: Page, server: Server, open_context: Callable[..., BrowserContext]) -> None:
    asked = at_security(page, somebody(server))
    others = [open_context().new_page() for _ in range(3)]
    for other in others:
        sign_in(other, asked.person.username)
    page.reload()
    sessions = page.get_by_role("list", name="Sessions").get_by_role("listitem")
    end = sessions.nth(1).get_by_role("button", name="End session")
    asked.does(end.click, lambda: expect(sessions).to_have_count(4))
    expect(sessions).to_have_count(3)
    all_others = asked.button("End all other sessions")
    asked.does(all_others.click, lambda: expect(sessions).to_have_count(3))
    expect(sessions).to_have_count(1)
    for other in others:
        other.wait_for_url("**/login")
    sign_in(others[0], asked.person.username)
    show(page, "personal")
    asked.button("Login history").click()
    asked.button("This wasn't me").first.click()
    here = page.get_by_role("table", name="Login history")
    asked.does(all_others.click, lambda: expect(here).to_be_visible())
    page.wait_for_url("**/settings/security*")
    expect(page.get_by_label(FIELDS[0], exact=True)).to_be_visible()
    others[0].wait_for_url("**/login")


def test_registering_a_mobile_phone(page: Page, server: Server) -> None:
    person = somebody(server, mobile_phone=None)
    texts = Inbox(server, "+32470555111")
    sign_in(page, person.username)
    asked = Asked(page, person)
    register = asked.button("Register mobile phone")
    number = page.get_by_role("textbox", name="Mobile number")
    asked.does(register.click, lambda: expect(number).to_have_count(0))
    number.fill("0470 55 51 11")
    code = page.get_by_role("textbox", name="One-time password")
    code.fill(person.mails.code())
    asked.does(asked.button("Send code").click, lambda: expect(number).to_be_visible())
    code.fill(texts.code())
    asked.does(asked.button("Confirm").click, lambda: expect(code).to_be_visible())
    expect(page.get_by_role("textbox", name="Mobile phone*")).to_have_value("0470 55 51 11")
    person.change(mobile_phone=None)


def test_a_one_time_password_instead(page: Page, server: Server) -> None:
    asked = at_security(page, somebody(server))
    asked.radio("Authenticator app").check()
    phone = link_device(page, "Phone")
    code = asked.dialog.get_by_role("textbox", name="One-time password")
    asked.person.age()
    asked.button("Add a device").click()
    asked.dialog.get_by_role("button", name="Use a one-time password instead").click()
    expect(asked.dialog.get_by_role("button", name="Resend code")).to_have_count(0)
    asked.refuses(code, "000000", "This code is not right")
    asked.dialog.get_by_role("button", name="Use your password instead").click()
    expect(asked.dialog.get_by_label("Password", exact=True)).to_be_focused()
    asked.dialog.get_by_role("button", name="Use a one-time password instead").click()
    code.fill(code_of(phone, 0))
    code.press("Enter")
    expect(asked.dialog).to_be_hidden()
    expect(page.get_by_role("textbox", name="Device name")).to_be_visible()


@pytest.mark.parametrize("method", ["email", "sms"])
def test_a_code_that_is_sent_instead(page: Page, server: Server, method: str) -> None:
    person = somebody(server)
    asked = at_security(page, person)
    person.change(second_factor=method)
    page.reload()
    inbox = person.mails if method == "email" else person.texts
    person.age()
    asked.button("New recovery codes").click()
    asked.dialog.get_by_role("button", name="Use a one-time password instead").click()
    expect(asked.dialog.get_by_role("status")).to_contain_text("A code was sent")
    first = inbox.code()
    asked.dialog.get_by_role("button", name="Resend code").click()
    second = inbox.code()
    code = asked.dialog.get_by_role("textbox", name="One-time password")
    asked.refuses(code, first, "This code is not right")
    code.fill(second)
    code.press("Enter")
    expect(asked.dialog).to_be_hidden()
    codes = page.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(codes).to_have_count(10)


def test_a_passkey_instead(page: Page, server: Server) -> None:
    keys = Authenticators(page)
    mine = keys.plug_in()
    asked = at_security(page, somebody(server))
    asked.radio("Passkey").check()
    asked.button("Add a passkey").click()
    expect(page.get_by_role("list", name="Passkeys")).to_contain_text("Passkey 1")
    held = keys.pull_out(mine)
    another = keys.plug_in()
    asked.person.age()
    asked.radio("E-mail").check()
    use = asked.dialog.get_by_role("button", name="Use your passkey instead")
    use.click()
    expect(asked.dialog.get_by_role("alert")).to_be_visible()
    keys.pull_out(another)
    keys.plug_in(*held)
    use.click()
    expect(asked.dialog).to_be_hidden()
    asked.told("A code was sent to your e-mail address")
    assert asked.person.mails.code()


def test_an_account_of_a_directory(
    page: Page, server: Server, open_context: Callable[..., BrowserContext]
) -> None:
    other = open_context().new_page()
    sign_in(other, LEA)
    asked = at_security(page, Person(server, LEA, ""))
    sessions = page.get_by_role("list", name="Sessions").get_by_role("listitem")
    end = sessions.nth(1).get_by_role("button", name="End session")
    asked.does(end.click, lambda: expect(sessions).to_have_count(2))
    expect(sessions).to_have_count(1)
    other.wait_for_url("**/login")
    email = asked.radio("E-mail")
    asked.does(email.check, lambda: expect(asked.radio("None")).to_be_checked())
    page.get_by_role("textbox", name="One-time password").fill(asked.person.mails.code())
    asked.button("Confirm").click()
    asked.told("Your second factor is set")


def test_escape_leaves_all_as_it_was_and_other_tabs_stay(
    page: Page, server: Server, context: BrowserContext
) -> None:
    asked = at_security(page, somebody(server))
    tab = context.new_page()
    show(tab, "mappings")
    asked.person.age()
    asked.radio("E-mail").check()
    expect(asked.dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(asked.dialog).to_be_hidden()
    expect(asked.radio("None")).to_be_checked()
    assert asked.person.count("outbox_message") == 1  # of the new browser
    asked.radio("E-mail").check()
    asked.dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    asked.told("A code was sent to your e-mail address")
    switch = tab.get_by_role("switch").first
    switch.click()  # its socket came with the session's former token
    expect(tab.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    tab.reload()
    expect(tab.get_by_role("heading", level=1, name="Mappings")).to_be_visible()
