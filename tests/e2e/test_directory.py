"""A hospital with Active Directory: a real domain controller, the whole server, a browser."""

import json
import re
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlmodel import Session

from pacs_settings.adapters.ldap_directory import LdapDirectory
from pacs_settings.core import secrets
from pacs_settings.core.accounts import usernames
from pacs_settings.core.db import make_engine
from pacs_settings.core.ports import DirectoryRefused
from pacs_settings.core.tables import Account, Domain
from pacs_settings.locale import text
from tests.adapters import people
from tests.adapters.clinic import Clinic
from tests.adapters.people import PASSWORD
from tests.conftest import Server, free_port
from tests.e2e.steps import (
    execute,
    give_address,
    give_password,
    look_up,
    ready,
    show,
    sign_in_by_form,
)

MOBILE = "+32470000042"
_serial = count(1)


class Hospital:
    """The clinic as the server knows it."""

    def __init__(self, clinic: Clinic, server: Server) -> None:
        sealed = secrets.seal("directory", PASSWORD)
        self.domain = clinic.domain(bind_as="service@clinic.test", sealed_bind_password=sealed)
        self.admin, self._server = clinic.admin, server
        self._id = self._store(Domain(**self.domain.model_dump()))

    def _store(self, row: Any) -> int:
        engine = make_engine(f"sqlite:///{self._server.database}")
        with Session(engine.execution_options(writes=True)) as session:
            session.add(row)
            session.commit()
            stored = row.id
        engine.dispose()
        return int(stored)

    def newcomer(self, **attributes: Any) -> str:
        """The account name of somebody new in the directory."""
        name = f"visitor{next(_serial)}"
        self.admin.add(name, **attributes)
        return name

    def invite(self, name: str) -> str:
        """Make an account for somebody of the directory; the address."""
        username = f"{name}@clinic.test"
        facts = {"first_name": "Robin", "last_name": "Willems", "mobile_phone": MOBILE}
        key = usernames.key(username)
        row = Account(username=username, username_key=key, region_id=1, domain_id=self._id, **facts)
        self._store(row)
        return username

    def name_of(self, username: str) -> tuple[str, str]:
        """What the server knows of somebody."""
        query = "SELECT {} FROM account WHERE username = ?"
        first, last = (
            look_up(self._server, query.format(column), username)
            for column in ("first_name", "last_name")
        )
        return first, last

    def change(self, column: str, value: Any) -> None:
        """Change the row of the domain."""
        execute(self._server, f"UPDATE domain SET {column} = ? WHERE id = ?", value, self._id)

    def code(self, to: str) -> str:
        """The code that was sent to a number by text message, once it has been."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for path in (self._server.folder / "outbox").glob("*.sms.json"):
                told = json.loads(path.read_text())
                if told["to"] == to:
                    path.unlink()
                    return re.findall(r"\b\d{6}\b", told["text"])[0]
            time.sleep(0.05)
        raise TimeoutError(f"nothing was sent to {to}")


@pytest.fixture(scope="module")
def hospital(clinic: Clinic, server: Server) -> Hospital:
    return Hospital(clinic, server)


def told(page: Page, reason: str) -> None:
    """The one refusal that the page tells, in words."""
    alert = page.get_by_role("alert").filter(visible=True)
    expect(alert).to_have_count(1)
    expect(alert).to_contain_text(text("en", f"refused.{reason}"))
    expect(page).to_have_url(re.compile("/login#"))


def give_code(page: Page, code: str) -> None:
    expect(page.get_by_role("heading", name="Extra security").filter(visible=True)).to_be_visible()
    page.get_by_role("textbox", name="One-time password").fill(code)
    page.get_by_role("button", name="Continue").filter(visible=True).click()
    page.wait_for_url("**/settings/personal")
    ready(page)


def enter(page: Page, hospital: Hospital, username: str, mobile: str = MOBILE) -> None:
    """A first sign-in, with the code that comes by text message."""
    give_address(page, username)
    give_password(page, PASSWORD)
    give_code(page, hospital.code(mobile))


def test_the_first_time_takes_a_code_and_later_the_password_is_enough(
    page: Page, open_context: Callable[..., BrowserContext], hospital: Hospital
) -> None:
    username = hospital.invite(hospital.newcomer())
    enter(page, hospital, username)
    expect(page.get_by_role("textbox", name="Username")).to_have_value(username)
    show(page, "security")
    expect(page.get_by_role("main")).to_contain_text("administrator of clinic.test")
    expect(page.get_by_role("button", name="Change password")).to_have_count(0)
    elsewhere = open_context().new_page()
    sign_in_by_form(elsewhere, username, PASSWORD)
    expect(elsewhere.get_by_role("textbox", name="Username")).to_have_value(username)


def test_who_was_not_invited_is_taken_in_where_the_hospital_says_so(
    page: Page, hospital: Hospital
) -> None:
    mobile = "+32470998877"
    username = f"{hospital.newcomer(givenName='Zoë', sn='Peeters', mobile=mobile)}@clinic.test"
    give_address(page, username)
    give_password(page, PASSWORD)
    told(page, "wrong")
    hospital.change("create_accounts", 1)
    hospital.change("region_id", 1)
    try:
        enter(page, hospital, username, mobile)
    finally:
        hospital.change("create_accounts", 0)
    assert hospital.name_of(username) == ("Zoë", "Peeters")


def test_each_reason_is_told_in_words(page: Page, hospital: Hospital) -> None:
    for reason in people.OF_A_REASON:
        if reason != "locked":
            username = hospital.invite(reason)
            give_address(page, username)
            give_password(page, "wrong")
            told(page, "wrong")
            give_password(page, PASSWORD)
            told(page, f"directory_{reason}")


def test_a_lock_is_told_where_one_has_signed_in_before(
    page: Page, open_context: Callable[..., BrowserContext], hospital: Hospital
) -> None:
    name = hospital.newcomer()
    hospital.admin.apply(name, LockoutThreshold=3)
    username = hospital.invite(name)
    enter(page, hospital, username)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    for _ in range(4):
        with pytest.raises(DirectoryRefused):
            LdapDirectory(hospital.domain).check(username, "wrong")
    give_address(page, username)
    give_password(page, PASSWORD)
    told(page, "directory_locked")
    stranger = open_context().new_page()
    give_address(stranger, username)
    give_password(stranger, PASSWORD)
    told(stranger, "wrong")


def test_a_directory_that_is_down_lets_nobody_in_and_harms_nobody_else(
    page: Page, hospital: Hospital
) -> None:
    username = hospital.invite(hospital.newcomer())
    hospital.change("urls", json.dumps([f"ldaps://127.0.0.1:{free_port()}"]))
    try:
        give_address(page, username)
        give_password(page, PASSWORD)
        told(page, "directory_unreachable")
        sign_in_by_form(page)
    finally:
        hospital.change("urls", json.dumps(hospital.domain.urls))


@pytest.mark.soak
def test_who_is_disabled_is_signed_out(page: Page, hospital: Hospital) -> None:
    """Within the minute between two looks of the server, and some seconds."""
    name = hospital.newcomer()
    enter(page, hospital, hospital.invite(name))
    hospital.admin.change(name, userAccountControl=514)
    page.wait_for_url("**/login*", timeout=100_000)
    ready(page)
    expect(page.get_by_role("main")).to_contain_text(text("en", "login.ended.disabled"))
