"""Signed out elsewhere, signed out by time, and staying."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.conftest import Server
from tests.e2e.steps import AN, execute, look_up, show, sign_in

USED = "SELECT used_at FROM sign_in_session WHERE ended_at IS NULL ORDER BY started_at DESC LIMIT 1"


def test_signing_out_in_another_tab(page: Page, context: BrowserContext) -> None:
    sign_in(page)
    show(page, "mappings")
    other = context.new_page()
    show(other, "security")
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url("**/login")
    page.wait_for_url("**/login")
    expect(page.get_by_role("textbox", name="E-mail address")).to_be_visible()
    for tab in (page, other):
        tab.go_back()
        tab.wait_for_url("**/login")
        expect(tab.get_by_role("textbox", name="E-mail address")).to_be_visible()
        expect(tab.locator("body")).not_to_contain_text("Peeters")
        expect(tab.locator("body")).not_to_contain_text(AN)


@pytest.mark.asvs("7.3.1")
def test_an_idle_session_ends_with_its_reason(page: Page, server: Server) -> None:
    execute(server, "UPDATE region SET idle_seconds = 3")
    sign_in(page)
    execute(server, "UPDATE region SET idle_seconds = 1800")
    page.wait_for_url("**/login", timeout=15_000)
    expect(page.get_by_text("because nothing happened for a while")).to_be_visible()
    sign_in(page)


def test_staying_signed_in(page: Page, server: Server) -> None:
    execute(server, "UPDATE region SET idle_seconds = 130")
    sign_in(page)
    execute(server, "UPDATE region SET idle_seconds = 1800")
    warning = page.get_by_role("alertdialog", name="Your session is about to end")
    expect(warning).to_be_visible(timeout=15_000)
    used = look_up(server, USED)
    warning.get_by_role("button", name="Stay signed in").click()
    expect(warning).to_be_hidden()
    assert look_up(server, USED) > used
    expect(page).to_have_url(f"{server.url}/settings/personal")


@pytest.mark.asvs("7.3.2")
def test_the_absolute_limit_asks_for_the_password_again(page: Page, server: Server) -> None:
    execute(server, "UPDATE region SET absolute_seconds = 100")
    sign_in(page)
    execute(server, "UPDATE region SET absolute_seconds = 14400")
    warning = page.get_by_role("alertdialog", name="Your session is about to end")
    warning.get_by_role("button", name="Stay signed in").click()
    page.wait_for_url("**/login#password")
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    expect(page.locator(".step-password")).to_contain_text(AN)
