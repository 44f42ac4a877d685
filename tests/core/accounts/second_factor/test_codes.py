"""One-time codes that are sent."""

from functools import partial

import pytest

from pacs_settings.core import db, delivery, secrets
from pacs_settings.core.accounts import send_limits
from pacs_settings.core.accounts.second_factor import codes
from pacs_settings.core.accounts.second_factor.factor import Attempt
from pacs_settings.core.accounts.send_limits import TooManyCodes
from pacs_settings.core.tables import Challenge, OutboxMessage, Region
from tests import factories, seen
from tests.core.conftest import Still
from tests.factories import AN, HERE, SOFIE

pytestmark = pytest.mark.usefixtures("database")
NUMBER = "+32470123456"


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Still:
    """The clock of codes stands still."""
    still = Still()
    monkeypatch.setattr(codes, "now", still)
    return still


def attempt(username: str = AN, purpose: str = "sign-in", bound_to: str = "one") -> Attempt:
    account = factories.person(username)
    [region] = factories.rows(Region, Region.id == account.region_id)  # type: ignore[arg-type]
    return Attempt(account, region, purpose, bound_to, HERE)


def send(of: Attempt, channel: str = "sms", to: str = NUMBER) -> str:
    """Send a code and receive it."""
    with db.writing() as session:
        codes.send(session, of, channel, to)
    post = seen.post()
    bodies = [text for _, text in post.texts] + [mail[2] for mail in post.mails]
    return seen.code_in(bodies[-1])


def spend(of: Attempt, code: str) -> str | None:
    with db.writing() as session:
        return codes.spend(session, of, code)


@pytest.mark.parametrize(("channel", "to"), [("sms", NUMBER), ("mail", AN)])
def test_a_code_works_once_and_tells_where_it_went(channel: str, to: str) -> None:
    code = send(attempt(), channel, to)
    assert spend(attempt(), code) == to
    assert spend(attempt(), code) is None
    assert factories.rows(Challenge) == []


def test_of_many_at_once_one_wins() -> None:
    code = send(attempt())
    ends = factories.together(*[partial(spend, attempt(), code)] * 6)
    assert sorted(ends, key=str) == [NUMBER] + [None] * 5


@pytest.mark.parametrize("seconds", [600, 60])
def test_it_is_valid_for_so_long_and_not_a_second_more(time: Still, seconds: int) -> None:
    asking = attempt()
    asking.region.code_seconds = seconds
    first = send(asking)
    time.forward(seconds=seconds - 1)
    assert spend(asking, first) == NUMBER
    for late in (0, 1):
        code = send(asking)
        time.forward(seconds=seconds + late)
        assert spend(asking, code) is None


def test_the_former_one_is_worth_nothing_once_another_was_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = iter(["111111", "222222", "333333"])
    monkeypatch.setattr(secrets, "new_digits", lambda: next(made))
    first, second, third = (send(attempt()) for _ in range(3))
    for former in (first, second, first):
        assert spend(attempt(), former) is None
    assert spend(attempt(), third) == NUMBER


@pytest.mark.parametrize(
    "other",
    [
        {"username": SOFIE},
        {"purpose": "proof"},
        {"purpose": "choose-sms"},
        {"purpose": "reset"},
        {"bound_to": "two"},
        {"bound_to": ""},
    ],
)
def test_it_is_of_one_account_purpose_and_asker(other: dict[str, str]) -> None:
    code = send(attempt())
    assert spend(attempt(**other), code) is None
    assert spend(attempt(), code) == NUMBER


@pytest.mark.parametrize("other", [{"username": SOFIE}, {"purpose": "proof"}, {"bound_to": "two"}])
def test_what_is_stored_of_the_same_code_differs(
    monkeypatch: pytest.MonkeyPatch, other: dict[str, str]
) -> None:
    monkeypatch.setattr(secrets, "new_digits", lambda: "123456")
    send(attempt())
    [row] = factories.rows(Challenge)
    send(attempt(**other))
    marks = {row.secret, *(one.secret for one in factories.rows(Challenge))}
    assert len(marks) == 2


def test_who_has_the_database_alone_cannot_try_all_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    code = send(attempt())
    [row] = factories.rows(Challenge)
    assert code not in seen.stored()
    made = codes._mark(attempt(), code)
    assert made == row.secret
    monkeypatch.setattr(secrets, "_key", lambda purpose: b"another key" + purpose.encode())
    assert codes._mark(attempt(), code) != row.secret


def test_what_was_asked_to_choose_is_random() -> None:
    assert len({secrets.new_digits() for _ in range(50)}) > 45


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("123456", "123456"),
        (" 123 456 ", "123456"),
        ("123-456\n", "123456"),
        ("000000", "000000"),
        ("12345", ""),
        ("1234567", ""),
        ("١٢٣٤٥٦", ""),
        ("１２３４５６", ""),
        ("12345a", ""),
        ("", ""),
        (" " * 40 + "123456", ""),
        ("1" * 100_000, ""),
    ],
)
def test_a_code_as_typed(typed: str, read: str) -> None:
    assert codes.digits(typed) == read


def test_what_is_no_code_costs_no_look_and_spends_nothing() -> None:
    code = send(attempt())
    assert spend(attempt(), "no code") is None
    assert spend(attempt(), code) == NUMBER


def test_a_send_that_is_refused_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(send_limits.MOST["sms"], "to", 1)
    code = send(attempt())
    before = seen.stored()
    with pytest.raises(TooManyCodes), db.writing() as session:
        codes.send(session, attempt(), "sms", NUMBER)
    assert seen.stored() == before
    assert spend(attempt(), code) == NUMBER


def test_codes_that_are_over_for_a_day_are_cleared_away(time: Still) -> None:
    send(attempt())
    time.forward(days=1, seconds=599)
    send(attempt(bound_to="two"))
    assert len(factories.rows(Challenge)) == 2
    time.forward(seconds=2)
    send(attempt(bound_to="three"))
    assert {row.bound_to for row in factories.rows(Challenge)} == {"two", "three"}


def test_a_code_that_is_too_late_does_not_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    with db.writing() as session:
        codes.send(session, attempt(), "sms", NUMBER)
    still = Still()
    still.forward(seconds=601)
    monkeypatch.setattr(delivery, "now", still)
    assert seen.post().texts == []
    [row] = factories.rows(OutboxMessage)
    assert (row.problem, row.sealed, row.sent_at) == ("TooLate", "", None)
