"""Roles, names and addresses on every page, in two languages and two widths."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.conftest import PASSWORD, Server
from tests.e2e.states import ENGLISH, WIDTHS, no_overflow
from tests.e2e.steps import (
    SECTIONS,
    code_of,
    give_address,
    give_password,
    link_device,
    ready,
    show,
    sign_in,
)

KINDS = [
    "UZ Demo Radiology, 1-23456-25-004",
    "UZ Demo Radiology, 1-32001-75-004",
    "AZ Delta Voorbeeld",
]


def begins_at_the_top(page: Page) -> None:
    assert page.evaluate("scrollY") == 0


@pytest.mark.asvs("6.2.6", "7.4.4")
@pytest.mark.parametrize("width", WIDTHS)
def test_names_in_english(open_context: Callable[..., BrowserContext], width: int) -> None:
    page = open_context(viewport={"width": width, "height": 800}).new_page()
    _sign_in_page(page)
    sign_in(page)
    assert page.url.endswith("/settings/personal")
    for section in SECTIONS:
        show(page, section)
        begins_at_the_top(page)
        _frame(page, section)
        CHECKS[section](page)
        no_overflow(page)


def _sign_in_page(page: Page) -> None:
    page.goto("/")
    page.wait_for_url("**/login")
    ready(page)
    expect(page.get_by_role("textbox", name="E-mail address", exact=True)).to_be_focused()
    expect(page.get_by_label("Password", exact=True)).to_be_hidden()
    no_overflow(page)


def _frame(page: Page, section: str) -> None:
    assert SECTIONS[section] in page.title()
    expect(page.get_by_role("banner")).to_contain_text("PACS settings")
    expect(page.get_by_text("Demonstration data")).to_be_visible()
    cogwheel = page.get_by_role("banner").get_by_role("link", name="User settings", exact=True)
    expect(cogwheel).to_be_visible()
    expect(page.get_by_role("banner").get_by_role("combobox", name="Language")).to_be_visible()
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_in_viewport()
    navigation = page.get_by_role("navigation", name="User settings", exact=True)
    expect(navigation.get_by_role("link")).to_have_text(list(SECTIONS.values()))
    here = navigation.get_by_role("link", name=SECTIONS[section], exact=True)
    expect(here).to_have_attribute("aria-current", "page")
    expect(here).to_be_in_viewport()
    expect(page.get_by_role("heading", level=1)).to_have_text(SECTIONS[section])


def _personal(page: Page) -> None:
    for name in ("Username", "Mobile phone"):
        field = page.get_by_role("textbox", name=f"{name}*", exact=True)
        expect(field).to_have_attribute("readonly", "")
        expect(field).not_to_have_value("")
    expect(page.get_by_role("textbox", name="Work phone", exact=True)).to_be_editable()
    expect(page.get_by_role("combobox", name="Gender", exact=True)).to_be_enabled()
    expect(page.get_by_role("button", name="Save personal settings", exact=True)).to_be_visible()
    page.get_by_role("button", name="Login history", exact=True).click()
    expect(page.get_by_role("table", name="Login history", exact=True)).to_be_visible()


def _security(page: Page) -> None:
    page.get_by_role("button", name="Change password", exact=True).click()
    for name in ("Current password", "New password", "New password again"):
        expect(page.get_by_label(name, exact=True)).to_have_attribute("type", "password")
    expect(page.get_by_role("button", name="Change password", exact=True)).to_be_enabled()
    radios = page.get_by_role("radiogroup", name="Two-factor authentication", exact=True)
    expect(radios.get_by_role("radio", name="None", exact=True)).to_be_checked()
    radios.get_by_role("radio", name="Authenticator app", exact=True).check()
    expect(page.get_by_role("textbox", name="Device name", exact=True)).to_be_visible()
    expect(page.get_by_role("img", name="QR code", exact=True)).to_be_visible()
    secret = page.get_by_label("Secret key", exact=True)
    expect(secret).to_have_text(re.compile(r"^[A-Z2-7 ]{32,48}$"))
    expect(page.get_by_role("textbox", name="One-time password", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Link device", exact=True)).to_be_visible()


def _privacy(page: Page) -> None:
    for what in ("contact information", "e-mail address", "mobile number"):
        switch = page.get_by_role("switch", name=f"Make my {what} visible", exact=True)
        expect(switch).to_have_accessible_description("for other users of this portal")
    expect(page.get_by_role("button", name="Save privacy settings", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="What a colleague sees", exact=True)).to_be_visible()


def _mappings(page: Page) -> None:
    table = page.get_by_role("table", name="Mappings", exact=True)
    expect(table.get_by_role("row")).to_have_count(13)
    expect(table.get_by_role("switch")).to_have_count(24)
    for source in KINDS:
        for kind in ("E-mail on new study", "E-mail on report"):
            expect(table.get_by_role("switch", name=f"{kind}, {source}", exact=True)).to_have_count(
                1
            )
    for name in (
        "Send e-mail on new study for new mappings",
        "Send e-mail on report being available for new mappings",
    ):
        expect(page.get_by_role("switch", name=name, exact=True)).to_be_visible()


def _signature(page: Page) -> None:
    expect(page.locator("canvas")).to_have_accessible_name("Signature pad")
    for name in ("Undo", "Clear", "Save signature"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()


CHECKS = {
    "personal": _personal,
    "security": _security,
    "privacy": _privacy,
    "mappings": _mappings,
    "signature": _signature,
}


def test_the_step_for_the_second_factor(page: Page) -> None:
    sign_in(page, "sofie.maes@demo.example")
    show(page, "security")
    page.get_by_role("radio", name="Authenticator app", exact=True).check()
    phone = link_device(page, "Phone")
    expect(page.get_by_role("list", name="Devices", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Add a device", exact=True)).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/login")
    give_address(page, "sofie.maes@demo.example")
    give_password(page)
    expect(page.get_by_role("heading", name="Extra security", exact=True)).to_be_visible()
    code = page.get_by_role("textbox", name="One-time password", exact=True)
    expect(code).to_have_attribute("autocomplete", "one-time-code")
    expect(code).to_have_attribute("inputmode", "numeric")
    code.fill(code_of(phone, 0))
    page.get_by_role("button", name="Continue", exact=True).click()
    page.wait_for_url("**/settings/personal")


@pytest.mark.parametrize("width", WIDTHS)
def test_finding_users_in_english(open_context: Callable[..., BrowserContext], width: int) -> None:
    page = open_context(viewport={"width": width, "height": 800}).new_page()
    sign_in(page)
    page.goto("/favorites")
    ready(page)
    page.get_by_role("button", name="Find users", exact=True).click()
    page.get_by_role("searchbox", name="Search", exact=True).fill("dubois")
    found = page.get_by_role("list", name="Results", exact=True)
    found.get_by_role("button", name="Add to favorites", exact=True).click()
    kept = page.get_by_role("list", name="Favorites", exact=True)
    expect(kept.get_by_role("listitem")).to_have_count(1)
    for name in ("Favorites", "User settings"):
        link = page.get_by_role("banner").get_by_role("link", name=name, exact=True)
        expect(link).to_be_visible()
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_in_viewport()
    no_overflow(page)
    kept.get_by_role("button", name="Remove from favorites", exact=True).click()
    expect(page.get_by_text("No favorites yet")).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_dutch_by_role(
    open_context: Callable[..., BrowserContext], server: Server, width: int
) -> None:
    page = open_context(viewport={"width": width, "height": 800}, locale="nl-BE").new_page()
    page.goto("/login")
    ready(page)
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    page.locator("input[type=email]:visible").fill("an.peeters@demo.example")
    page.locator("button[type=submit]:visible").last.click()
    page.locator("input[type=password]:visible").fill(PASSWORD)
    page.locator(".step-password button[type=submit]").click()
    page.wait_for_url("**/settings/personal")
    for section, roles in DUTCH.items():
        page.goto(f"/settings/{section}")
        ready(page)
        expect(page.locator("html")).to_have_attribute("lang", "nl")
        expect(page.get_by_role("heading", level=1)).not_to_have_text(SECTIONS[section])
        for role, count in roles.items():
            expect(page.get_by_role("main").get_by_role(role)).to_have_count(count)  # type: ignore[arg-type]
        expect(page.get_by_role("main")).not_to_contain_text(ENGLISH)
        no_overflow(page)
    _chosen_language_stays(page)


DUTCH = {
    "personal": {"textbox": 3, "combobox": 2},
    "security": {"radiogroup": 1, "radio": 5},
    "privacy": {"switch": 3, "region": 1},
    "mappings": {"table": 1, "switch": 26, "searchbox": 1},
    "signature": {"button": 3},
}


def _chosen_language_stays(page: Page) -> None:
    page.get_by_role("banner").get_by_role("combobox").select_option("en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    ready(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Report signature")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")
