"""Demonstration data."""

import pytest
import sqlalchemy as sa

from pacs_settings.core import db, demo
from pacs_settings.core.accounts import numbers, passwords, usernames
from pacs_settings.core.tables import (
    Account,
    AccountState,
    Domain,
    Mapping,
    PhysicianNumber,
    Region,
)
from tests import factories
from tests.factories import AN, JAN, LEA, PASSWORD, SOFIE

pytestmark = pytest.mark.usefixtures("database")
DESK = "desk@demo.example"
EVERYBODY = (AN, JAN, LEA, SOFIE, DESK)


def count(table: type[Mapping] | type[PhysicianNumber], username: str) -> int:
    mine = table.account_id == factories.own(factories.person(username))
    return len(factories.rows(table, mine))  # type: ignore[arg-type]


def region(username: str) -> Region:
    with db.reading() as session:
        return session.get_one(Region, factories.person(username).region_id)


def test_it_is_loaded_once() -> None:
    assert demo.load_into_empty() is False
    assert {row.username for row in factories.rows(Account)} == set(EVERYBODY)


def test_it_is_loaded_where_there_is_nobody() -> None:
    with db.writing() as session:
        for table in (
            "report_version",
            "mapping",
            "physician_number",
            "account",
            "domain",
            "region",
        ):
            session.execute(sa.text(f"DELETE FROM {table}"))
    assert demo.load_into_empty() is True
    assert len(factories.rows(Account)) == 5


@pytest.mark.parametrize("username", EVERYBODY)
def test_everybody_is_active_has_a_mobile_and_hides_it(username: str) -> None:
    row = factories.person(username)
    assert row.state == AccountState.ACTIVE
    assert row.mobile_phone
    assert not row.email_public
    assert not row.mobile_public
    assert row.username_key == usernames.key(username)


@pytest.mark.parametrize("username", [AN, JAN, SOFIE, DESK])
def test_local_accounts_have_the_one_password(username: str) -> None:
    row = factories.person(username)
    assert row.domain_id is None
    assert passwords.verify(PASSWORD, row.password_hash)
    assert demo.PASSWORD == PASSWORD


def test_each_shows_what_it_is_for() -> None:
    an, jan, lea, sofie = (factories.person(name) for name in (AN, JAN, LEA, SOFIE))
    assert an.may_edit_reports
    assert (count(Mapping, AN), count(PhysicianNumber, AN)) == (12, 2)
    assert not region(AN).strong_authentication
    assert region(JAN).strong_authentication
    assert jan.domain_id is None
    assert lea.password_hash is None
    assert not lea.may_edit_reports
    assert an.region_id == lea.region_id == sofie.region_id != jan.region_id
    assert not sofie.contact_public
    assert not sofie.may_edit_reports
    assert factories.person(DESK).service_desk
    [domain] = factories.rows(Domain)
    assert (domain.id, domain.name, domain.directory) == (lea.domain_id, "uz-demo.example", "demo")


def test_numbers_are_valid_and_of_both_kinds_of_check() -> None:
    moduli = set()
    for row in factories.rows(PhysicianNumber):
        assert numbers.normalise(numbers.NumberKind(row.kind), row.value) == row.value
        checks = {m for m in (97, 89) if f"{m - int(row.value[:6]) % m:02d}" == row.value[6:8]}
        moduli |= checks
    assert moduli == {97, 89}


def test_switches_stand_in_every_combination() -> None:
    mine = Mapping.account_id == factories.own(factories.person(AN))
    found = {(row.on_study, row.on_report) for row in factories.rows(Mapping, mine)}  # type: ignore[arg-type]
    assert found == {(True, True), (True, False), (False, True), (False, False)}
