"""Checking an answer, whatever it is the answer to."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlmodel import Session

from pacs_settings.core import clock, db
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.second_factor import proof
from pacs_settings.core.accounts.second_factor.factor import Attempt
from pacs_settings.core.tables import (
    Account,
    AccountState,
    Means,
    OutboxMessage,
    Region,
    SignInAttempt,
)
from tests import factories
from tests.factories import AN, HERE

pytestmark = pytest.mark.usefixtures("database")


class Word:
    """A SecondFactor that is one word."""

    means = Means.EMAIL

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ready(self, db: Session, account: Account) -> bool:
        return True

    def begin(self, db: Session, attempt: Attempt) -> dict[str, Any]:
        return {}

    def prove(self, db: Session, attempt: Attempt, answer: str) -> bool:
        self.asked.append(answer)
        return answer == "right"


def check(answer: str, word: Word | None = None, visit: Visit = HERE, purpose: str = "any") -> str:
    """One answer in a transaction of its own."""
    with db.writing() as session:
        someone = factories.own(factories.person(AN))
        account = session.get_one(Account, someone, with_for_update=True)
        region = session.get_one(Region, account.region_id)
        attempt = Attempt(account, region, purpose, "one", visit)
        return proof.check(session, attempt, word or Word(), answer)


def templates() -> list[str]:
    return [row.template for row in factories.rows(OutboxMessage)]


def test_a_right_answer_is_not_refused_and_not_noted() -> None:
    assert check("right") == ""
    assert factories.rows(SignInAttempt) == []


def test_a_wrong_one_is_noted_with_means_and_place() -> None:
    assert check("wrong") == "wrong_code"
    [row] = factories.rows(SignInAttempt)
    assert (row.means, row.outcome, row.reason) == ("email", "failure", "wrong_code")
    assert (row.address, row.user_agent) == (HERE.address, HERE.user_agent)


def test_five_wrong_in_a_row_lock_whatever_they_answer() -> None:
    visits = [Visit(f"198.51.100.{n}", browser=str(n)) for n in range(5)]
    codes = [check("wrong", visit=visit, purpose=f"for {visit.address}") for visit in visits]
    assert codes == ["wrong_code"] * 4 + ["locked"]
    row = factories.person(AN)
    assert (row.state, row.wrong_codes) == (AccountState.LOCKED, 0)
    assert row.locked_until is not None
    left = row.locked_until - clock.now()
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    assert templates() == ["account_locked"]


def test_a_right_one_begins_the_count_anew() -> None:
    for _ in range(3):
        for _ in range(4):
            check("wrong")
        assert check("right") == ""
    assert factories.person(AN).state == AccountState.ACTIVE
    assert factories.person(AN).wrong_codes == 0


def test_a_locked_account_is_asked_nothing() -> None:
    for _ in range(5):
        check("wrong")
    word = Word()
    assert [check(answer, word) for answer in ("right", "wrong")] == ["locked"] * 2
    assert word.asked == []
    assert templates() == ["account_locked"]


def test_a_lock_without_an_end_does_not_end() -> None:
    factories.change(AN, state=AccountState.LOCKED, locked_until=None)
    assert check("right") == "locked"


def test_a_lock_ends_by_itself_and_five_more_are_allowed() -> None:
    until = clock.now() - timedelta(seconds=1)
    factories.change(AN, state=AccountState.LOCKED, locked_until=until)
    assert [check("wrong") for _ in range(5)] == ["wrong_code"] * 4 + ["locked"]
    factories.change(AN, locked_until=until)
    assert check("right") == ""


def test_answers_at_once_add_up() -> None:
    ends = factories.together(*[partial(check, "wrong")] * 9)
    assert sorted(map(str, ends)) == ["locked"] * 5 + ["wrong_code"] * 4
    assert templates() == ["account_locked"]
    assert len(factories.rows(SignInAttempt)) == 5
