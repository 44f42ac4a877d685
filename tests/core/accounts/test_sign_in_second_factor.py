"""Signing in: the second factor."""

from collections.abc import Callable
from functools import partial
from itertools import count

import pytest

from pacs_settings.core import db, secrets
from pacs_settings.core.accounts import fresh_proof, send_limits, sessions, sign_in
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.second_factor import recovery, totp
from pacs_settings.core.accounts.sign_in import SignedIn, SignInRefused
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import AccountState, Means, Method, OutboxMessage, Outcome, Throttle
from tests import factories, seen
from tests.core.accounts.entering import (
    WRONG,
    answer,
    attempts,
    enter,
    half,
    mailed,
    refusal,
    refused,
    texted,
    uses,
    wrong_codes,
)
from tests.core.conftest import Clock
from tests.factories import AN, HERE, PASSWORD, SOFIE

pytestmark = pytest.mark.usefixtures("database")
Received = Callable[[], str]
SENT = [(Method.SMS, texted), (Method.EMAIL, mailed)]
AUTHENTICATOR = "authenticator"


@pytest.fixture(autouse=True)
def no_two_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random codes are the same once in a million times."""
    made = count(123_456, 7_919)
    monkeypatch.setattr(secrets, "new_digits", lambda: f"{next(made):06}")


def not_the(code: str) -> str:
    """Six digits that are not this code."""
    return f"{(int(code) + 1) % 1_000_000:06}"


# An authenticator.


@pytest.mark.asvs("6.3.3", "6.3.4")
def test_with_a_device_a_password_is_not_enough(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    token = half()
    shown = sign_in.pending(token)
    assert (shown.step, shown.method, shown.code_seconds) == ("code", "authenticator", 0)
    done = answer(token, AUTHENTICATOR, factories.code(secret))
    assert sessions.resolve(done.session)
    assert attempts() == [(Means.AUTHENTICATOR, Outcome.SUCCESS, "")]


def test_a_wrong_code_may_be_tried_again(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    token = half()
    told = refusal(lambda: answer(token, AUTHENTICATOR, "no code"))
    assert (told.code, told.step, told.token) == ("wrong_code", "code", token)
    assert attempts() == [(Means.AUTHENTICATOR, Outcome.FAILURE, "wrong_code")]
    assert answer(token, AUTHENTICATOR, factories.code(secret))


def test_the_code_of_another_accounts_device_is_wrong(moved: Clock) -> None:
    factories.device(factories.person(AN))
    _, other = factories.device(factories.person(SOFIE))
    moved.start_of_step()
    token = half()
    assert refusal(lambda: answer(token, AUTHENTICATOR, factories.code(other))).code == "wrong_code"


def test_the_same_code_does_not_sign_in_twice(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    code, later = factories.code(secret), factories.code(secret, 1)
    assert answer(half(), AUTHENTICATOR, code)
    token = half()
    assert refusal(lambda: answer(token, AUTHENTICATOR, code)).code == "wrong_code"
    assert answer(token, AUTHENTICATOR, later)
    token = half()
    for former in (code, later):  # A, B, A, and B
        assert refusal(partial(answer, token, AUTHENTICATOR, former)).code == "wrong_code"


@pytest.mark.asvs("6.5.1")
def test_one_code_in_two_browsers_at_once_opens_one(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    code = factories.code(secret)
    ends = factories.together(*[partial(answer, half(), AUTHENTICATOR, code) for _ in range(2)])
    assert sum(isinstance(end, SignedIn) for end in ends) == 1
    assert [end.code for end in ends if isinstance(end, SignInRefused)] == ["wrong_code"]


def test_an_account_disabled_between_the_steps_is_told_so(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    token = half()
    factories.change(AN, state=AccountState.DISABLED)
    told = refusal(lambda: answer(token, AUTHENTICATOR, factories.code(secret)))
    assert (told.code, told.step) == ("disabled", "password")
    assert attempts() == [(Means.AUTHENTICATOR, Outcome.FAILURE, "disabled")]
    with db.writing() as session:  # and the code was not spent
        assert totp.spend(session, factories.own(factories.person(AN)), factories.code(secret))


# Codes that are sent.


@pytest.mark.parametrize(("method", "received"), SENT)
@pytest.mark.asvs("6.5.1")
def test_a_code_is_sent_and_opens_a_session_once(method: Method, received: Received) -> None:
    uses(method)
    token = half()
    shown = sign_in.pending(token)
    assert (shown.step, shown.method) == ("code", method)
    assert 590 < shown.code_seconds <= 600
    code = received()
    done = answer(token, method, f" {code[:3]}-{code[3:]} ")
    assert sessions.resolve(done.session)
    assert attempts() == [(Means(method), Outcome.SUCCESS, "")]
    assert refusal(lambda: answer(token, method, code)).code == "expired"
    again = half()
    assert refusal(lambda: answer(again, method, code)).code == "wrong_code"


def test_a_code_goes_to_the_mobile_on_file_or_to_the_address_of_the_account() -> None:
    uses(Method.SMS)
    half()
    assert [to for to, _ in seen.post().texts] == [factories.person(AN).mobile_phone]
    uses(Method.EMAIL)
    half("AN.PEETERS@demo.example")
    assert [to for to, subject, _ in seen.post().mails if "one-time" in subject] == [AN]


@pytest.mark.parametrize(("method", "received"), SENT)
@pytest.mark.parametrize(("region", "seconds"), [(600, 600), (45, 45), (3600, 600)])
@pytest.mark.asvs("6.5.5")
def test_a_code_is_valid_for_the_time_of_the_region_and_ten_minutes_at_most(
    moved: Clock, method: Method, received: Received, region: int, seconds: int
) -> None:
    place = factories.region(code_seconds=region)
    owner = factories.account(region_id=place.id, second_factor=method, mobile_phone="+32470123400")
    tokens = [half(owner.username)]
    codes = [received()]
    moved.forward(seconds=seconds - 5)  # some are for this machine; test_codes.py has the last one
    assert answer(tokens[0], method, codes[0])
    tokens.append(half(owner.username))
    codes.append(received())
    moved.forward(seconds=seconds + 1)
    assert refusal(lambda: answer(tokens[1], method, codes[1])).code == "wrong_code"


@pytest.mark.parametrize(("method", "received"), SENT)
@pytest.mark.asvs("6.6.2")
def test_only_the_last_code_counts(method: Method, received: Received) -> None:
    uses(method)
    token = half()
    first = received()
    assert sign_in.send_again(token, HERE) == method
    second = received()
    assert refusal(lambda: answer(token, method, first)).code == "wrong_code"
    assert answer(token, method, second)


@pytest.mark.parametrize(("method", "received"), SENT)
@pytest.mark.asvs("6.5.1")
def test_one_sent_code_twice_at_once_opens_one_session(method: Method, received: Received) -> None:
    uses(method)
    token = half()
    code = received()
    ends = factories.together(*[partial(answer, token, method, code)] * 4)
    assert sum(isinstance(end, SignedIn) for end in ends) == 1


@pytest.mark.parametrize(("method", "received"), SENT)
@pytest.mark.asvs("6.6.2")
def test_a_code_is_of_one_sign_in(method: Method, received: Received) -> None:
    uses(method)
    mine = half()
    code = received()
    other = half()
    received()
    assert refusal(lambda: answer(other, method, code)).code == "wrong_code"
    assert answer(mine, method, code)


@pytest.mark.parametrize(("method", "received"), SENT)
def test_a_code_is_of_one_account(method: Method, received: Received) -> None:
    for username in (AN, SOFIE):
        uses(method, username)
    theirs = half(SOFIE)
    code = received()
    mine = half(AN)
    received()
    assert refusal(lambda: answer(mine, method, code)).code == "wrong_code"
    assert answer(theirs, method, code)


@pytest.mark.parametrize(("method", "received"), SENT)
@pytest.mark.asvs("6.6.2")
def test_a_code_is_of_one_purpose(method: Method, received: Received) -> None:
    uses(method)
    actor = factories.actor(factories.person(AN))
    fresh_proof.begin(actor)
    proof = received()
    token = half()
    code = received()
    assert refusal(lambda: answer(token, method, proof)).code == "wrong_code"
    with pytest.raises(Refused):
        fresh_proof.by_factor(actor, method, code)
    assert answer(token, method, code)


def test_a_code_for_a_number_that_was_replaced_is_wrong() -> None:
    uses(Method.SMS)
    token = half()
    code = texted()
    factories.change(AN, mobile_phone="+32470999999")
    assert refusal(lambda: answer(token, Method.SMS, code)).code == "wrong_code"


def test_without_a_mobile_phone_another_way_is_left() -> None:
    uses(Method.SMS)
    [code, *_] = recovery.renew(factories.actor(factories.person(AN)))
    factories.change(AN, mobile_phone=None)
    told = refusal(half)
    assert (told.code, told.step) == ("no_mobile", "code")
    assert answer(told.token, "recovery", code)


# A flood.


@pytest.mark.parametrize("channel", ["sms", "mail"])
def test_a_refused_send_leaves_the_former_code_as_it_was(
    monkeypatch: pytest.MonkeyPatch, channel: str
) -> None:
    method, received = SENT[channel == "mail"]
    monkeypatch.setitem(send_limits.MOST[channel], "account", 2)
    uses(method)
    token = half()
    sign_in.send_again(token, HERE)
    code = received()
    before = seen.stored()
    told = refusal(lambda: sign_in.send_again(token, HERE))
    assert (told.code, told.step, told.token) == ("too_many_codes", "code", token)
    assert without_refusal(seen.stored()) == without_refusal(before)
    shown = sign_in.pending(token)
    assert (shown.step, shown.refusal) == ("code", "too_many_codes")
    assert answer(token, method, code)


def without_refusal(stored: str) -> str:
    return stored.replace("too_many_codes", "")


def test_who_gets_no_code_at_once_may_ask_later_in_the_same_sign_in(
    moved: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(send_limits.MOST["sms"], "account", 6)
    uses(Method.SMS)
    for _ in range(6):
        half()
    told = refusal(half)
    assert (told.code, told.step) == ("too_many_codes", "code")
    assert sign_in.pending(told.token).step == "code"
    moved.forward(minutes=10)
    sign_in.send_again(told.token, HERE)
    assert answer(told.token, Method.SMS, texted())


@pytest.mark.asvs("6.6.3")
def test_a_flood_of_text_messages_stops_whoever_sends_it() -> None:
    uses(Method.SMS)
    for n in range(10):
        half(AN, visit=Visit(f"198.51.100.{n}"))
    assert refusal(lambda: half(AN, visit=Visit("198.51.100.99"))).code == "too_many_codes"
    assert len(seen.post().texts) == 10


# The second step is not skipped.


@pytest.mark.asvs("6.3.4")
def test_a_code_without_its_password_opens_nothing(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    token = sign_in.begin(AN)
    told = refusal(lambda: answer(token, AUTHENTICATOR, factories.code(secret)))
    assert (told.code, told.step) == ("expired", "address")
    refusal(lambda: sign_in.check_password(token, WRONG, HERE))
    told = refusal(lambda: answer(token, AUTHENTICATOR, factories.code(secret)))
    assert (told.code, told.step) == ("expired", "address")


def test_without_the_password_nothing_is_sent() -> None:
    uses(Method.SMS)
    token = sign_in.begin(AN)
    assert refusal(lambda: sign_in.send_again(token, HERE)).code == "expired"
    assert refused(AN) == "wrong"
    assert seen.post().texts == []


def test_who_knew_the_sign_in_before_its_password_does_not_know_it_after(moved: Clock) -> None:
    """Whoever plants a sign-in in another's browser gains nothing from the password typed there."""
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    planted = sign_in.begin(AN)
    step = sign_in.check_password(planted, PASSWORD, HERE)
    assert not isinstance(step, SignedIn)
    assert step.token != planted
    assert sign_in.pending(planted).step == "address"
    told = refusal(lambda: answer(planted, AUTHENTICATOR, factories.code(secret)))
    assert told.code == "expired"
    assert answer(step.token, AUTHENTICATOR, factories.code(secret))


@pytest.mark.parametrize("means", ["", "none", "password", "sms", "email", "passkey", "nonsense"])
def test_only_the_factor_that_was_asked_for_is_accepted(moved: Clock, means: str) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    token = half()
    assert refusal(lambda: answer(token, means, factories.code(secret))).code == "expired"


def test_a_password_alone_is_no_answer_where_a_factor_was_taken_away_meanwhile() -> None:
    factories.device(factories.person(AN))
    token = half()
    factories.change(AN, second_factor=Method.NONE)
    assert refusal(lambda: answer(token, "none", "")).code == "expired"


def test_the_second_step_lasts_half_an_hour(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    token = sign_in.begin(AN)
    moved.forward(minutes=9, seconds=50)
    step = sign_in.check_password(token, PASSWORD, HERE)
    assert not isinstance(step, SignedIn)
    moved.forward(minutes=29)
    sign_in.begin(SOFIE)  # clears away what is over, and no more
    assert sign_in.pending(step.token).step == "code"
    moved.forward(minutes=2)
    moved.start_of_step()
    told = refusal(lambda: answer(step.token, AUTHENTICATOR, factories.code(secret)))
    assert (told.code, told.step) == ("expired", "address")


# Recovery codes.


def test_a_recovery_code_takes_the_place_of_any_factor() -> None:
    uses(Method.EMAIL)
    codes = recovery.renew(factories.actor(factories.person(AN)))
    assert answer(half(), "recovery", codes[0].lower())
    assert attempts()[0] == (Means.RECOVERY, Outcome.SUCCESS, "")
    token = half()
    assert refusal(lambda: answer(token, "recovery", codes[0])).code == "wrong_code"
    assert answer(token, "recovery", codes[1])


# Guessing.


@pytest.mark.asvs("6.3.1", "6.5.5", "6.6.3")
def test_five_wrong_codes_lock_for_the_time_of_the_region(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    token = half()
    assert wrong_codes(token, 5) == ["wrong_code"] * 4 + ["locked"]
    assert factories.person(AN).state == AccountState.LOCKED
    assert [row.template for row in factories.rows(OutboxMessage)] == ["account_locked"]
    assert refusal(lambda: answer(token, AUTHENTICATOR, factories.code(secret))).code == (
        "expired"  # the password must be proven anew
    )
    assert refused(AN, PASSWORD) == "locked"
    assert refused(AN) == "wrong"
    moved.forward(minutes=14, seconds=50)
    assert refused(AN, PASSWORD) == "locked"
    moved.forward(seconds=15)
    moved.start_of_step()
    assert answer(half(), AUTHENTICATOR, factories.code(secret))
    assert factories.person(AN).state == AccountState.ACTIVE


def test_a_lock_takes_the_time_that_the_region_says(moved: Clock) -> None:
    short = factories.region(lock_seconds=60)
    someone = factories.account(region_id=short.id)
    factories.device(someone)
    wrong_codes(half(someone.username), 5)
    moved.forward(seconds=50)
    assert refused(someone.username, PASSWORD) == "locked"
    moved.forward(seconds=12)
    assert half(someone.username)


def test_a_lock_stops_every_sign_in_under_way(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    waiting = half()
    wrong_codes(half(), 5)
    told = refusal(lambda: answer(waiting, AUTHENTICATOR, factories.code(secret)))
    assert (told.code, told.step) == ("locked", "password")
    assert attempts()[0] == (Means.AUTHENTICATOR, Outcome.FAILURE, "locked")


def test_wrong_codes_count_over_sign_ins_and_in_a_row_only(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    wrong_codes(half(), 4)
    assert answer(half(), AUTHENTICATOR, factories.code(secret))
    assert wrong_codes(half(), 2) == ["wrong_code"] * 2
    assert wrong_codes(half(), 3) == ["wrong_code"] * 2 + ["locked"]


def test_wrong_codes_add_up_over_addresses_browsers_means_and_purposes() -> None:
    uses(Method.SMS)
    owner = factories.person(AN)
    actor = factories.actor(owner)
    for n, means in enumerate(("sms", "recovery")):
        visit = Visit(f"198.51.100.{n}", browser=f"browser {n}")
        refusal(partial(answer, half(AN, visit=visit), means, "000", visit))
    for means in ("sms", "recovery"):
        with pytest.raises(Refused) as refused_there:
            fresh_proof.by_factor(actor, means, "000")
        assert refused_there.value.code == "wrong_code"
    assert refusal(lambda: answer(half(), "sms", "000")).code == "locked"


def test_a_sign_in_without_a_code_does_not_begin_the_count_anew(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    done = sign_in.check_code(half(), AUTHENTICATOR, factories.code(secret), HERE, remember=True)
    remembered = Visit(HERE.address, browser=done.browser)
    wrong_codes(half(), 4)
    enter(AN, visit=remembered)
    assert wrong_codes(half(), 1) == ["locked"]


def test_parallel_wrong_codes_add_up() -> None:
    factories.device(factories.person(AN))
    token = half()
    ends = factories.together(*[lambda: answer(token, AUTHENTICATOR, "")] * 8)
    codes = [end.code for end in ends if isinstance(end, SignInRefused)]
    assert codes.count("wrong_code") == 4
    assert codes.count("locked") >= 1
    assert len(factories.rows(OutboxMessage)) == 1


@pytest.mark.parametrize(("method", "received"), SENT)
@pytest.mark.asvs("6.6.3")
def test_guessing_a_sent_code_locks_and_the_code_is_worth_nothing(
    moved: Clock, method: Method, received: Received
) -> None:
    uses(method)
    token = half()
    code = received()
    assert [refusal(lambda: answer(token, method, not_the(code))).code for _ in range(5)] == (
        ["wrong_code"] * 4 + ["locked"]
    )
    assert refusal(lambda: answer(token, method, code)).code == "expired"


# Nothing is kept in the clear.


@pytest.mark.parametrize(("method", "received"), SENT)
def test_no_code_and_no_token_is_stored(method: Method, received: Received) -> None:
    uses(method)
    first = sign_in.begin(AN)
    step = sign_in.check_password(first, PASSWORD, HERE)
    assert not isinstance(step, SignedIn)
    code = received()
    kept = seen.stored()
    done = answer(step.token, method, code)
    links = [seen.links_in(body) for _to, _subject, body in seen.post().mails]
    kept += seen.stored()
    tokens = [first, step.token, done.session.partition(".")[2], done.browser]
    tokens += [token for found in links for token in found.values()]
    assert len(tokens) > 4
    for secret in (*tokens, f"'{code}'", f'"{code}"'):
        assert secret not in kept


def test_what_waits_to_be_sent_is_sealed() -> None:
    uses(Method.SMS)
    half()
    [row] = factories.rows(OutboxMessage)
    code = texted()
    assert code not in str((row.values, row.sealed, row.to, row.message_id))
    [row] = factories.rows(OutboxMessage)
    assert row.sealed == ""


def test_no_code_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    uses(Method.SMS)
    with caplog.at_level(1, logger=""):
        token = half()
        code = texted()
        refusal(lambda: answer(token, Method.SMS, not_the(code)))
        answer(token, Method.SMS, code)
    for secret in (code, not_the(code), token, PASSWORD):
        assert secret not in caplog.text


def test_what_is_counted_names_neither_number_nor_address() -> None:
    uses(Method.SMS)
    half()
    keys = str([row.key for row in factories.rows(Throttle)])
    assert "send:sms:to:" in keys
    assert (factories.person(AN).mobile_phone or "") not in keys
    assert AN not in keys
