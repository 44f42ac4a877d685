"""Reports for journeys: their editors, and what a page shows of them."""

from itertools import count

from playwright.sync_api import Locator, Page, expect

from tests.conftest import PASSWORD, Server
from tests.e2e.people import Person, somebody
from tests.e2e.steps import AN, WAVE, draw, execute, look_up, ready, show, sign_in

SOURCE = "UZ Demo Radiology"
_numbers = count(1)


def editor(server: Server, source: str = SOURCE, **values: object) -> Person:
    """Somebody who may edit the reports of a source, without a signature."""
    person = somebody(server, AN, **values)
    execute(
        server,
        "INSERT INTO report_right (account_id, source_id) SELECT account.id, source.id"
        " FROM account, source WHERE username = ? AND source.name = ?",
        person.username,
        source,
    )
    return person


def opened(server: Server, description: str = "", source: str = SOURCE) -> int:
    """An empty report of a new study."""
    subject = f"2.25.9{next(_numbers):05}"
    execute(
        server,
        "INSERT INTO report (source_id, subject, study_instance_uid, accession_number,"
        " patient_initials, description, institution, state, revision, created_at, changed_at)"
        " SELECT id, ?, ?, '', 'T.P.', ?, '', 'empty', 0, datetime('now'), datetime('now')"
        " FROM source WHERE name = ?",
        subject,
        subject,
        description or f"Study {subject}",
        source,
    )
    return int(look_up(server, "SELECT max(id) FROM report"))


def sign(page: Page) -> None:
    """Draw a signature and save it."""
    show(page, "signature")
    draw(page, WAVE)
    page.get_by_role("button", name="Save signature").click()
    expect(page.get_by_role("img", name="Saved signature")).to_be_visible()


class Desk:
    """A page with one report open."""

    def __init__(self, page: Page, person: Person, report: int) -> None:
        self.page, self.person, self.report = page, person, report
        self.text = self.box("Report")
        self.conclusion = self.box("Conclusion")
        self.status = page.get_by_role("main").get_by_role("status")
        self.signature = page.get_by_role("img", name="Signature", exact=True)

    def box(self, name: str) -> Locator:
        return self.page.get_by_role("textbox", name=name, exact=True)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("main").get_by_role("button", name=name, exact=True)

    def open(self) -> "Desk":
        self.page.goto(f"/reports/{self.report}")
        ready(self.page)
        return self

    def enter(self) -> "Desk":
        sign_in(self.page, self.person.username)
        return self.open()

    def save(self, text: str) -> None:
        self.text.fill(text)
        self.button("Save").click()
        self.told("Saved")

    def told(self, text: str) -> None:
        expect(self.status.filter(has_text=text)).to_be_visible()

    def prove(self) -> None:
        """Give the password that is asked for."""
        dialog = self.page.get_by_role("dialog", name="Confirm that it is you")
        dialog.get_by_label("Password", exact=True).fill(PASSWORD)
        dialog.get_by_role("button", name="Confirm").click()
        expect(dialog).to_be_hidden()
