"""The manual's pages from top to bottom, as An, and everything still there after a crash."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.conftest import PASSWORD, Server
from tests.e2e.conftest import Complaints
from tests.e2e.steps import (
    DASH,
    DESK,
    SOFIE,
    WAVE,
    code_of,
    draw,
    give_address,
    give_password,
    ink,
    link_device,
    show,
    sign_in,
    sign_in_by_form,
)

NEW_PASSWORD = "four bicycles under water"
THIRD_PASSWORD = "seven lamps beside a canal"


def status(page: Page) -> Locator:
    return page.get_by_role("main").get_by_role("status")


def test_personal_settings_are_refused_saved_and_kept(page: Page, server: Server) -> None:
    sign_in_by_form(page)
    save = page.get_by_role("button", name="Save personal settings")
    phone = page.get_by_role("textbox", name="Work phone")
    expect(save).to_be_disabled()
    phone.fill("09 200 xx")
    save.click()
    expect(phone).to_have_attribute("aria-invalid", "true")
    expect(phone).to_be_focused()
    expect(phone).to_have_value("09 200 xx")
    refusal = page.get_by_role("alert").filter(has_text="digits")
    expect(refusal).to_be_visible()
    assert refusal.get_attribute("id") in (phone.get_attribute("aria-describedby") or "").split()
    phone.fill("+32 9 200 33 44")
    page.get_by_role("combobox", name="Gender").select_option("other")
    page.get_by_role("combobox", name="Language of e-mails").select_option("nl")
    save.click()
    expect(status(page).filter(has_text="Saved")).to_be_visible()
    expect(refusal).to_be_hidden()
    expect(phone).not_to_have_attribute("aria-invalid", "true")
    expect(save).to_be_disabled()
    expect(phone).to_have_value("09 200 33 44")
    page.reload()
    expect(phone).to_have_value("09 200 33 44")
    expect(page.get_by_role("combobox", name="Gender")).to_have_value("other")
    expect(page.get_by_role("combobox", name="Language of e-mails")).to_have_value("nl")


def test_two_saves_in_a_row_without_reload(page: Page) -> None:
    sign_in_by_form(page)
    gender = page.get_by_role("combobox", name="Gender")
    save = page.get_by_role("button", name="Save personal settings")
    for value in ("male", "female"):
        gender.select_option(value)
        save.click()
        expect(status(page).filter(has_text="Saved")).to_be_visible()
        expect(gender).to_have_value(value)
    page.reload()
    expect(gender).to_have_value("female")


def test_login_history_tells_device_means_and_reason(page: Page) -> None:
    give_address(page, "an.peeters@demo.example")
    give_password(page, "not the password")
    expect(page.get_by_role("alert").filter(has_text="do not belong together")).to_be_visible()
    give_password(page)
    page.wait_for_url("**/settings/personal")
    expect(page.get_by_text(re.compile(r"Since your last sign-in, \d+ attempt"))).to_be_visible()
    opener = page.get_by_role("button", name="Login history")
    expect(opener).to_have_attribute("aria-expanded", "false")
    opener.click()
    expect(opener).to_have_attribute("aria-expanded", "true")
    table = page.get_by_role("table", name="Login history")
    newest, failed = table.get_by_role("row").nth(1), table.get_by_role("row").nth(2)
    for text in ("Signed in", "Password", "Chrome", "Linux", "127.0.0.1"):
        expect(newest).to_contain_text(text)
    expect(failed).to_contain_text("Failed: wrong password")
    expect(newest.get_by_role("time")).to_have_attribute("title", re.compile(r"20\d\d"))
    opener.click()
    expect(table).to_have_count(0)


REFUSALS = [
    ("wrong", NEW_PASSWORD, NEW_PASSWORD, "Current password", "not your current password"),
    (PASSWORD, "short one", "short one", "New password", "at least 15 characters"),
    (PASSWORD, "sofie maes sofie1", "sofie maes sofie1", "New password", "your name"),
    (PASSWORD, "abcdefghijklmnop", "abcdefghijklmnop", "New password", "repeats itself"),
    (PASSWORD, NEW_PASSWORD, NEW_PASSWORD + "!", "New password again", "not the same"),
    (PASSWORD, PASSWORD, PASSWORD, "New password", ""),
]


@pytest.mark.asvs("6.2.2")
def test_password_is_refused_with_reasons_then_changed_twice(page: Page) -> None:
    sign_in(page, SOFIE)
    show(page, "security")
    page.get_by_role("button", name="Change password").click()
    names = ("Current password", "New password", "New password again")
    fields = {name: page.get_by_label(name, exact=True) for name in names}
    submit = page.get_by_role("button", name="Change password")
    for *typed, at_fault, sentence in REFUSALS:
        for field, value in zip(fields.values(), typed, strict=True):
            field.fill(value)
        submit.click()
        wrong = fields[at_fault]
        expect(wrong).to_have_attribute("aria-invalid", "true")
        expect(wrong).to_be_focused()
        told = page.locator(f"#problem-{wrong.get_attribute('name')}")
        expect(told).to_be_visible()
        expect(told).to_contain_text(sentence)
        expect(page.get_by_role("main").get_by_role("alert")).to_have_count(1)
        for field in fields.values():
            expect(field).to_have_value("")
    _meter(page, fields["New password"])
    _change(page, PASSWORD, NEW_PASSWORD)
    page.get_by_role("button", name="Change password").click()
    _change(page, NEW_PASSWORD, THIRD_PASSWORD)


def _meter(page: Page, field: Locator) -> None:
    strength = page.locator(".strength")
    field.press_sequentially("password")
    expect(strength).to_contain_text("weak")
    field.fill("")
    expect(strength).not_to_contain_text("weak")
    field.press_sequentially("four bicycles und")
    expect(strength).to_contain_text("good")


def _change(page: Page, current: str, new: str) -> None:
    page.get_by_label("Current password", exact=True).fill(current)
    page.get_by_label("New password", exact=True).fill(new)
    page.get_by_label("New password again", exact=True).fill(new)
    page.get_by_role("button", name="Change password").click()
    expect(status(page).filter(has_text="Your password is changed")).to_be_visible()
    expect(page.get_by_label("Current password", exact=True)).to_have_count(0)


def test_changing_the_password_ends_the_other_sessions(
    open_context: Callable[..., BrowserContext], page: Page
) -> None:
    sign_in(page, DESK)
    other = open_context().new_page()
    sign_in(other, DESK)
    show(page, "security")
    page.get_by_role("button", name="Change password").click()
    _change(page, PASSWORD, NEW_PASSWORD)
    other.wait_for_url("**/login")
    expect(other.get_by_text("because the password was changed")).to_be_visible()
    sign_in(other, DESK, NEW_PASSWORD)


def test_authenticator_from_the_first_device_to_none(page: Page, server: Server) -> None:
    sign_in(page)
    show(page, "security")
    page.get_by_role("radio", name="Authenticator app").check()
    picture = page.get_by_role("img", name="QR code")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("(image) => image.naturalWidth") > 100
    page.get_by_role("textbox", name="Device name").fill("My phone")
    code = page.get_by_role("textbox", name="One-time password")
    code.fill("000000")
    page.get_by_role("button", name="Link device").click()
    expect(code).to_have_attribute("aria-invalid", "true")
    expect(code).to_have_value("")
    expect(page.get_by_role("textbox", name="Device name")).to_have_value("My phone")
    phone = link_device(page, "My phone")
    expect(status(page).filter(has_text="Your second factor is set")).to_be_visible()
    used = code_of(phone, 0)
    _sign_in_with(page, used)
    _used_code_is_refused(page, used, code_of(phone, 1))
    _second_device(page)
    _none(page)


def _sign_in_with(page: Page, code: str) -> None:
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    give_address(page, "an.peeters@demo.example")
    give_password(page)
    expect(page.get_by_role("heading", name="Extra security")).to_be_visible()
    page.get_by_role("textbox", name="One-time password").fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/settings/personal")


def _used_code_is_refused(page: Page, used: str, fresh: str) -> None:
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    give_address(page, "an.peeters@demo.example")
    give_password(page)
    field = page.get_by_role("textbox", name="One-time password")
    field.fill(used)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert").filter(has_text="used already")).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    field.fill(fresh)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/settings/personal")


def _second_device(page: Page) -> None:
    show(page, "security")
    page.get_by_role("button", name="Add a device").click()
    link_device(page, "Tablet")
    devices = page.get_by_role("list", name="Devices").get_by_role("listitem")
    expect(devices).to_have_count(2)
    devices.filter(has_text="Tablet").get_by_role("button", name="Remove Tablet").click()
    question = page.get_by_role("group").filter(has_text="“Tablet” can no longer prove")
    question.get_by_role("button", name="Keep").click()
    expect(question).to_have_count(0)
    expect(devices).to_have_count(2)
    devices.filter(has_text="Tablet").get_by_role("button", name="Remove Tablet").click()
    question.get_by_role("button", name="Remove Tablet").click()
    expect(devices).to_have_count(1)
    expect(status(page).filter(has_text="It is removed")).to_be_visible()


def _none(page: Page) -> None:
    none, app = page.get_by_role("radio", name="None"), page.get_by_role("radio", name="Auth")
    none.check()
    question = page.get_by_role("group").filter(has_text="Your second factor is removed")
    question.get_by_role("button", name="Keep").click()
    expect(app).to_be_checked()
    none.check()
    question.get_by_role("button", name="Use no second factor").click()
    expect(page.get_by_role("list", name="Devices")).to_have_count(0)
    expect(none).to_be_checked()
    page.reload()
    expect(none).to_be_checked()


def test_privacy_previews_warns_and_saves(page: Page) -> None:
    sign_in(page)
    show(page, "privacy")
    contact, email, mobile = (
        page.get_by_role("switch", name=f"Make my {what} visible")
        for what in ("contact information", "e-mail address", "mobile number")
    )
    save = page.get_by_role("button", name="Save privacy settings")
    card = page.get_by_role("region", name="What a colleague sees")
    expect(contact).to_be_checked()
    expect(card).to_contain_text("Dr An Peeters")
    expect(card).not_to_contain_text("an.peeters@demo.example")
    email.click()
    expect(card).to_contain_text("an.peeters@demo.example")
    contact.click()
    expect(card).not_to_contain_text("Peeters")
    expect(card).to_contain_text("an.peeters@demo.example")
    email.click()
    expect(card).to_contain_text("Nobody finds you")
    _warned_when_leaving(page)
    mobile.click()
    expect(mobile).to_be_checked()
    save.click()
    expect(status(page).filter(has_text="Saved")).to_be_visible()
    expect(save).to_be_disabled()
    page.reload()
    expect(contact).not_to_be_checked()
    expect(mobile).to_be_checked()
    mobile.click()
    contact.click()
    expect(contact).to_be_checked()
    save.click()
    expect(status(page).filter(has_text="Saved")).to_be_visible()


def _warned_when_leaving(page: Page) -> None:
    link = page.get_by_role("navigation", name="User settings").get_by_role("link", name="Mappings")
    dialog = page.get_by_role("dialog", name="Leave without saving?")
    link.click()
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page).to_have_url(re.compile("/settings/privacy$"))
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    expect(dialog).to_be_hidden()


def test_unsaved_personal_data_is_asked_for_too(page: Page) -> None:
    sign_in(page)
    page.get_by_role("textbox", name="Work phone").fill("09 200 00 01")
    page.get_by_role("link", name="Security").click()
    dialog = page.get_by_role("dialog", name="Leave without saving?")
    dialog.get_by_role("button", name="Stay on this page").click()
    expect(page.get_by_role("textbox", name="Work phone")).to_have_value("09 200 00 01")
    page.get_by_role("link", name="Security").click()
    dialog.get_by_role("button", name="Leave without saving").click()
    page.wait_for_url("**/settings/security")


def test_mappings_are_filtered_sorted_and_switched(page: Page, context: BrowserContext) -> None:
    sign_in(page)
    show(page, "mappings")
    table = page.get_by_role("table", name="Mappings")
    rows = table.get_by_role("row")
    expect(rows).to_have_count(13)
    page.get_by_role("searchbox", name="Filter").fill("chu ex")
    expect(rows).to_have_count(2)
    page.get_by_role("searchbox", name="Filter").fill("nothing like this")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    page.get_by_role("searchbox", name="Filter").fill("")
    expect(rows).to_have_count(13)
    _sorted(page, rows)
    switch = table.get_by_role("switch", name="E-mail on new study, CHU Exemple")
    before = switch.is_checked()
    other = context.new_page()
    show(other, "mappings")
    switch.click()
    expect(switch).to_be_checked(checked=not before)
    expect(status(page).filter(has_text="Saved: e-mail on new study")).to_be_visible()
    expect(rows.filter(has_text="CHU Exemple").get_by_text("Saved", exact=True)).to_be_visible()
    there = other.get_by_role("switch", name="E-mail on new study, CHU Exemple")
    expect(there).to_be_checked(checked=not before)
    page.reload()
    expect(switch).to_be_checked(checked=not before)


def test_saved_goes_again_also_when_two_switches_are_answered_at_once(page: Page) -> None:
    sign_in(page)
    show(page, "mappings")
    table = page.get_by_role("table", name="Mappings")
    for source in ("AZ Voorbeeld", "Clinique du Parc"):
        table.get_by_role("switch", name=f"E-mail on report, {source}").click()
    told = table.get_by_text("Saved", exact=True)
    expect(told).to_have_count(2)
    expect(told).to_have_count(0)


def _sorted(page: Page, rows: Locator) -> None:
    heading = page.get_by_role("columnheader", name="Name at the source")
    expect(page.get_by_role("columnheader", name="Source", exact=True)).to_have_attribute(
        "aria-sort", "ascending"
    )
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    expect(rows.nth(1)).to_contain_text("Dr PEETERS An")
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    expect(rows.nth(12)).to_contain_text("Dr PEETERS An")


def test_defaults_for_later_mappings_are_kept(page: Page) -> None:
    sign_in(page)
    show(page, "mappings")
    switch = page.get_by_role("switch", name="Send e-mail on report being available for new")
    before = switch.is_checked()
    switch.click()
    expect(status(page).filter(has_text="Saved")).to_be_visible()
    page.reload()
    expect(switch).to_be_checked(checked=not before)


def test_signature_is_drawn_undone_cleared_and_saved(page: Page) -> None:
    sign_in(page)
    show(page, "signature")
    undo, clear, save = (
        page.get_by_role("button", name=name) for name in ("Undo", "Clear", "Save signature")
    )
    expect(save).to_be_disabled()
    draw(page, WAVE, DASH)
    both = ink(page)
    undo.click()
    one = ink(page)
    assert 0 < one < both
    clear.click()
    assert ink(page) == 0
    expect(save).to_be_disabled()
    draw(page, WAVE, DASH)
    save.click()
    expect(page.get_by_role("img", name="Saved signature")).to_be_visible()
    expect(status(page).filter(has_text="Your signature is saved")).to_be_visible()
    assert ink(page) == 0
    page.reload()
    expect(page.get_by_role("img", name="Saved signature")).to_be_visible()


def test_everything_is_still_there_after_the_server_was_killed(
    page: Page, server: Server, complaints: Complaints
) -> None:
    complaints.allow("ERR_CONNECTION", "WebSocket", "ERR_EMPTY_RESPONSE")
    sign_in(page)
    page.get_by_role("textbox", name="Work phone").fill("09 200 55 66")
    page.get_by_role("button", name="Save personal settings").click()
    expect(status(page).filter(has_text="Saved")).to_be_visible()
    show(page, "privacy")
    email = page.get_by_role("switch", name="Make my e-mail address visible")
    email.click()
    expect(email).to_be_checked()
    page.get_by_role("button", name="Save privacy settings").click()
    expect(status(page).filter(has_text="Saved")).to_be_visible()
    show(page, "signature")
    draw(page, DASH)
    page.get_by_role("button", name="Save signature").click()
    expect(status(page).filter(has_text="Your signature is saved")).to_be_visible()
    show(page, "mappings")
    switch = page.get_by_role("switch", name="E-mail on report, Clinique du Parc")
    after = not switch.is_checked()
    switch.click()
    expect(status(page).filter(has_text="Saved: e-mail on report")).to_be_visible()
    server.kill()
    server.start()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    sign_in(page)
    expect(page.get_by_role("textbox", name="Work phone")).to_have_value("09 200 55 66")
    show(page, "privacy")
    expect(email).to_be_checked()
    show(page, "mappings")
    expect(switch).to_be_checked(checked=after)
    show(page, "signature")
    expect(page.get_by_role("img", name="Saved signature")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/settings/personal", "/settings/mappings", "/nowhere"])
def test_strangers_end_at_the_sign_in_page(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_url("**/login", timeout=1000)
