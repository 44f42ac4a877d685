"""Fields for passwords: hidden, and open to the clipboard and to password managers."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import PASSWORD
from tests.e2e.steps import give_address, password_field, show, sign_in

CHANGE = {
    "Current password": "current-password",
    "New password": "new-password",
    "New password again": "new-password",
}
# What the browser does with a key or a paste goes on unless a script of the page prevents it.
PREVENTED = """(field) => ["paste", "copy", "cut", "drop", "beforeinput", "keydown"].filter((name) =>
  !field.dispatchEvent(new Event(name, { bubbles: true, cancelable: true })))"""


def paste(page: Page, field: Locator, text: str) -> None:
    """Put a text on the clipboard and press the keys for pasting."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
    field.focus()
    page.keyboard.press("Control+V")


def is_open(field: Locator, purpose: str) -> None:
    """The field hides what is typed, says what it is for, and prevents nothing."""
    expect(field).to_have_attribute("type", "password")
    expect(field).to_have_attribute("autocomplete", purpose)
    assert field.get_attribute("readonly") is None
    assert field.evaluate(PREVENTED) == []


def names_its_owner(field: Locator, username: str) -> None:
    """A password manager finds whose password it is, in the same form."""
    owner = field.locator("xpath=ancestor::form").locator("input[autocomplete=username]")
    expect(owner).to_have_value(username)


@pytest.mark.asvs("6.2.6", "6.2.7")
def test_signing_in_by_the_clipboard(page: Page) -> None:
    give_address(page, "an.peeters@demo.example")
    field = password_field(page)
    is_open(field, "current-password")
    names_its_owner(field, "an.peeters@demo.example")
    paste(page, field, PASSWORD)
    expect(field).to_have_value(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/personal")


@pytest.mark.asvs("6.2.6", "6.2.7")
def test_changing_the_password_by_the_clipboard(page: Page) -> None:
    sign_in(page)
    show(page, "security")
    page.get_by_role("button", name="Change password").click()
    for number, (name, purpose) in enumerate(CHANGE.items()):
        field = page.get_by_label(name, exact=True)
        is_open(field, purpose)
        names_its_owner(field, "an.peeters@demo.example")
        paste(page, field, f"pasted number {number}")
        expect(field).to_have_value(f"pasted number {number}")


@pytest.mark.asvs("6.2.6")
def test_a_password_is_seen_only_while_its_owner_wants_to(page: Page) -> None:
    give_address(page, "an.peeters@demo.example")
    field = password_field(page)
    field.fill("hidden at first")
    page.get_by_role("button", name="Show").click()
    expect(field).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide").click()
    expect(field).to_have_attribute("type", "password")
    expect(field).to_have_value("hidden at first")
