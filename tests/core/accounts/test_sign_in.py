"""Signing in, step by step."""

from collections.abc import Callable
from functools import partial

import bcrypt
import pytest

from pacs_settings.core import db, ports
from pacs_settings.core.accounts import history, passwords, sessions, sign_in
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.second_factor import totp
from pacs_settings.core.accounts.sign_in import SignedIn, SignInRefused
from pacs_settings.core.tables import (
    AccountState,
    Domain,
    Means,
    OutboxMessage,
    Outcome,
    PendingSignIn,
    Throttle,
)
from tests import factories
from tests.core.conftest import Clock, Still
from tests.factories import AN, HERE, JAN, LEA, PASSWORD, SOFIE
from tests.fakes import FakeDirectory

pytestmark = pytest.mark.usefixtures("database")
NOBODY = "nobody@demo.example"
WRONG = "not the password at all"


def enter(username: str, password: str = PASSWORD, visit: Visit = HERE) -> SignedIn | None:
    """Both steps: address, then password."""
    return sign_in.check_password(sign_in.begin(username), password, visit)


def refusal(work: Callable[[], object]) -> SignInRefused:
    with pytest.raises(SignInRefused) as refused:
        work()
    return refused.value


def at_code(username: str = AN) -> str:
    """A sign-in whose password was right and which asks for a code."""
    token = sign_in.begin(username)
    assert sign_in.check_password(token, PASSWORD, HERE) is None
    return token


def attempts(username: str = AN) -> list[tuple[str, str, str]]:
    rows = history.latest(factories.own(factories.person(username)))
    return [(row.means, row.outcome, row.reason) for row in rows]


def test_address_and_password_open_a_session() -> None:
    done = enter(AN)
    assert done is not None
    facts = sessions.resolve(done.session)
    assert facts is not None
    assert facts.account_id == factories.person(AN).id
    assert not done.must_enrol
    assert attempts() == [(Means.PASSWORD, Outcome.SUCCESS, "")]


@pytest.mark.asvs("6.3.3")
def test_where_a_factor_is_mandatory_it_must_be_enrolled_first() -> None:
    done = enter(JAN)
    assert done is not None
    assert done.must_enrol
    facts = sessions.resolve(done.session)
    assert facts is not None
    assert facts.must_enrol


@pytest.mark.parametrize("typed", ["AN.Peeters@Demo.Example", "  an.peeters@demo.example "])
def test_the_address_is_compared_without_case_and_space(typed: str) -> None:
    assert enter(typed) is not None


def test_a_sign_in_is_good_once() -> None:
    token = sign_in.begin(AN)
    assert sign_in.check_password(token, PASSWORD, HERE)
    again = refusal(lambda: sign_in.check_password(token, PASSWORD, HERE))
    assert (again.code, again.step) == ("expired", "address")


def test_unknown_and_known_addresses_cost_one_hash_and_get_one_answer(hashes: list[str]) -> None:
    answers = []
    for username in (AN, NOBODY):
        hashes.clear()
        token = sign_in.begin(username)
        refused = refusal(partial(sign_in.check_password, token, WRONG, HERE))
        answers.append((refused.code, refused.step, refused.values, refused.field))
        assert hashes == ["check"]
        shown = sign_in.pending(token)
        assert (shown.step, shown.typed, shown.refusal) == ("password", username, "wrong")
    assert answers[0] == answers[1]


@pytest.mark.asvs("6.3.1")
def test_unknown_addresses_are_slowed_down_like_known_ones(still: Still) -> None:
    for username in (AN, NOBODY):
        codes = []
        for n in range(8):
            visit = Visit(f"198.51.100.{n}")
            codes.append(refusal(partial(enter, username, WRONG, visit)).code)
        assert codes == ["wrong"] * 6 + ["too_many_tries"] * 2


def test_the_password_of_an_unknown_address_is_no_password() -> None:
    assert refusal(lambda: enter(NOBODY, "the password of nobody")).code == "wrong"


@pytest.mark.asvs("6.3.1")
def test_parallel_tries_add_up_before_any_hash(still: Still, hashes: list[str]) -> None:
    tokens = [sign_in.begin(AN) for _ in range(12)]
    works = [
        partial(sign_in.check_password, token, WRONG, Visit(f"198.51.100.{n}"))
        for n, token in enumerate(tokens)
    ]
    ends = factories.together(*works)
    codes = sorted(end.code for end in ends if isinstance(end, SignInRefused))
    assert codes == ["too_many_tries"] * 6 + ["wrong"] * 6
    assert hashes == ["check"] * 6


def test_who_waits_gets_no_hash_and_is_told_how_long(still: Still, hashes: list[str]) -> None:
    for n in range(6):
        refusal(partial(enter, AN, WRONG, Visit(f"198.51.100.{n}")))
    hashes.clear()
    token = sign_in.begin(AN)
    refused = refusal(lambda: sign_in.check_password(token, PASSWORD, HERE))
    assert refused.code == "too_many_tries"
    assert refused.values["seconds"] in (2, 3)
    assert sign_in.pending(token).retry_seconds == refused.values["seconds"]
    assert hashes == []
    still.forward(seconds=4)
    assert sign_in.check_password(token, PASSWORD, HERE)


@pytest.mark.asvs("6.3.1")
def test_an_address_is_slowed_down_over_many_accounts(still: Still) -> None:
    codes = [refusal(partial(enter, f"p{n}@demo.example", WRONG)).code for n in range(33)]
    assert codes == ["wrong"] * 31 + ["too_many_tries"] * 2
    assert enter(AN, visit=Visit("203.0.113.9"))


@pytest.mark.asvs("6.3.1")
def test_a_stranger_does_not_slow_down_a_known_browser(still: Still) -> None:
    done = enter(AN)
    assert done is not None
    stranger = Visit("203.0.113.66")
    for _ in range(6):
        refusal(lambda: enter(AN, WRONG, stranger))
    assert refusal(lambda: enter(AN, PASSWORD, stranger)).code == "too_many_tries"
    assert enter(AN, visit=Visit(HERE.address, browser=done.browser))


def test_a_browser_is_known_to_the_accounts_it_signed_in_to_only(still: Still) -> None:
    done = enter(SOFIE)
    assert done is not None
    for n in range(6):
        refusal(partial(enter, AN, WRONG, Visit(f"198.51.100.{n}")))
    thief = Visit("203.0.113.66", browser=done.browser)
    assert refusal(lambda: enter(AN, PASSWORD, thief)).code == "too_many_tries"


def test_a_known_browser_is_slowed_down_too(still: Still) -> None:
    done = enter(AN)
    assert done is not None
    known = Visit(HERE.address, browser=done.browser)
    codes = [refusal(lambda: enter(AN, WRONG, known)).code for _ in range(7)]
    assert codes == ["wrong"] * 6 + ["too_many_tries"]


def test_a_known_browser_keeps_its_cookie() -> None:
    first = enter(AN)
    assert first is not None
    again = enter(AN, visit=Visit(HERE.address, browser=first.browser))
    assert again is not None
    assert again.browser == first.browser
    assert again.session != first.session


def test_the_throttle_holds_no_address_in_the_clear() -> None:
    refusal(lambda: enter(AN, WRONG))
    keys = [row.key for row in factories.rows(Throttle)]
    assert any(key.startswith("account:") for key in keys)
    assert not any("peeters" in key for key in keys)


@pytest.mark.parametrize(
    ("state", "told"), [(AccountState.DISABLED, "disabled"), (AccountState.INVITED, "not_active")]
)
def test_the_state_of_an_account_is_told_to_its_owner_only(state: AccountState, told: str) -> None:
    factories.change(AN, state=state)
    assert refusal(lambda: enter(AN, WRONG)).code == "wrong"
    assert refusal(lambda: enter(AN, PASSWORD)).code == told
    assert [reason for _, _, reason in attempts()] == [told, "wrong_password"]


def test_no_address_is_no_sign_in() -> None:
    refused = refusal(lambda: sign_in.begin("an.peeters"))
    assert (refused.code, refused.step) == ("not_an_address", "address")
    shown = sign_in.pending(refused.token)
    assert (shown.step, shown.typed) == ("address", "an.peeters")


def test_a_sign_in_lasts_ten_minutes(moved: Clock) -> None:
    token = sign_in.begin(AN)
    moved.forward(minutes=9, seconds=50)
    assert sign_in.pending(token).step == "password"
    moved.forward(seconds=15)
    assert sign_in.pending(token).step == "address"
    assert refusal(lambda: sign_in.check_password(token, PASSWORD, HERE)).code == "expired"
    sign_in.begin(SOFIE)
    assert [row.typed for row in factories.rows(PendingSignIn)] == [SOFIE]


def test_only_the_hash_of_a_sign_in_is_stored() -> None:
    token = sign_in.begin(AN)
    assert token not in {row.token_hash for row in factories.rows(PendingSignIn)}


@pytest.mark.parametrize("token", ["", "made up"])
def test_a_made_up_sign_in_leads_to_the_beginning(token: str) -> None:
    assert sign_in.pending(token).step == "address"
    assert refusal(lambda: sign_in.check_password(token, PASSWORD, HERE)).code == "expired"
    assert refusal(lambda: sign_in.check_code(token, "123456", HERE)).code == "expired"


def test_who_is_signed_in_still_begins_past_the_address() -> None:
    token = sign_in.begin_again(factories.own(factories.person(AN)))
    assert sign_in.pending(token).typed == AN
    assert sign_in.check_password(token, PASSWORD, HERE)


@pytest.mark.asvs("6.2.10")
def test_a_password_is_good_for_years(moved: Clock) -> None:
    moved.forward(days=20 * 365)
    done = enter(AN)
    assert done is not None
    assert sessions.resolve(done.session)


def test_a_password_changed_while_it_is_checked_is_the_old_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check = bcrypt.checkpw

    def slow(password: bytes, hashed: bytes) -> bool:
        factories.change(AN, password_hash=passwords.hash_password("another long password"))
        return check(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", slow)
    assert refusal(lambda: enter(AN)).code == "wrong"


# Accounts of a domain.


def test_a_directory_checks_the_passwords_of_its_domain(
    monkeypatch: pytest.MonkeyPatch, hashes: list[str]
) -> None:
    directory = FakeDirectory("of the hospital")
    monkeypatch.setitem(ports.directories, "demo", directory)
    assert refusal(lambda: enter(LEA, PASSWORD)).code == "wrong"
    done = enter(LEA, "of the hospital")
    assert done is not None
    facts = sessions.resolve(done.session)
    assert facts is not None
    assert facts.domain == "uz-demo.example"
    assert directory.asked == [LEA, LEA]
    assert hashes == []
    assert attempts(LEA) == [
        (Means.DIRECTORY, Outcome.SUCCESS, ""),
        (Means.DIRECTORY, Outcome.FAILURE, "wrong_password"),
    ]


@pytest.mark.asvs("6.3.4")
def test_a_local_password_never_opens_an_account_of_a_domain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ports.directories, "demo", FakeDirectory("of the hospital"))
    factories.change(LEA, password_hash=passwords.hash_password("a local password"))
    assert refusal(lambda: enter(LEA, "a local password")).code == "wrong"


def test_a_directory_that_is_down_lets_nobody_in_and_harms_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ports.directories, "demo", FakeDirectory(reason="unreachable"))
    assert refusal(lambda: enter(LEA)).code == "directory_unreachable"
    assert attempts(LEA) == [(Means.DIRECTORY, Outcome.FAILURE, "directory_unreachable")]
    assert enter(AN)


def test_a_directory_that_nobody_plugged_in_is_down() -> None:
    with db.writing() as session:
        domain = session.get_one(Domain, factories.person(LEA).domain_id)
        domain.directory = "unknown"
        session.add(domain)
    assert refusal(lambda: enter(LEA)).code == "directory_unreachable"


# The code of an authenticator.


@pytest.mark.asvs("6.3.3", "6.3.4")
def test_with_a_device_a_password_is_not_enough(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    token = at_code()
    assert sign_in.pending(token).step == "code"
    done = sign_in.check_code(token, factories.code(secret), HERE)
    assert sessions.resolve(done.session)
    assert attempts() == [(Means.AUTHENTICATOR, Outcome.SUCCESS, "")]


@pytest.mark.asvs("6.3.4")
def test_a_code_without_its_password_opens_nothing() -> None:
    _, secret = factories.device(factories.person(AN))
    token = sign_in.begin(AN)
    refused = refusal(lambda: sign_in.check_code(token, factories.code(secret), HERE))
    assert (refused.code, refused.step) == ("expired", "address")


def test_a_wrong_code_may_be_tried_again(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    token = at_code()
    refused = refusal(lambda: sign_in.check_code(token, "no code", HERE))
    assert (refused.code, refused.step) == ("wrong_code", "code")
    assert attempts() == [(Means.AUTHENTICATOR, Outcome.FAILURE, "wrong_code")]
    assert sign_in.check_code(token, factories.code(secret), HERE)


def test_the_code_of_another_accounts_device_is_wrong(moved: Clock) -> None:
    factories.device(factories.person(AN))
    _, other = factories.device(factories.person(SOFIE))
    moved.start_of_step()
    token = at_code()
    assert refusal(lambda: sign_in.check_code(token, factories.code(other), HERE)).code == (
        "wrong_code"
    )


@pytest.mark.asvs("6.5.1")
def test_one_code_in_two_browsers_at_once_opens_one(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    code = factories.code(secret)
    works = [partial(sign_in.check_code, at_code(), code, HERE) for _ in range(2)]
    ends = factories.together(*works)
    assert sum(isinstance(end, SignedIn) for end in ends) == 1
    assert [end.code for end in ends if isinstance(end, SignInRefused)] == ["wrong_code"]


def wrong_codes(token: str, times: int) -> list[str]:
    return [refusal(lambda: sign_in.check_code(token, "", HERE)).code for _ in range(times)]


@pytest.mark.asvs("6.3.1", "6.5.5")
def test_five_wrong_codes_lock_for_the_time_of_the_region(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    token = at_code()
    assert wrong_codes(token, 5) == ["wrong_code"] * 4 + ["locked"]
    assert factories.person(AN).state == AccountState.LOCKED
    assert [row.template for row in factories.rows(OutboxMessage)] == ["account_locked"]
    assert refusal(lambda: sign_in.check_code(token, factories.code(secret), HERE)).code == (
        "expired"  # the password must be proven anew
    )
    assert refusal(lambda: enter(AN)).code == "locked"
    assert refusal(lambda: enter(AN, WRONG)).code == "wrong"
    moved.forward(minutes=14, seconds=50)
    assert refusal(lambda: enter(AN)).code == "locked"
    moved.forward(seconds=15)
    moved.start_of_step()
    assert sign_in.check_code(at_code(), factories.code(secret), HERE)
    assert factories.person(AN).state == AccountState.ACTIVE


def test_a_lock_takes_the_time_that_the_region_says(moved: Clock) -> None:
    short = factories.region(lock_seconds=60)
    someone = factories.account(region_id=short.id)
    factories.device(someone)
    wrong_codes(at_code(someone.username), 5)
    moved.forward(seconds=50)
    assert refusal(lambda: enter(someone.username)).code == "locked"
    moved.forward(seconds=12)
    assert at_code(someone.username)


def test_wrong_codes_count_over_sign_ins_and_in_a_row_only(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    wrong_codes(at_code(), 4)
    assert sign_in.check_code(at_code(), factories.code(secret), HERE)
    assert wrong_codes(at_code(), 2) == ["wrong_code"] * 2
    assert wrong_codes(at_code(), 3) == ["wrong_code"] * 2 + ["locked"]


def test_parallel_wrong_codes_add_up() -> None:
    factories.device(factories.person(AN))
    token = at_code()
    ends = factories.together(*[lambda: sign_in.check_code(token, "", HERE)] * 8)
    codes = [end.code for end in ends if isinstance(end, SignInRefused)]
    assert codes.count("wrong_code") == 4
    assert len(factories.rows(OutboxMessage)) == 1


@pytest.mark.asvs("6.3.1")
def test_a_stranger_without_the_password_cannot_lock() -> None:
    factories.device(factories.person(AN))
    for _ in range(12):
        refusal(lambda: enter(AN, WRONG, Visit("203.0.113.66")))
    assert factories.person(AN).state == AccountState.ACTIVE


def test_an_account_disabled_between_the_steps_is_told_so(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    token = at_code()
    factories.change(AN, state=AccountState.DISABLED)
    refused = refusal(lambda: sign_in.check_code(token, factories.code(secret), HERE))
    assert (refused.code, refused.step) == ("disabled", "password")
    assert attempts() == [(Means.AUTHENTICATOR, Outcome.FAILURE, "disabled")]
    with db.writing() as session:  # and the code was not spent
        assert totp.spend(session, factories.own(factories.person(AN)), factories.code(secret))


def test_history_is_pruned_at_sign_in() -> None:
    someone = factories.own(factories.person(AN))
    with db.writing() as session:
        for _ in range(1010):
            history.record(session, someone, HERE, Means.PASSWORD, Outcome.FAILURE, "wrong_code")
    enter(AN)
    assert len(history.latest(someone, 5000)) == 1000
