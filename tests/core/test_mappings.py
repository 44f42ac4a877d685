"""Mappings."""

import re
from typing import Any

import pytest

from pacs_settings.core import audit, db, mappings
from pacs_settings.core.errors import NotYours
from pacs_settings.core.mappings import Line, Order, Switch
from pacs_settings.core.tables import Account, AuditEntry, Mapping
from tests import factories
from tests.factories import AN, SOFIE

pytestmark = pytest.mark.usefixtures("database")


def shown(username: str = AN, **asked: Any) -> list[Line]:
    return mappings.page(factories.own(factories.person(username)), **asked).lines


def many(count: int) -> Account:
    """An account with so many lines, each of a source of its own."""
    someone = factories.account()
    under = factories.number(someone)
    sources = [factories.source(f"Source {n:03}") for n in range(count)]
    with db.writing() as session:
        session.add_all(
            Mapping(
                account_id=factories.own(someone),
                source_id=row.id or 0,
                physician_number_id=under.id or 0,
                name_at_source=f"NAME {n:03}",
            )
            for n, row in enumerate(sources)
        )
    return someone


def stored(line: int) -> Mapping:
    [row] = factories.rows(Mapping, Mapping.id == line)  # type: ignore[arg-type]
    return row


# Reading.


@pytest.mark.asvs("8.2.2")
def test_an_account_sees_its_own_lines_only() -> None:
    mine, theirs = shown(), shown(SOFIE)
    assert (len(mine), len(theirs)) == (12, 3)
    assert {line.id for line in mine}.isdisjoint(line.id for line in theirs)


def test_a_line_has_source_name_number_and_group() -> None:
    someone = factories.account()
    under = factories.number(someone)
    factories.mapping(
        someone,
        factories.source("Imaging North"),
        under,
        name_at_source="WILLEMS R.",
        group_id=factories.group("The Willows").id,
        on_study=True,
        on_report=False,
    )
    [line] = shown(someone.username)
    assert (line.source, line.name, line.group) == ("Imaging North", "WILLEMS R.", "The Willows")
    assert line.number.replace("-", "") == under.value
    assert line.number.count("-") == 3
    assert (line.on_study, line.on_report) == (True, False)


def test_a_line_that_is_shared_with_nobody_has_no_group() -> None:
    someone = factories.account()
    factories.mapping(someone, factories.source(), factories.number(someone))
    assert shown(someone.username)[0].group == ""


def test_only_a_source_that_occurs_twice_has_its_number_behind_it() -> None:
    lines = shown()
    twice = [line for line in lines if line.suffix]
    assert {line.source for line in twice} == {"UZ Demo Radiology"}
    assert sorted(line.suffix for line in twice) == ["1-23456-25-004", "1-32001-75-004"]
    assert len({(line.source, line.suffix) for line in lines}) == len(lines)


def test_a_filter_does_not_change_what_a_line_is_called() -> None:
    assert all(line.suffix for line in shown(text="demo radiology"))
    assert [line.suffix for line in shown(text="132001")] == ["1-32001-75-004"]


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("delta", ["AZ Delta Voorbeeld"]),
        ("  AZ   delta ", ["AZ Delta Voorbeeld"]),
        ("voorbeeld az", ["AZ Delta Voorbeeld", "AZ Voorbeeld"]),
        ("1-32001", ["UZ Demo Radiology"]),
        ("13200175004", ["UZ Demo Radiology"]),
        ("linden", ["AZ Delta Voorbeeld", "Sint-Demo Imaging", "UZ Demo Radiology"]),
        ("no such words", []),
        ("%", []),
        ("CHILDREN'S", ["Children's Hospital Demo"]),
    ],
)
def test_the_filter_finds_lines_that_contain_all_words(text: str, sources: list[str]) -> None:
    assert sorted(line.source for line in shown(text=text)) == sources


@pytest.mark.parametrize("order", list(Order))
def test_lines_are_sorted_by_any_column_and_turned_round(order: Order) -> None:
    up = [getattr(line, order).casefold() for line in shown(order=order)]
    down = [getattr(line, order).casefold() for line in shown(order=order, descending=True)]
    assert up == sorted(up)
    assert down == sorted(up, reverse=True)
    assert len(set(up)) > 1


def test_pages_have_fifty_lines() -> None:
    someone = factories.own(many(120))
    pages = [mappings.page(someone, number=n) for n in (1, 2, 3)]
    assert [len(page.lines) for page in pages] == [50, 50, 20]
    assert {(page.total, page.pages) for page in pages} == {(120, 3)}
    seen = [line.source for page in pages for line in page.lines]
    assert seen == [f"Source {n:03}" for n in range(120)]


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (-5, 1), (4, 3), (10**9, 3)])
def test_a_page_that_is_not_there_is_the_nearest(asked: int, given: int) -> None:
    page = mappings.page(factories.own(many(101)), number=asked)
    assert page.number == given
    assert page.lines


def test_no_line_is_one_empty_page() -> None:
    page = mappings.page(factories.own(factories.account()))
    assert (page.lines, page.total, page.number, page.pages) == ([], 0, 1, 1)


def test_five_hundred_lines_cost_no_more_statements_than_one() -> None:
    counted = []
    for someone in (many(1), factories.account()):
        with factories.statements() as sent:
            mappings.page(factories.own(someone))
        counted.append(len(sent))
    someone = factories.account()
    under = factories.number(someone)
    source = factories.source("Everything")
    with db.writing() as session:
        session.add_all(
            Mapping(
                account_id=factories.own(someone),
                source_id=source.id or 0,
                physician_number_id=under.id or 0,
                name_at_source=f"NAME {n}",
            )
            for n in range(500)
        )
    with factories.statements() as sent:
        page = mappings.page(factories.own(someone), text="name", order=Order.NAME, number=3)
    assert (page.total, len(page.lines)) == (500, 50)
    assert len(sent) == counted[0] == counted[1] <= 3


def test_lines_are_read_by_the_index_of_their_owner() -> None:
    account_id = factories.own(factories.person(AN))
    with factories.statements() as sent:
        mappings.page(account_id)
    told = factories.plan(*sent[0])
    assert re.search(r"account_id ?=", told)
    assert not re.search(r"(SCAN|Seq Scan on) mapping\b", told)


# Switching.


@pytest.fixture
def an() -> audit.Actor:
    return factories.actor(factories.person(AN))


@pytest.mark.parametrize(
    ("which", "column"), [(Switch.STUDY, "on_study"), (Switch.REPORT, "on_report")]
)
def test_a_switch_turns_and_leaves_the_other(an: audit.Actor, which: Switch, column: str) -> None:
    line = shown()[0].id
    before = dict(stored(line))
    for on in (not before[column], before[column]):
        assert mappings.switch(an, line, which, on) == on
        assert dict(stored(line)) == before | {column: on}


@pytest.mark.asvs("8.2.2")
def test_a_line_of_another_account_is_not_there(an: audit.Actor) -> None:
    theirs = shown(SOFIE)[0]
    for line in (theirs.id, 987654, -1):
        with pytest.raises(NotYours):
            mappings.switch(an, line, Switch.STUDY, not theirs.on_study)
    assert stored(theirs.id).on_study == theirs.on_study
    assert factories.rows(AuditEntry) == []


def test_a_switch_is_audited_and_no_change_is_not(an: audit.Actor) -> None:
    line = shown()[0]
    mappings.switch(an, line.id, Switch.STUDY, not line.on_study)
    mappings.switch(an, line.id, Switch.STUDY, not line.on_study)
    [entry] = factories.rows(AuditEntry)
    assert (entry.tag, entry.actor_id) == ("mapping:study:switched", an.account_id)
    assert (entry.session_id, entry.address) == (an.session_id, an.address)
    assert entry.before == {"mapping": line.id, "on": line.on_study}
    assert entry.after == {"mapping": line.id, "on": not line.on_study}


@pytest.mark.parametrize("work", ["line", "default"])
def test_switch_and_audit_are_one_transaction(
    an: audit.Actor, monkeypatch: pytest.MonkeyPatch, work: str
) -> None:
    line = shown()[0]

    def broken(*_args: object) -> None:
        raise OSError

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(OSError):
        if work == "line":
            mappings.switch(an, line.id, Switch.STUDY, not line.on_study)
        else:
            mappings.switch_default(an, Switch.STUDY, False)
    assert stored(line.id).on_study == line.on_study
    assert factories.person(AN).default_on_study


@pytest.mark.parametrize(
    ("which", "column"),
    [(Switch.STUDY, "default_on_study"), (Switch.REPORT, "default_on_report")],
)
def test_a_default_is_for_later_lines_only(an: audit.Actor, which: Switch, column: str) -> None:
    lines = shown()
    other = {"default_on_study", "default_on_report"} - {column}
    assert mappings.switch_default(an, which, False) is False
    page = mappings.page(an.account_id)
    assert page.lines == lines
    assert getattr(page, column) is False
    assert getattr(page, other.pop()) is True
    assert getattr(factories.person(SOFIE), column) is True
    mappings.switch_default(an, which, False)
    [entry] = factories.rows(AuditEntry)
    assert (entry.tag, entry.before, entry.after) == (
        f"mapping:{which}:default",
        {"on": True},
        {"on": False},
    )
