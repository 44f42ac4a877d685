"""Lines of mappings: new ones appear live, each says why it mails, a link of an e-mail stops one."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.access.sources import Sender, study
from tests.conftest import Server
from tests.e2e.people import Inbox
from tests.e2e.steps import AN, LEA, ready, show, sign_in

pytestmark = pytest.mark.usefixtures("server")
NAME = "PEETERS An (live)"


def tell(server: Server, uid: str, name: str = NAME) -> None:
    named = [{"number": "1-23456-25-004", "name": name}]
    answer = Sender(server).post(study(uid, referrers=named))
    assert answer.status_code == 201, answer.text


def explained(page: Page, name: str) -> None:
    row = page.get_by_role("row").filter(has_text=name)
    row.get_by_role("button", name="Why do I get this?").click()
    expect(page.get_by_role("dialog", name="Why do I get this?")).to_be_visible()


def test_a_new_line_appears_on_the_open_page_and_explains_itself(
    page: Page, server: Server
) -> None:
    mails = Inbox(server, AN)
    sign_in(page)
    show(page, "mappings")
    rows = page.get_by_role("table", name="Mappings").get_by_role("row")
    expect(rows).to_have_count(13)
    tell(server, "1.2.840.1")
    expect(rows).to_have_count(14)
    mail = mails.next("study")
    assert mail.subject == "New study from UZ Demo Radiology"
    explained(page, NAME)
    dialog = page.get_by_role("dialog", name="Why do I get this?")
    expect(dialog).to_contain_text("CT thorax, exam of 2 March 2026")
    expect(dialog).to_contain_text("Delivered to your mail server.")
    dialog.get_by_text("The e-mail on a report").click()
    expect(dialog).to_contain_text("Report from UZ Demo Radiology")
    dialog.get_by_role("button", name="Send a test e-mail").click()
    expect(dialog.get_by_role("status")).to_contain_text("on its way")
    assert "Test: New study" in mails.next("test").subject
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


def test_by_keyboard(page: Page, server: Server) -> None:
    sign_in(page)
    show(page, "mappings")
    why = page.get_by_role("button", name="Why do I get this? AZ Voorbeeld")
    why.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Why do I get this?")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(why).to_be_focused()


def test_a_link_of_an_email_stops_its_switch_signed_out_and_live(
    page: Page, server: Server, context: BrowserContext
) -> None:
    mails = Inbox(server, AN)
    sign_in(page)
    tell(server, "1.2.840.2", "PEETERS An (stops)")
    link = mails.next("study").link("unsubscribe")
    show(page, "mappings")
    row = page.get_by_role("row").filter(has_text="PEETERS An (stops)")
    switch = row.get_by_role("switch").first
    expect(switch).to_be_checked()
    other = context.browser.new_context(base_url=server.url).new_page()  # type: ignore[union-attr]
    other.goto(link)
    ready(other)
    expect(other.get_by_text("Stop the e-mails about new studies")).to_be_visible()
    expect(switch).to_be_checked()
    other.get_by_role("button", name="Stop these e-mails").click()
    expect(other.get_by_role("status")).to_contain_text("These e-mails are stopped")
    expect(switch).not_to_be_checked()
    expect(row.get_by_role("switch").last).to_be_checked()
    other.context.close()


def test_colleagues_share(page: Page) -> None:
    sign_in(page, LEA)
    show(page, "mappings")
    shared = page.get_by_role("list", name="Shared by colleagues")
    expect(shared).to_contain_text("Dr An Peeters")
    expect(shared).to_contain_text("Group practice The Linden")
