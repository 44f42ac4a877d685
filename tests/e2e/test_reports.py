"""Reports in the browser: listed, written, signed, validated, and never lost."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.conftest import Server
from tests.e2e.conftest import Complaints
from tests.e2e.people import somebody, until
from tests.e2e.reports import Desk, editor, opened, sign
from tests.e2e.states import fits, speaks_dutch
from tests.e2e.steps import AN, SOFIE, draw, execute, look_up, ready, show, sign_in
from tests.e2e.test_keyboard import tab_to

LOST = ("ERR_CONNECTION", "WebSocket", "ERR_EMPTY_RESPONSE")


@pytest.fixture
def desk(page: Page, server: Server) -> Desk:
    """Somebody with a signature at an empty report."""
    found = Desk(page, editor(server), opened(server))
    sign_in(page, found.person.username)
    sign(page)
    return found.open()


def test_the_list(page: Page, server: Server) -> None:
    report = opened(server, "MR of the left shoulder", "AZ Voorbeeld")
    for state in ("in_progress", "validated"):
        other = opened(server, state, "AZ Voorbeeld")
        execute(server, "UPDATE report SET state = ? WHERE id = ?", state, other)
    execute(server, "UPDATE report SET created_at = datetime('now', '+1 day') WHERE id = ?", report)
    sign_in(page, editor(server, "AZ Voorbeeld").username)
    page.get_by_role("banner").get_by_role("link", name="Reports").click()
    ready(page)
    expect(page).to_have_title("Reports – PACS settings")
    table = page.get_by_role("table", name="Reports", exact=True)
    first = table.get_by_role("row").nth(1)
    expect(first).to_contain_text("AZ Voorbeeld")
    expect(first).to_contain_text("T.P.")
    expect(first).to_contain_text("Empty")
    page.get_by_role("combobox", name="State").select_option("validated")
    expect(table.get_by_text("Empty")).to_have_count(0)
    expect(table.get_by_role("row")).to_have_count(2)
    page.get_by_role("combobox", name="State").select_option("empty")
    expect(first).to_contain_text("MR of the left shoulder")
    page.get_by_role("combobox", name="State").select_option("")
    table.get_by_role("link", name="MR of the left shoulder").click()
    page.wait_for_url(f"**/reports/{report}")
    ready(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("MR of the left shoulder")
    page.get_by_role("link", name="Back to the list").click()
    expect(table).to_be_visible()


def test_fifty_a_page(page: Page, server: Server) -> None:
    for _ in range(51):
        opened(server, source="CHU Exemple")
    sign_in(page, editor(server, "CHU Exemple").username)
    page.goto("/reports")
    ready(page)
    rows = page.get_by_role("table", name="Reports").get_by_role("row")
    expect(rows).to_have_count(51)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    expect(rows).to_have_count(2)


def test_no_reports_at_all(page: Page, server: Server) -> None:
    sign_in(page, somebody(server, may_edit_reports=1).username)
    page.goto("/reports")
    ready(page)
    expect(page.get_by_text("No reports yet")).to_be_visible()


def test_saving_shows_the_signature(desk: Desk) -> None:
    expect(desk.signature).to_have_count(0)
    desk.save("No fracture.\nNo fluid.")
    expect(desk.signature).to_be_visible()
    expect(desk.page.get_by_role("main")).to_contain_text("Dr An Peeters")
    expect(desk.text).to_have_value("No fracture.\nNo fluid.")
    desk.open()
    expect(desk.text).to_have_value("No fracture.\nNo fluid.")
    expect(desk.signature).to_be_visible()
    expect(desk.button("Discard draft")).to_have_count(0)


def test_nothing_to_save(desk: Desk) -> None:
    desk.button("Save").click()
    expect(desk.page.get_by_role("alert")).to_have_text(
        "There is no text to save yet. Type the report first."
    )
    expect(desk.text).to_have_attribute("aria-invalid", "true")
    expect(desk.text).to_be_focused()


def test_validating_asks_for_a_proof_and_loses_nothing(desk: Desk, server: Server) -> None:
    desk.person.age()
    desk.text.fill("Final text.")
    desk.conclusion.fill("Normal.")
    desk.button("Save and validate").click()
    dialog = desk.page.get_by_role("dialog", name="Confirm that it is you")
    expect(dialog).to_be_visible()
    kept = "SELECT findings FROM report_draft WHERE report_id = ?"
    dialog.get_by_role("button", name="Cancel").click()
    expect(desk.text).to_have_value("Final text.")
    desk.told("Draft kept")
    assert look_up(server, kept, desk.report) == "Final text."
    desk.button("Save and validate").click()
    desk.prove()
    expect(desk.page.get_by_role("link", name="Download PDF")).to_have_attribute(
        "href", f"/reports/{desk.report}/pdf"
    )
    expect(desk.text).to_have_count(0)
    expect(desk.page.get_by_text("Final text.")).to_be_visible()
    expect(desk.signature).to_be_visible()


def test_an_old_report_keeps_the_old_signature(desk: Desk) -> None:
    desk.text.fill("Final.")
    desk.button("Save and validate").click()
    expect(desk.signature).to_be_visible()
    before = desk.signature.inner_html()
    show(desk.page, "signature")
    saved = desk.page.get_by_role("img", name="Saved signature")
    expect(saved).to_be_visible()
    old = saved.inner_html()
    draw(desk.page, [(0.1, 0.1), (0.9, 0.9)])
    desk.page.get_by_role("button", name="Save signature").click()
    expect(desk.page.get_by_text("Version 2, saved on")).to_be_visible()
    assert saved.inner_html() != old
    desk.open()
    expect(desk.signature).to_be_visible()
    assert desk.signature.inner_html() == before


def test_an_addendum_with_its_own_signature(desk: Desk) -> None:
    desk.text.fill("Final.")
    desk.button("Save and validate").click()
    desk.box("Addendum").fill("Compared with last year.")
    desk.told("Draft kept")
    desk.person.age()
    desk.button("Add and validate").click()
    desk.prove()
    desk.told("The addendum is added.")
    added = desk.page.get_by_role("list", name="Addenda")
    expect(added).to_contain_text("Compared with last year.")
    expect(added.get_by_role("img", name="Signed by Dr An Peeters")).to_be_visible()
    expect(desk.box("Addendum")).to_have_value("")
    desk.page.get_by_text("History", exact=True).click()
    expect(desk.page.get_by_text("Version 2")).to_be_visible()


def test_two_editors(
    desk: Desk, open_context: Callable[..., BrowserContext], server: Server
) -> None:
    other = Desk(open_context().new_page(), editor(server, first_name="Bea"), desk.report).enter()
    other.text.fill("Hers.\nSame.")
    desk.save("Mine.\nSame.")
    other.button("Save").click()
    alert = other.page.get_by_role("alert")
    expect(alert).to_contain_text("Dr An Peeters has saved this text meanwhile.")
    expect(other.page.locator("ins")).to_have_text("Only theirs:Mine.")
    expect(other.page.locator("del")).to_have_text("Only yours:Hers.")
    expect(other.text).to_have_value("Hers.\nSame.")
    other.open()
    expect(alert).to_contain_text("has saved this text meanwhile")
    expect(other.text).to_have_value("Hers.\nSame.")
    other.button("Save mine on top").click()
    other.told("Saved")
    expect(alert).to_have_count(0)
    desk.text.fill("Mine once more.")
    desk.button("Save").click()
    expect(desk.page.get_by_role("alert")).to_contain_text("Dr Bea Peeters has saved")
    desk.button("Take theirs").click()
    expect(desk.text).to_have_value("Hers.\nSame.")
    expect(desk.page.get_by_text("Mine once more.")).to_be_visible()


def test_validated_by_somebody_else_meanwhile(
    desk: Desk, open_context: Callable[..., BrowserContext], server: Server
) -> None:
    other = Desk(open_context().new_page(), editor(server, first_name="Bea"), desk.report).enter()
    other.text.fill("Hers.")
    desk.text.fill("Final.")
    desk.button("Save and validate").click()
    expect(desk.signature).to_be_visible()
    other.button("Save").click()
    expect(other.page.get_by_role("alert")).to_contain_text("has validated this text meanwhile")
    expect(other.box("Addendum")).to_have_value("Hers.")
    expect(other.page.locator("ins")).to_have_text("Only theirs:Final.")


def test_a_draft_survives_a_reload_and_is_discarded(desk: Desk) -> None:
    desk.text.fill("Half a sentence")
    desk.told("Draft kept")
    desk.open()
    expect(desk.text).to_have_value("Half a sentence")
    desk.told("Draft kept")
    stored = desk.page.evaluate("JSON.stringify([localStorage, sessionStorage])")
    assert "sentence" not in stored
    desk.button("Discard draft").click()
    expect(desk.text).to_have_value("")
    expect(desk.page.get_by_text("Half a sentence")).to_be_visible()
    desk.open()
    expect(desk.text).to_have_value("")
    expect(desk.page.get_by_text("Half a sentence")).to_have_count(0)


def test_a_draft_survives_a_lost_connection_and_a_restart(
    desk: Desk, server: Server, complaints: Complaints
) -> None:
    complaints.allow(*LOST)
    desk.text.fill("Before.")
    desk.told("Draft kept")
    server.kill()
    expect(desk.page.get_by_text("The connection is lost")).to_be_visible()
    desk.text.press_sequentially(" After.")
    desk.told("Not kept: no connection, keep this page open")
    server.start()
    expect(desk.page.get_by_text("The connection is lost")).to_be_hidden(timeout=20_000)
    desk.told("Draft kept")
    expect(desk.text).to_have_value("Before. After.")
    kept = "SELECT findings FROM report_draft WHERE report_id = ?"
    until(lambda: look_up(server, kept, desk.report) == "Before. After.")
    desk.open()
    expect(desk.text).to_have_value("Before. After.")
    desk.button("Save").click()
    desk.told("Saved")


def test_two_tabs_of_one_person(desk: Desk) -> None:
    other = Desk(desk.page.context.new_page(), desk.person, desk.report).open()
    desk.text.fill("From one tab.")
    desk.told("Draft kept")
    expect(other.text).to_have_value("From one tab.")
    other.save("From the other tab.")
    expect(desk.text).to_have_value("From the other tab.")
    expect(desk.button("Discard draft")).to_have_count(0)
    desk.save("And one again.")


def test_from_one_report_to_another(desk: Desk, server: Server) -> None:
    desk.text.fill("Of the first.")
    desk.page.get_by_role("link", name="Back to the list").click()
    desk.page.wait_for_url("**/reports")
    ready(desk.page)
    kept = "SELECT count(*) FROM report_draft WHERE report_id = ?"
    second = opened(server, "Another study")
    desk.page.reload()
    ready(desk.page)
    assert look_up(server, kept, desk.report) == 1
    desk.page.get_by_role("link", name="Another study").click()
    desk.page.wait_for_url(f"**/reports/{second}")
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("Another study")
    expect(desk.text).to_have_value("")


def test_the_largest_text(desk: Desk, server: Server) -> None:
    desk.text.fill("é" * 20_000)
    desk.conclusion.fill("é" * 20_000)
    desk.button("Save").click()
    desk.told("Saved")
    length = "SELECT length(findings) + length(conclusion) FROM report_version WHERE report_id = ?"
    assert look_up(server, length, desk.report) == 40_000


def test_half_a_character_at_the_end_of_the_longest_text_loses_nothing(desk: Desk) -> None:
    typed = "(box) => { box.value = 'cut off \\uD83E';"
    desk.text.evaluate(typed + " box.dispatchEvent(new Event('input', { bubbles: true })); }")
    desk.told("Draft kept")
    desk.open()
    expect(desk.text).to_have_value("cut off \ufffd")


def test_without_a_signature(page: Page, server: Server) -> None:
    desk = Desk(page, editor(server), opened(server)).enter()
    expect(page.get_by_role("link", name="Make your signature")).to_be_visible()
    validate = desk.button("Save and validate")
    expect(validate).to_have_attribute("aria-disabled", "true")
    expect(validate).to_have_accessible_description(
        "Your region validates with a signature only. Make yours first."
    )
    desk.save("Without.")
    expect(page.get_by_text("Without a signature.")).to_be_visible()
    execute(server, "UPDATE region SET validate_unsigned = 1")
    try:
        desk.open()
        desk.button("Save and validate").click()
        expect(page.get_by_role("link", name="Download PDF")).to_be_visible()
    finally:
        execute(server, "UPDATE region SET validate_unsigned = 0")


def test_by_keyboard_alone(desk: Desk) -> None:
    page = desk.page
    tab_to(page, desk.text)
    page.keyboard.type("Typed by hand.")
    tab_to(page, desk.button("Save"))
    page.keyboard.press("Enter")
    desk.told("Saved")
    expect(desk.button("Save")).to_be_focused()
    tab_to(page, desk.button("Save and validate"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Download PDF")).to_be_visible()
    expect(page.locator(":focus")).to_have_count(1)


@pytest.mark.parametrize("address", ["999999", "abc", "0", "1/2", "-1", "99999999999999999999"])
def test_not_found(page: Page, complaints: Complaints, address: str) -> None:
    complaints.allow("404")
    sign_in(page, AN)
    answer = page.goto(f"/reports/{address}")
    assert answer
    assert answer.status == 404
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()


def test_of_somebody_else(page: Page, server: Server, complaints: Complaints) -> None:
    """Not found, on the server and by a link that was left."""
    complaints.allow("404")
    report, person = opened(server, "Not hers"), somebody(server, may_edit_reports=1)
    sign_in(page, person.username)
    answer = page.goto(f"/reports/{report}")
    assert answer
    assert answer.status == 404
    missing = page.request.get("/reports/999999").text()
    assert answer.text() == missing
    assert "Not hers" not in missing


def test_the_right_is_taken_while_the_page_is_open(desk: Desk, server: Server) -> None:
    execute(
        server,
        "DELETE FROM report_right WHERE account_id = (SELECT id FROM account WHERE username = ?)",
        desk.person.username,
    )
    desk.text.fill("Too late.")
    expect(desk.status).not_to_be_empty()
    desk.button("Save").click()
    expect(desk.page.get_by_role("alert")).to_be_visible()
    expect(desk.text).to_have_value("Too late.")


def test_without_the_right_there_is_nothing(page: Page, complaints: Complaints) -> None:
    complaints.allow("404")
    sign_in(page, SOFIE)
    expect(page.get_by_role("link", name="Reports")).to_have_count(0)
    answer = page.goto("/reports/1")
    assert answer
    assert answer.status == 404
    page.goto("/reports")
    page.wait_for_url("**/settings/personal")


def test_in_dutch(open_context: Callable[..., BrowserContext], server: Server) -> None:
    page = open_context(locale="nl-BE").new_page()
    report = opened(server, "CT")
    sign_in(page, editor(server).username)
    for address in ("/reports", f"/reports/{report}"):
        page.goto(address)
        ready(page)
        fits(page, address)
        speaks_dutch(page, address)
    page.get_by_role("textbox").first.fill("Geen breuk.")
    expect(page.get_by_role("status").filter(has_text="Concept bewaard")).to_be_visible()


def test_axe_in_every_state(
    desk: Desk, axe_in: Callable[[Page], list[str]], server: Server
) -> None:
    page = desk.page

    def fine(state: str) -> None:
        fits(page, state)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            for width in (360, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                assert axe_in(page) == [], f"{state} {scheme} {width}"

    page.goto("/reports")
    ready(page)
    fine("list")
    desk.open()
    fine("empty")
    desk.button("Save").click()
    expect(page.get_by_role("alert")).to_be_visible()
    fine("refused")
    desk.save("Mine.\nSame.")
    fine("saved")
    desk.text.fill("Other.\nSame.")
    desk.told("Draft kept")
    execute(server, "UPDATE report_draft SET revision = 0 WHERE report_id = ?", desk.report)
    desk.open()
    expect(page.get_by_role("alert")).to_be_visible()
    fine("conflict")
    desk.button("Save mine on top").click()
    desk.told("Saved")
    desk.button("Save and validate").click()
    desk.box("Addendum").fill("More.")
    desk.button("Add and validate").click()
    desk.told("added")
    page.get_by_text("History", exact=True).click()
    fine("validated")
