"""axe on every page and in every state, light and dark."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.conftest import Server
from tests.e2e.conftest import Complaints
from tests.e2e.states import WIDTHS, Walk, fits, getting_in, speaks_dutch, staying_in
from tests.e2e.steps import (
    AN,
    DASH,
    SECTIONS,
    SOFIE,
    draw,
    execute,
    give_address,
    give_password,
    link_device,
    ready,
    show,
    sign_in,
)

Axe = Callable[[Page], list[str]]


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    return open_context(reduced_motion="reduce").new_page()


@pytest.fixture
def axe(axe_in: Axe) -> Axe:
    """What axe finds in either scheme of colours."""

    def look(page: Page) -> list[str]:
        found = []
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found += [f"{scheme} {wrong}" for wrong in axe_in(page)]
        return found

    return look


@contextmanager
def idle_after(server: Server, seconds: int) -> Iterator[None]:
    """Sessions that begin now end after so many seconds without a click."""
    execute(server, "UPDATE region SET idle_seconds = ?", seconds)
    yield
    execute(server, "UPDATE region SET idle_seconds = 1800")


def test_signing_in(page: Page, axe: Axe) -> None:
    page.goto("/login")
    ready(page)
    assert axe(page) == []
    page.goto("/login#not_an_address")
    expect(page.locator("#not_an_address")).to_be_visible()
    assert axe(page) == []
    give_address(page, AN)
    assert axe(page) == []
    give_password(page, "wrong")
    expect(page.locator("#wrong")).to_be_visible()
    assert axe(page) == []


def test_every_section(page: Page, axe: Axe) -> None:
    sign_in(page)
    for section in SECTIONS:
        show(page, section)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert axe(page) == [], f"{section} {width}"


def test_personal_states(page: Page, axe: Axe) -> None:
    sign_in(page)
    page.get_by_role("button", name="Login history").click()
    page.get_by_role("button", name="This wasn't me").first.click()
    expect(page.get_by_role("button", name="End all other sessions")).to_be_visible()
    page.get_by_role("textbox", name="Work phone").fill("12")
    page.get_by_role("button", name="Save personal settings").click()
    expect(page.locator("#problem-work_phone")).to_be_visible()
    assert axe(page) == []


def test_security_states(page: Page, axe: Axe, server: Server) -> None:
    sign_in(page, SOFIE)
    show(page, "security")
    page.get_by_role("button", name="Change password").click()
    page.get_by_label("New password", exact=True).press_sequentially("password1")
    expect(page.locator(".strength")).to_contain_text("weak")
    page.get_by_role("radio", name="Authenticator app").check()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Change password").click()
    expect(page.locator("#problem-current")).to_be_visible()
    assert axe(page) == []
    link_device(page, "My phone")
    page.get_by_role("button", name="Remove My phone").click()
    expect(page.get_by_role("group").filter(has_text="only your password")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    _code_step(page, axe)
    execute(server, "DELETE FROM totp_device")
    execute(server, "UPDATE account SET second_factor = 'none'")


def _code_step(page: Page, axe: Axe) -> None:
    give_address(page, SOFIE)
    give_password(page)
    code = page.get_by_role("textbox", name="One-time password")
    expect(code).to_be_visible()
    assert axe(page) == []
    code.fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#wrong_code")).to_be_visible()
    assert axe(page) == []


@pytest.mark.parametrize("way", [getting_in, staying_in])
def test_every_way_in(
    open_context: Callable[..., BrowserContext],
    axe: Axe,
    server: Server,
    way: Callable[[Walk], Iterator[str]],
) -> None:
    """Also in the other language, and in every width."""
    page = open_context(reduced_motion="reduce", locale="nl-BE").new_page()
    for state in way(Walk(page, server, "nl")):
        assert axe(page) == [], state
        speaks_dutch(page, state)
        fits(page, state)


def test_privacy_and_the_question_before_leaving(page: Page, axe: Axe) -> None:
    sign_in(page)
    show(page, "privacy")
    page.get_by_role("switch").first.click()
    expect(page.get_by_role("button", name="Save privacy settings")).to_be_enabled()
    assert axe(page) == []
    page.get_by_role("link", name="Mappings").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert axe(page) == []


def test_mappings_states(page: Page, axe: Axe) -> None:
    sign_in(page)
    show(page, "mappings")
    page.get_by_role("switch").first.click()
    expect(page.get_by_role("status").filter(has_text="Saved:")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("searchbox", name="Filter").fill("nothing like this")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    assert axe(page) == []


def test_no_mappings_at_all(page: Page, axe: Axe, server: Server) -> None:
    execute(
        server,
        "DELETE FROM mapping WHERE account_id NOT IN (SELECT id FROM account"
        " WHERE username LIKE 'an.%')",
    )
    sign_in(page, SOFIE)
    show(page, "mappings")
    expect(page.get_by_text("No mappings yet")).to_be_visible()
    assert axe(page) == []


def test_a_saved_signature(page: Page, axe: Axe) -> None:
    sign_in(page)
    show(page, "signature")
    draw(page, DASH)
    page.get_by_role("button", name="Save signature").click()
    expect(page.get_by_role("img", name="Saved signature")).to_be_visible()
    draw(page, DASH)
    assert axe(page) == []


def test_the_warning_before_a_session_ends(page: Page, axe: Axe, server: Server) -> None:
    with idle_after(server, 110):
        sign_in(page)
    expect(page.get_by_role("alertdialog", name="Your session is about to end")).to_be_visible()
    assert axe(page) == []


def test_the_reason_of_an_end(page: Page, axe: Axe, server: Server) -> None:
    with idle_after(server, 3):
        sign_in(page)
    expect(page.get_by_text("because nothing happened for a while")).to_be_visible(timeout=15_000)
    assert axe(page) == []


def test_the_line_of_a_lost_connection(
    page: Page, axe: Axe, server: Server, complaints: Complaints
) -> None:
    complaints.allow("ERR_CONNECTION", "WebSocket")
    sign_in(page)
    show(page, "mappings")
    server.stop()
    try:
        expect(page.get_by_text("The connection is lost")).to_be_visible(timeout=10_000)
        assert axe(page) == []
    finally:
        server.start()
