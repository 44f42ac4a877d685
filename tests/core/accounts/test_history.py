"""The login history."""

import re

import pytest

from pacs_settings.core import clock, db
from pacs_settings.core.accounts import history
from pacs_settings.core.tables import Means, Outcome
from tests import factories
from tests.core.conftest import Clock
from tests.factories import AN, HERE, SOFIE

pytestmark = pytest.mark.usefixtures("database")


def note(*outcomes: Outcome, username: str = AN) -> None:
    """Add attempts, oldest first."""
    account_id = factories.own(factories.person(username))
    with db.writing() as session:
        for outcome in outcomes:
            reason = "wrong_password" if outcome == Outcome.FAILURE else ""
            history.record(session, account_id, HERE, Means.PASSWORD, outcome, reason)


def noticed() -> history.Notice:
    return history.notice(factories.own(factories.person(AN)))


def test_the_hundred_latest_newest_first() -> None:
    account_id = factories.own(factories.person(AN))
    with db.writing() as session:
        for n in range(130):
            visit = history.Visit(f"198.51.100.{n}", "Firefox")
            history.record(session, account_id, visit, Means.PASSWORD, Outcome.FAILURE, "x")
            history.record(
                session,
                factories.own(factories.person(SOFIE)),
                HERE,
                Means.PASSWORD,
                Outcome.SUCCESS,
            )
    shown = [row.address for row in history.latest(account_id)]
    assert shown == [f"198.51.100.{n}" for n in range(129, 29, -1)]


def test_an_attempt_holds_where_it_came_from() -> None:
    before = clock.now()
    note(Outcome.FAILURE)
    [row] = history.latest(factories.own(factories.person(AN)))
    assert (row.address, row.user_agent) == (HERE.address, HERE.user_agent)
    assert (row.means, row.outcome, row.reason) == ("password", "failure", "wrong_password")
    assert before <= row.at <= clock.now()


def test_a_long_user_agent_is_cut() -> None:
    account_id = factories.own(factories.person(AN))
    with db.writing() as session:
        visit = history.Visit("192.0.2.1", "x" * 9000)
        history.record(session, account_id, visit, Means.PASSWORD, Outcome.SUCCESS)
    assert len(history.latest(account_id)[0].user_agent) == 512


def test_it_is_read_from_its_index() -> None:
    account_id = factories.own(factories.person(AN))
    note(Outcome.SUCCESS)
    note(*[Outcome.SUCCESS] * 300, username=SOFIE)  # of few rows a planner may read all
    with db.engine().begin() as connection:
        connection.exec_driver_sql("ANALYZE sign_in_attempt")
    with factories.statements() as sent:
        history.latest(account_id)
    [asked] = sent
    told = factories.plan(*asked)
    assert "ix_sign_in_attempt_history" in told
    assert not re.search("TEMP B-TREE|SCAN|Sort|Seq Scan", told)


S, F = Outcome.SUCCESS, Outcome.FAILURE


@pytest.mark.parametrize(
    ("attempts", "failures", "earlier"),
    [
        ((), 0, False),
        ((S,), 0, False),
        ((F, F, S), 2, False),
        ((S, S), 0, True),
        ((S, F, F, F, S), 3, True),
        ((S, F, S, F, F, S), 2, True),
        ((F, F), 2, False),
    ],
)
def test_failures_between_two_successes_are_noticed(
    attempts: tuple[Outcome, ...], failures: int, earlier: bool
) -> None:
    note(*attempts)
    assert noticed().failures_since == failures
    assert (noticed().last_success is not None) == earlier


def test_the_last_success_is_the_one_before_this_one(moved: Clock) -> None:
    note(S)
    first = clock.now()
    moved.forward(hours=5)
    note(F, S)
    last = noticed().last_success
    assert last is not None
    assert abs((last - first).total_seconds()) < 30


def test_attempts_at_other_accounts_are_not_noticed() -> None:
    note(S)
    note(F, F, username=SOFIE)
    note(S)
    assert noticed().failures_since == 0


def failures(username: str = AN) -> int:
    with db.reading() as session:
        account_id = factories.own(factories.person(username))
        return history.failures_since_success(session, account_id)


@pytest.mark.parametrize(
    ("attempts", "count"),
    [((), 0), ((F, F), 2), ((S, F, F, F), 3), ((F, F, S), 0), ((F, S, F), 1)],
)
def test_failures_since_the_last_success(attempts: tuple[Outcome, ...], count: int) -> None:
    note(*attempts)
    note(F, F, F, F, S, F, username=SOFIE)
    assert failures() == count


def test_a_wrong_code_is_no_wrong_password() -> None:
    note(F)
    account_id = factories.own(factories.person(AN))
    with db.writing() as session:
        for means in Means:
            history.record(session, account_id, HERE, means, F, "any")
    assert failures() == 3  # by password, and by directory


def test_whatever_opened_a_session_ends_a_run_of_failures() -> None:
    note(F, F)
    account_id = factories.own(factories.person(AN))
    with db.writing() as session:
        history.record(session, account_id, HERE, Means.PASSKEY, S)
    assert failures() == 0


def test_pruning_keeps_the_newest_of_this_account() -> None:
    note(*[F] * 12, S)
    note(S, username=SOFIE)
    account_id = factories.own(factories.person(AN))
    with db.writing() as session:
        history.prune(session, account_id, keep=5)
    assert [row.outcome for row in history.latest(account_id)] == [S, F, F, F, F]
    assert len(history.latest(factories.own(factories.person(SOFIE)))) == 1
