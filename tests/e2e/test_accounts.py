"""What differs from one account to the next."""

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Server
from tests.e2e.people import somebody
from tests.e2e.steps import (
    JAN,
    LEA,
    SECTIONS,
    SOFIE,
    follow,
    link_device,
    show,
    sign_in,
    sign_in_by_form,
)


@pytest.mark.asvs("6.3.3", "7.4.4")
def test_a_region_that_makes_a_second_factor_mandatory(page: Page) -> None:
    sign_in_by_form(page, JAN)
    page.wait_for_url("**/settings/security")
    for path in ("/", "/settings/personal", "/settings/mappings", "/settings/signature"):
        page.goto(path)
        page.wait_for_url("**/settings/security")
    radios = page.get_by_role("radiogroup", name="Two-factor authentication")
    expect(radios.get_by_role("radio")).to_have_count(3)
    expect(page.get_by_role("radio", name="None")).to_have_count(0)
    navigation = page.get_by_role("navigation", name="User settings")
    expect(navigation.get_by_role("link")).to_have_count(1)
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_in_viewport()
    page.get_by_role("radio", name="Authenticator app").check()
    link_device(page, "My phone")
    expect(navigation.get_by_role("link")).to_have_count(5)
    _last_device_stays(page)
    for section in SECTIONS:
        follow(page, section)


def _last_device_stays(page: Page) -> None:
    devices = page.get_by_role("list", name="Devices")
    expect(devices.get_by_role("button")).to_have_count(0)
    expect(devices).to_contain_text("This is your last device")
    expect(page.get_by_role("radio", name="None")).to_have_count(0)


def test_choosing_again_after_cancelling(page: Page, server: Server) -> None:
    sign_in(page, somebody(server, JAN, second_factor="none").username)
    app = page.get_by_role("radio", name="Authenticator app")
    for _ in range(2):
        app.check()
        expect(page.get_by_role("img", name="QR code")).to_be_visible()
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("img", name="QR code")).to_have_count(0)
        expect(app).not_to_be_checked()


def test_an_account_of_a_domain(page: Page) -> None:
    sign_in(page, LEA)
    show(page, "security")
    expect(page.get_by_role("main")).to_contain_text("administrator of uz-demo.example")
    expect(page.get_by_role("button", name="Change password")).to_have_count(0)
    _no_signature(page)


def test_an_account_that_nobody_finds(page: Page) -> None:
    sign_in(page, SOFIE)
    show(page, "privacy")
    for switch in page.get_by_role("switch").all():
        expect(switch).not_to_be_checked()
    expect(page.get_by_role("region", name="What a colleague sees")).to_contain_text(
        "Nobody finds you"
    )
    _no_signature(page)


def _no_signature(page: Page) -> None:
    navigation = page.get_by_role("navigation", name="User settings")
    expect(navigation.get_by_role("link")).to_have_count(4)
    expect(navigation.get_by_role("link", name="Report signature")).to_have_count(0)
    page.goto("/settings/signature")
    page.wait_for_url("**/settings/personal")


@pytest.mark.parametrize("username", ["nobody@demo.example", "an.peeters@demo.example"])
def test_known_and_unknown_addresses_look_alike(page: Page, username: str) -> None:
    from tests.e2e.steps import give_address, give_password

    give_address(page, username)
    give_password(page, "wrong")
    expect(page.locator(".problem:visible")).to_have_text(
        "The e-mail address and the password do not belong together. Check both and try again."
    )
