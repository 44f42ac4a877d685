"""Signing in: address and password."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import bcrypt
import pytest

from pacs_settings.core import clock, db
from pacs_settings.core.accounts import history, passwords, sessions, sign_in
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.sign_in import SignInRefused
from pacs_settings.core.tables import (
    AccountState,
    Means,
    Method,
    OutboxMessage,
    Outcome,
    PendingSignIn,
    Throttle,
)
from tests import factories, seen
from tests.core.accounts.entering import ELSEWHERE, WRONG, attempts, enter, half, refusal, refused
from tests.core.conftest import Clock, Still
from tests.factories import AN, HERE, JAN, PASSWORD, SOFIE

pytestmark = pytest.mark.usefixtures("database")
NOBODY = "nobody@demo.example"


def strangers(count: int) -> list[Visit]:
    """So many visits from addresses of their own."""
    return [Visit(f"198.51.100.{n}") for n in range(count)]


def test_address_and_password_open_a_session() -> None:
    done = enter(AN)
    facts = sessions.resolve(done.session)
    assert facts is not None
    assert facts.account_id == factories.person(AN).id
    assert not done.must_enrol
    assert attempts() == [(Means.PASSWORD, Outcome.SUCCESS, "")]


@pytest.mark.asvs("6.3.3")
def test_where_a_factor_is_mandatory_it_must_be_enrolled_first() -> None:
    done = enter(JAN)
    assert done.must_enrol
    facts = sessions.resolve(done.session)
    assert facts is not None
    assert facts.must_enrol


@pytest.mark.parametrize("typed", ["AN.Peeters@Demo.Example", "  an.peeters@demo.example "])
def test_the_address_is_compared_without_case_and_space(typed: str) -> None:
    assert enter(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "\u0430n.peeters@demo.example",  # Cyrillic a
        "an.p\u0435\u0435ters@demo.example",  # Cyrillic e
        "an.peeters@dem\u03bf.example",  # Greek omicron
        "\u00e4n.peeters@demo.example",
        "an\u00b7peeters@demo.example",
    ],
)
def test_an_address_that_looks_alike_is_nobodys(typed: str) -> None:
    assert refused(typed, PASSWORD) == "wrong"
    assert attempts() == []


@pytest.mark.parametrize(
    "typed",
    ["ａｎ.peeters＠demo.example", "AN\uff0ePEETERS@DEMO.EXAMPLE", "an.peeters@demo\uff0eexample"],
)
def test_another_writing_of_an_address_is_that_account(typed: str) -> None:
    facts = sessions.resolve(enter(typed).session)
    assert facts is not None
    assert facts.account_id == factories.person(AN).id


@pytest.mark.parametrize(
    "hidden", ["\u200b", "\u200d", "\u202e", "\u00ad", "\ufeff", "\0", "\ud800"]
)
def test_an_address_with_what_cannot_be_seen_is_none(hidden: str) -> None:
    told = refusal(lambda: sign_in.begin(f"an.{hidden}peeters@demo.example"))
    assert told.code == "not_an_address"
    assert sign_in.pending(told.token).typed == AN  # and is not shown again either


def test_a_sign_in_is_good_once() -> None:
    token = sign_in.begin(AN)
    assert sign_in.check_password(token, PASSWORD, HERE)
    again = refusal(lambda: sign_in.check_password(token, PASSWORD, HERE))
    assert (again.code, again.step) == ("expired", "address")


@pytest.mark.parametrize("count", [256, 257, 1024, 1025, 100_000])
def test_long_passwords_are_read_to_their_end(count: int, hashes: list[str]) -> None:
    long = "é" * count
    stored = long[: passwords.LONGEST]
    factories.change(AN, password_hash=passwords.hash_password(stored))
    hashes.clear()
    assert refused(AN, "é" * (count - 1) + "e") == "wrong"
    assert refused(AN, f"{long}é") == "wrong"
    assert refused(NOBODY, long) == "wrong"
    assert hashes == ["check"] * 3
    if count <= passwords.LONGEST:
        assert enter(AN, long)
    else:
        assert refused(AN, long) == "wrong"


@pytest.mark.parametrize("password", ["", " ", "\0", f"{PASSWORD}\0", f" {PASSWORD}", "\ud800"])
def test_what_is_nearly_a_password_is_wrong(password: str) -> None:
    assert refused(AN, password) == "wrong"


# Known and unknown.


def test_unknown_and_known_addresses_cost_one_hash_and_get_one_answer(hashes: list[str]) -> None:
    answers = []
    for username in (AN, NOBODY):
        hashes.clear()
        token = sign_in.begin(username)
        told = refusal(partial(sign_in.check_password, token, WRONG, HERE))
        answers.append((told.code, told.step, told.values, told.field, told.token == token))
        assert hashes == ["check"]
        shown = sign_in.pending(token)
        assert (shown.step, shown.typed, shown.refusal) == ("password", username, "wrong")
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "state", [AccountState.INVITED, AccountState.LOCKED, AccountState.DISABLED]
)
def test_the_state_of_an_account_shows_in_no_answer_to_a_wrong_password(
    state: AccountState, hashes: list[str]
) -> None:
    factories.change(AN, state=state)
    assert refused(AN) == refused(NOBODY) == "wrong"
    assert hashes == ["check"] * 2


def test_an_invited_account_without_a_password_costs_a_hash_too(hashes: list[str]) -> None:
    factories.change(AN, state=AccountState.INVITED, password_hash=None)
    assert refused(AN) == "wrong"
    assert hashes == ["check"]


@pytest.mark.asvs("6.3.1")
def test_unknown_addresses_are_slowed_down_like_known_ones(still: Still) -> None:
    for username in (AN, NOBODY):
        codes = [refused(username, WRONG, visit) for visit in strangers(8)]
        assert codes == ["wrong"] * 6 + ["too_many_tries"] * 2


def test_the_password_of_an_unknown_address_is_no_password() -> None:
    assert refused(NOBODY, "the password of nobody") == "wrong"


# Slowing down.


@pytest.mark.asvs("6.3.1")
def test_parallel_tries_add_up_before_any_hash(still: Still, hashes: list[str]) -> None:
    works = [
        partial(sign_in.check_password, sign_in.begin(AN), WRONG, visit) for visit in strangers(12)
    ]
    ends = factories.together(*works)
    codes = sorted(end.code for end in ends if isinstance(end, SignInRefused))
    assert codes == ["too_many_tries"] * 6 + ["wrong"] * 6
    assert hashes == ["check"] * 6


def test_who_waits_gets_no_hash_and_is_told_how_long(still: Still, hashes: list[str]) -> None:
    for visit in strangers(6):
        refused(AN, WRONG, visit)
    hashes.clear()
    token = sign_in.begin(AN)
    told = refusal(lambda: sign_in.check_password(token, PASSWORD, HERE))
    assert told.code == "too_many_tries"
    assert told.values["seconds"] in (2, 3)
    assert sign_in.pending(token).retry_seconds == told.values["seconds"]
    assert hashes == []
    still.forward(seconds=4)
    assert sign_in.check_password(token, PASSWORD, HERE)


@pytest.mark.asvs("6.3.1")
def test_an_address_is_slowed_down_over_many_accounts(still: Still) -> None:
    codes = [refused(f"p{n}@demo.example") for n in range(33)]
    assert codes == ["wrong"] * 31 + ["too_many_tries"] * 2
    assert enter(AN, visit=Visit("203.0.113.9"))


@pytest.mark.asvs("6.3.1")
@pytest.mark.parametrize(
    "addresses",
    [
        [f"2001:db8:7:7:{n:x}::{n + 1:x}" for n in range(33)],
        ["::ffff:192.0.2.7", "192.0.2.7", "::FFFF:c000:207"] * 11,
    ],
    ids=["IPv6 of one subscriber", "IPv4 written as IPv6"],
)
def test_addresses_of_one_subscriber_count_together(still: Still, addresses: list[str]) -> None:
    visits = [Visit(address) for address in addresses]
    codes = [refused(f"p{n}@demo.example", WRONG, visit) for n, visit in enumerate(visits)]
    assert codes == ["wrong"] * 31 + ["too_many_tries"] * 2


def test_neighbours_do_not_count_together(still: Still) -> None:
    visits = [Visit(f"2001:db8:7:{n:x}::1") for n in range(33)]
    codes = {refused(f"p{n}@demo.example", WRONG, visit) for n, visit in enumerate(visits)}
    assert codes == {"wrong"}


@pytest.mark.asvs("6.3.1")
def test_a_stranger_does_not_slow_down_a_known_browser(still: Still) -> None:
    browser = enter(AN).browser
    for _ in range(6):
        refused(AN, WRONG, ELSEWHERE)
    assert refused(AN, PASSWORD, ELSEWHERE) == "too_many_tries"
    assert enter(AN, visit=Visit(HERE.address, browser=browser))


@pytest.mark.asvs("6.3.1")
def test_nor_does_a_stranger_behind_the_same_address(still: Still) -> None:
    browser = enter(AN).browser
    for n in range(40):
        refused(f"p{n}@demo.example")
        refused(AN)
    assert refused(AN, PASSWORD) == "too_many_tries"
    assert enter(AN, visit=Visit(HERE.address, browser=browser))


def test_a_browser_is_known_to_the_accounts_it_signed_in_to_only(still: Still) -> None:
    browser = enter(SOFIE).browser
    for visit in strangers(6):
        refused(AN, WRONG, visit)
    thief = Visit("203.0.113.66", browser=browser)
    assert refused(AN, PASSWORD, thief) == "too_many_tries"


def test_a_known_browser_is_slowed_down_too(still: Still) -> None:
    known = Visit(HERE.address, browser=enter(AN).browser)
    codes = [refused(AN, WRONG, known) for _ in range(7)]
    assert codes == ["wrong"] * 6 + ["too_many_tries"]


def test_the_throttle_holds_no_address_in_the_clear() -> None:
    refused(AN)
    keys = [row.key for row in factories.rows(Throttle)]
    assert any(key.startswith("account:") for key in keys)
    assert not any("peeters" in key for key in keys)


@pytest.mark.asvs("6.3.1")
def test_a_stranger_without_the_password_cannot_lock() -> None:
    factories.device(factories.person(AN))
    for _ in range(12):
        refused(AN, WRONG, ELSEWHERE)
    assert factories.person(AN).state == AccountState.ACTIVE


# The owner is told.


def alerts() -> list[str]:
    return [row.template for row in factories.rows(OutboxMessage)]


def test_the_fifth_failure_in_a_row_is_told_once(still: Still) -> None:
    codes = [refused(AN, WRONG, visit) for visit in strangers(4)]
    assert alerts() == []
    codes += [refused(AN, WRONG, visit) for visit in strangers(1)]
    assert alerts() == ["failures"]
    still.forward(minutes=16)
    codes += [refused(AN, WRONG, visit) for visit in strangers(5)]
    assert codes == ["wrong"] * 10
    assert alerts() == ["failures"]


def test_the_next_run_of_failures_is_told_again(still: Still) -> None:
    for _ in range(2):
        for visit in strangers(5):
            refused(AN, WRONG, visit)
        enter(AN)
    assert alerts() == ["failures", "new_browser"] * 2


def test_parallel_failures_are_told_once(still: Still) -> None:
    works = [
        partial(sign_in.check_password, sign_in.begin(AN), WRONG, visit) for visit in strangers(6)
    ]
    factories.together(*works)
    assert alerts() == ["failures"]


def test_wrong_codes_between_do_not_hide_the_fifth_failure(still: Still) -> None:
    factories.device(factories.person(AN))
    for visit in strangers(4):
        refused(AN, WRONG, visit)
    refusal(lambda: sign_in.check_code(half(), "authenticator", "no code", HERE))
    assert alerts() == []
    refused(AN)
    assert alerts() == ["failures"]


def test_failures_at_an_unknown_address_are_told_nobody(still: Still) -> None:
    for visit in strangers(6):
        refused(NOBODY, WRONG, visit)
    assert alerts() == []


# Which accounts.


@pytest.mark.parametrize(
    ("state", "told"), [(AccountState.DISABLED, "disabled"), (AccountState.INVITED, "not_active")]
)
def test_the_state_of_an_account_is_told_to_its_owner_only(state: AccountState, told: str) -> None:
    factories.change(AN, state=state)
    assert refused(AN) == "wrong"
    assert refused(AN, PASSWORD) == told
    assert [reason for _, _, reason in attempts()] == [told, "wrong_password"]


def test_no_address_is_no_sign_in() -> None:
    told = refusal(lambda: sign_in.begin("an.peeters"))
    assert (told.code, told.step) == ("not_an_address", "address")
    shown = sign_in.pending(told.token)
    assert (shown.step, shown.typed) == ("address", "an.peeters")


def test_no_address_takes_no_password(hashes: list[str]) -> None:
    token = refusal(lambda: sign_in.begin("an peeters@uz-demo.example")).token
    told = refusal(lambda: sign_in.check_password(token, PASSWORD, HERE))
    assert (told.code, told.step, told.token) == ("not_an_address", "address", token)
    assert hashes == []


def test_a_sign_in_lasts_ten_minutes(moved: Clock) -> None:
    token = sign_in.begin(AN)
    moved.forward(minutes=9, seconds=50)
    assert sign_in.pending(token).step == "password"
    moved.forward(seconds=15)
    assert sign_in.pending(token).step == "address"
    assert refusal(lambda: sign_in.check_password(token, PASSWORD, HERE)).code == "expired"
    moved.forward(minutes=31)
    sign_in.begin(SOFIE)
    assert [row.typed for row in factories.rows(PendingSignIn)] == [SOFIE]


def test_only_the_hash_of_a_sign_in_is_stored() -> None:
    token = sign_in.begin(AN)
    assert token not in seen.stored()


@pytest.mark.parametrize("token", ["", "made up"])
def test_a_made_up_sign_in_leads_to_the_beginning(token: str) -> None:
    works: list[Callable[[], object]] = [
        lambda: sign_in.check_password(token, PASSWORD, HERE),
        lambda: sign_in.check_code(token, "authenticator", "123456", HERE),
        lambda: sign_in.send_again(token, HERE),
        lambda: sign_in.challenge(token, HERE),
    ]
    assert sign_in.pending(token).step == "address"
    assert {refusal(work).code for work in works} == {"expired"}


def test_who_is_signed_in_still_begins_past_the_address() -> None:
    token = sign_in.begin_again(factories.own(factories.person(AN)))
    assert sign_in.pending(token).typed == AN
    assert sign_in.check_password(token, PASSWORD, HERE)


@pytest.mark.asvs("6.2.10")
def test_a_password_is_good_for_years(moved: Clock) -> None:
    moved.forward(days=20 * 365)
    assert sessions.resolve(enter(AN).session)


# What happens while a password is checked.


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has an account changed while its password is being checked."""

    def put(**values: object) -> None:
        check = bcrypt.checkpw

        def slow(password: bytes, hashed: bytes) -> bool:
            factories.change(AN, **values)
            return check(password, hashed)

        monkeypatch.setattr(bcrypt, "checkpw", slow)

    return put


def test_a_password_changed_meanwhile_is_the_old_one(meanwhile: Callable[..., None]) -> None:
    meanwhile(password_hash=passwords.hash_password("another long password"))
    token = sign_in.begin(AN)
    told = refusal(lambda: sign_in.check_password(token, PASSWORD, HERE))
    assert (told.code, told.step) == ("wrong", "password")
    assert sign_in.pending(token).refusal == "wrong"
    assert attempts() == [(Means.PASSWORD, Outcome.FAILURE, "wrong_password")]


@pytest.mark.parametrize(
    ("state", "told"), [(AccountState.LOCKED, "locked"), (AccountState.DISABLED, "disabled")]
)
def test_an_account_closed_meanwhile_stays_closed(
    meanwhile: Callable[..., None], state: AccountState, told: str
) -> None:
    meanwhile(state=state)
    assert refused(AN, PASSWORD) == told
    assert factories.person(AN).state == state
    assert attempts() == [(Means.PASSWORD, Outcome.FAILURE, told)]


def test_a_factor_chosen_meanwhile_is_asked(meanwhile: Callable[..., None]) -> None:
    meanwhile(second_factor=Method.EMAIL)
    assert half()


def test_a_lock_that_is_over_is_lifted_by_signing_in() -> None:
    until = clock.now() - timedelta(seconds=1)
    factories.change(AN, state=AccountState.LOCKED, locked_until=until)
    enter(AN)
    row = factories.person(AN)
    assert (row.state, row.locked_until) == (AccountState.ACTIVE, None)


def test_history_is_pruned_at_sign_in() -> None:
    someone = factories.own(factories.person(AN))
    with db.writing() as session:
        for _ in range(1010):
            history.record(session, someone, HERE, Means.PASSWORD, Outcome.FAILURE, "wrong_code")
    enter(AN)
    assert len(history.latest(someone, 5000)) == 1000
