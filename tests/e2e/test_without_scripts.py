"""Signing in where scripts are off."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.conftest import PASSWORD
from tests.e2e.conftest import Complaints

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
