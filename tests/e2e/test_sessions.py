"""Signed out elsewhere, signed out by time, and staying."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from tests.conftest import Server
from tests.e2e.people import somebody
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
    sign_in(page)
    execute(server, "UPDATE sign_in_session SET idle_seconds = 3 WHERE ended_at IS NULL")
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


def test_the_list_of_sessions(
    page: Page, server: Server, open_context: Callable[..., BrowserContext]
) -> None:
    person = somebody(server)
    idle, unsaved, third = (open_context().new_page() for _ in range(3))
    for tab in (idle, unsaved, third, page):
        sign_in(tab, person.username)
    show(idle, "mappings")
    show(unsaved, "privacy")
    unsaved.get_by_role("switch", name="Make my mobile number visible").click()
    expect(unsaved.get_by_role("button", name="Save privacy settings")).to_be_enabled()
    show(page, "security")
    lines = page.get_by_role("list", name="Sessions").get_by_role("listitem")
    expect(lines).to_have_count(4)
    for text in ("This session", "Chrome", "Linux", "127.0.0.1", "since", "last used"):
        expect(lines.first).to_contain_text(text)
    expect(lines.filter(has_text="This session")).to_have_count(1)
    expect(lines.first.get_by_role("time").first).to_have_attribute("title", re.compile("20"))
    lines.nth(1).get_by_role("button", name="End session").click()
    expect(page.get_by_role("status").filter(has_text="The session has ended")).to_be_visible()
    expect(lines).to_have_count(3)
    page.get_by_role("button", name="End all other sessions").click()
    expect(page.get_by_text("You are signed in nowhere else")).to_be_visible()
    for tab in (idle, unsaved, third):
        is_out(tab)
    lines.get_by_role("button", name="End session").click()
    page.wait_for_url("**/login")
    page.goto("/settings/security")
    page.wait_for_url("**/login")


def is_out(tab: Page) -> None:
    tab.wait_for_url("**/login", timeout=10_000)
    expect(tab.get_by_text("signed out here from another session of yours")).to_be_visible()


class Held:
    """Nothing of the server reaches the page, until the page sends what it is `until`."""

    def __init__(self, page: Page) -> None:
        self.until = ""
        page.route_web_socket(re.compile("/_event"), self._route)

    def _route(self, of_page: WebSocketRoute) -> None:
        of_server = of_page.connect_to_server()

        def sent(message: str | bytes) -> None:
            if self.until and self.until in str(message):
                self.until = ""
            of_server.send(message)

        def answered(message: str | bytes) -> None:
            if not self.until:
                of_page.send(message)

        of_page.on_message(sent)
        of_server.on_message(answered)


def test_the_next_event_of_an_ended_session_leaves_at_once(page: Page, server: Server) -> None:
    held = Held(page)
    person = somebody(server)
    sign_in(page, person.username)
    show(page, "privacy")
    page.get_by_role("switch", name="Make my mobile number visible").click()
    save = page.get_by_role("button", name="Save privacy settings")
    expect(save).to_be_enabled()
    held.until = "privacy_state.save"  # the look that would sign out sooner or later is not told
    execute(
        server,
        "UPDATE sign_in_session SET ended_at = datetime('now'), ended_why = 'ended_elsewhere'"
        " WHERE account_id = (SELECT id FROM account WHERE username = ?)",
        person.username,
    )
    save.click()
    is_out(page)
    kept = "SELECT mobile_public FROM account WHERE username = ?"
    assert not look_up(server, kept, person.username)
