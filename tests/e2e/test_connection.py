"""The server goes away with pages open, and comes back."""

import re

from playwright.sync_api import Page, expect

from tests.conftest import Server
from tests.e2e.conftest import Complaints
from tests.e2e.steps import show, sign_in

EXPECTED = ("ERR_CONNECTION", "WebSocket", "ERR_EMPTY_RESPONSE")


def test_switches_wait_and_work_again_by_themselves(
    page: Page, server: Server, complaints: Complaints
) -> None:
    complaints.allow(*EXPECTED)
    sign_in(page)
    show(page, "mappings")
    page.evaluate("window.kept = true")
    page.get_by_role("searchbox", name="Filter").fill("chu")
    expect(page.get_by_role("row")).to_have_count(2)
    switch = page.get_by_role("switch", name="E-mail on report, CHU Exemple")
    before = switch.is_checked()
    line = page.get_by_text("The connection is lost")
    server.kill()
    expect(line).to_be_visible()
    expect(switch).to_have_attribute("aria-disabled", "true")
    switch.dispatch_event("click")
    expect(switch).to_be_checked(checked=before)
    expect(page.get_by_role("searchbox", name="Filter")).to_have_value("chu")
    server.start()
    expect(line).to_be_hidden(timeout=20_000)
    expect(switch).not_to_have_attribute("aria-disabled", "true")
    switch.click()
    expect(switch).to_be_checked(checked=not before)
    expect(page.get_by_role("status").filter(has_text="Saved:")).to_be_visible()
    assert page.evaluate("window.kept")
    page.reload()
    expect(switch).to_be_checked(checked=not before)


def test_what_was_typed_stays(page: Page, server: Server, complaints: Complaints) -> None:
    complaints.allow(*EXPECTED)
    sign_in(page)
    phone = page.get_by_role("textbox", name="Work phone")
    phone.fill("09 200 12 12")
    page.get_by_role("combobox", name="Gender").select_option("other")
    server.stop()
    line = page.get_by_text("The connection is lost")
    expect(line).to_be_visible()
    save = page.get_by_role("button", name="Save personal settings")
    expect(save).to_be_disabled()
    server.start()
    expect(line).to_be_hidden(timeout=20_000)
    expect(page.get_by_role("textbox", name=re.compile("Username"))).not_to_have_value("")
    expect(phone).to_have_value("09 200 12 12")
    expect(page.get_by_role("combobox", name="Gender")).to_have_value("other")
    save.click()
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    page.reload()
    expect(phone).to_have_value("09 200 12 12")


def test_a_drawing_stays(page: Page, server: Server, complaints: Complaints) -> None:
    from tests.e2e.steps import WAVE, draw, ink

    complaints.allow(*EXPECTED)
    sign_in(page)
    show(page, "signature")
    draw(page, WAVE)
    drawn = ink(page)
    server.stop()
    line = page.get_by_text("The connection is lost")
    expect(line).to_be_visible()
    server.start()
    expect(line).to_be_hidden(timeout=20_000)
    assert ink(page) == drawn
    page.get_by_role("button", name="Save signature").click()
    expect(page.get_by_role("img", name="Saved signature")).to_be_visible()


def test_staying_after_the_browsers_question_keeps_the_connection(page: Page) -> None:
    sign_in(page)
    show(page, "privacy")
    page.get_by_role("switch", name="Make my mobile number visible").click()
    save = page.get_by_role("button", name="Save privacy settings")
    expect(save).to_be_enabled()
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    asked.value.dismiss()
    page.get_by_role("switch", name="Make my e-mail address visible").click()
    expect(page.get_by_role("region", name="What a colleague sees")).to_contain_text("0470")
    save.click()
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
