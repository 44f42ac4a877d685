"""Everything by keyboard alone, with the focus always to be seen and never lost."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.conftest import PASSWORD, Server
from tests.e2e.people import Person, somebody
from tests.e2e.steps import (
    AN,
    SECTIONS,
    give_address,
    link_device,
    ready,
    show,
    sign_in,
    to_second_factor,
)

MOST = 120  # presses of Tab until something is out of reach
# What can be reached by Tab: of radio buttons only the one that is chosen, or the first.
REACHABLE = """() => [...document.querySelectorAll(
  "a[href], button, input, select, textarea, [tabindex='0']")].filter((element) =>
    element.checkVisibility({visibilityProperty: true}) && element.tabIndex >= 0 &&
    !element.disabled && !element.closest("[inert]") &&
    !(element.type === "radio" && !element.checked)).length"""
FOCUS = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  element.dataset.reached = "";
  return {
    nowhere: element === document.body,
    seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    what: element.outerHTML.slice(0, 120),
  };
}"""


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Press Tab until the target has the focus; every stop on the way must show it."""
    for _ in range(MOST):
        page.keyboard.press(key)
        if target.evaluate("(element) => element === document.activeElement"):
            break
    expect(target).to_be_focused()
    focus_is_seen(page)


def focus_is_seen(page: Page) -> None:
    focus = page.evaluate(FOCUS)
    assert not focus["nowhere"]
    assert focus["seen"], focus["what"]


def focus_is_somewhere(page: Page) -> None:
    expect(page.locator(":focus")).to_have_count(1)


def test_from_signing_in_to_a_mapping(page: Page) -> None:
    page.goto("/login")
    ready(page)
    expect(page.get_by_role("textbox", name="E-mail address")).to_be_focused()
    focus_is_seen(page)
    page.keyboard.type(AN)
    page.keyboard.press("Enter")
    password = page.get_by_label("Password", exact=True)
    expect(password).to_be_focused()
    expect(page.locator(".step-password")).to_contain_text(AN)
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#wrong")).to_be_visible()
    expect(password).to_be_focused()
    expect(password).to_have_attribute("aria-invalid", "true")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/personal")
    ready(page)
    navigation = page.get_by_role("navigation", name="User settings")
    tab_to(page, navigation.get_by_role("link", name="Mappings"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Mappings")).to_be_visible()
    ready(page)
    switch = page.get_by_role("switch", name="E-mail on new study, CHU Exemple")
    before = switch.is_checked()
    tab_to(page, switch)
    page.keyboard.press("Space")
    expect(switch).to_be_checked(checked=not before)
    expect(page.get_by_role("status").filter(has_text="Saved:")).to_be_visible()
    expect(switch).to_be_focused()
    sort = page.get_by_role("columnheader", name="Physician number").get_by_role("button")
    tab_to(page, sort, "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name="Physician number")).to_have_attribute(
        "aria-sort", "ascending"
    )
    expect(sort).to_be_focused()


def test_privacy_and_the_question_before_leaving(page: Page) -> None:
    sign_in(page)
    show(page, "privacy")
    switch = page.get_by_role("switch", name="Make my mobile number visible")
    tab_to(page, switch)
    page.keyboard.press("Space")
    expect(switch).to_be_checked()
    save = page.get_by_role("button", name="Save privacy settings")
    expect(save).to_be_enabled()
    link = page.get_by_role("link", name="Mappings")
    tab_to(page, link, "Shift+Tab")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Leave without saving?")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(link).to_be_focused()
    tab_to(page, save)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    focus_is_somewhere(page)
    tab_to(page, switch, "Shift+Tab")


def test_personal_data_and_language(page: Page) -> None:
    sign_in(page)
    phone = page.get_by_role("textbox", name="Work phone")
    tab_to(page, phone)
    page.keyboard.press("Control+A")
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    expect(phone).to_have_attribute("aria-invalid", "true")
    expect(phone).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("+32 9 200 77 88")
    tab_to(page, page.get_by_role("button", name="Save personal settings"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    focus_is_somewhere(page)
    history = page.get_by_role("button", name="Login history")
    tab_to(page, history)
    page.keyboard.press("Enter")
    expect(page.get_by_role("table", name="Login history")).to_be_visible()
    expect(history).to_be_focused()
    language = page.get_by_role("combobox", name="Language", exact=True)
    tab_to(page, language, "Shift+Tab")
    page.keyboard.press("ArrowDown")
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    ready(page)
    expect(page).to_have_url(re.compile("/settings/personal$"))


def test_opening_and_closing_the_password_keeps_the_focus(page: Page) -> None:
    sign_in(page)
    show(page, "security")
    opener = page.get_by_role("button", name="Change password")
    tab_to(page, opener)
    page.keyboard.press("Enter")
    current = page.get_by_label("Current password", exact=True)
    expect(current).to_be_focused()
    tab_to(page, page.get_by_role("button", name="Cancel"))
    page.keyboard.press("Enter")
    expect(current).to_have_count(0)
    expect(opener).to_be_focused()
    none = page.get_by_role("radio", name="None")
    tab_to(page, none)
    page.keyboard.press("ArrowDown")  # from the last one to the first
    expect(page.get_by_role("radio", name="Passkey")).to_be_focused()
    expect(page.get_by_role("textbox", name="Name of the passkey")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    expect(page.get_by_role("radio", name="Authenticator app")).to_be_focused()
    tab_to(page, page.get_by_role("textbox", name="Device name"))


def test_nothing_is_skipped(page: Page) -> None:
    sign_in(page)
    for section in SECTIONS:
        show(page, section)
        wanted = page.evaluate(REACHABLE)
        for _ in range(wanted):
            page.keyboard.press("Tab")
            focus_is_seen(page)
        assert page.locator("[data-reached]").count() == wanted, section


def test_questions_about_devices_keep_the_focus(page: Page) -> None:
    sign_in(page)
    show(page, "security")
    page.get_by_role("radio", name="Authenticator app").check()
    link_device(page, "Phone")
    focus_is_somewhere(page)
    remove = page.get_by_role("button", name="Remove Phone")
    tab_to(page, remove)
    page.keyboard.press("Enter")
    question = page.get_by_role("group").filter(has_text="only your password protects")
    expect(question.get_by_role("button", name="Keep")).to_be_focused()
    page.keyboard.press("Enter")
    expect(remove).to_be_focused()
    page.keyboard.press("Enter")
    expect(question.get_by_role("button", name="Keep")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(remove).to_have_count(0)
    focus_is_somewhere(page)


def test_a_new_section_begins_at_its_heading(page: Page) -> None:
    sign_in(page)
    link = page.get_by_role("navigation", name="User settings").get_by_role("link", name="Security")
    tab_to(page, link)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Security")).to_be_focused()
    assert page.evaluate("scrollY") == 0


def test_signing_in_with_a_code(page: Page, server: Server) -> None:
    person = somebody(server, second_factor="email")
    give_address(page, person.username)
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    code = page.get_by_role("textbox", name="One-time password")
    expect(code).to_be_focused()
    focus_is_seen(page)
    tab_to(page, page.get_by_role("button", name="Resend code"))
    page.keyboard.press("Enter")
    person.mails.code()
    sent = person.mails.code()
    expect(code).to_be_focused()
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    expect(page.locator("#wrong_code")).to_be_visible()
    expect(code).to_be_focused()
    page.keyboard.type(sent)
    remember = page.get_by_role("checkbox", name="Remember this browser for 30 days")
    tab_to(page, remember)
    page.keyboard.press("Space")
    expect(remember).to_be_checked()
    tab_to(page, page.get_by_role("button", name="Continue"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/personal")


def test_the_question_whether_it_is_the_owner(page: Page, server: Server) -> None:
    person = somebody(server, second_factor="email")
    to_second_factor(page, person.username)
    expect(page.get_by_role("textbox", name="One-time password")).to_be_focused()
    page.keyboard.type(person.mails.code())
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/personal")
    show(page, "security")
    person.age()
    opener = page.get_by_role("button", name="New recovery codes")
    tab_to(page, opener)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Confirm that it is you")
    password = dialog.get_by_label("Password", exact=True)
    expect(password).to_be_focused()
    focus_is_seen(page)
    for _ in range(12):  # twice around: out of the page at most, never behind the dialog
        page.keyboard.press("Tab")
        assert page.evaluate(STAYS)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    expect(password).to_be_focused()
    tab_to(page, dialog.get_by_role("button", name="Use a one-time password instead"))
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("textbox", name="One-time password")).to_be_focused()
    page.keyboard.type(person.mails.code())
    page.keyboard.press("Enter")
    codes = page.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(codes).to_have_count(10)
    expect(opener).to_be_focused()
    _recovers(page, person, codes.first.inner_text())


STAYS = """() => document.activeElement === document.body ||
  document.activeElement.closest("dialog[open]") !== null"""


def _recovers(page: Page, person: Person, kept: str) -> None:
    tab_to(page, page.get_by_role("banner").get_by_role("button", name="Sign out"), "Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/login")
    to_second_factor(page, person.username)
    expect(page.get_by_role("textbox", name="One-time password")).to_be_focused()
    tab_to(page, page.get_by_role("link", name="Use a recovery code"))
    page.keyboard.press("Enter")
    field = page.get_by_role("textbox", name="Recovery code")
    expect(field).to_be_focused()
    page.keyboard.type(kept)
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/personal")
