"""Ten recovery codes."""

import logging
import math
import re
from collections.abc import Callable
from functools import partial

import pytest
import sqlalchemy as sa

from pacs_settings.core import db
from pacs_settings.core.accounts import fresh_proof, history, sign_in
from pacs_settings.core.accounts.second_factor import chosen, proof, recovery
from pacs_settings.core.accounts.second_factor.factor import Attempt
from pacs_settings.core.accounts.sign_in import NextStep, SignedIn, SignInRefused
from pacs_settings.core.tables import (
    Account,
    AccountState,
    AuditEntry,
    Means,
    Method,
    OutboxMessage,
    RecoveryCode,
    Region,
)
from tests import factories, seen
from tests.core.conftest import Clock
from tests.factories import AN, HERE, PASSWORD, SOFIE

pytestmark = pytest.mark.usefixtures("database")


def codes(username: str = AN) -> list[str]:
    """Ten new ones, of an account that has an authenticator."""
    account = factories.person(username)
    if account.second_factor == Method.NONE:
        factories.device(account)
    return recovery.renew(factories.actor(account))


def prove(typed: str, username: str = AN) -> bool:
    with db.writing() as session:
        account = session.get_one(Account, factories.person(username).id, with_for_update=True)
        region = session.get_one(Region, account.region_id)
        attempt = Attempt(account, region, "proof", "a session", HERE)
        return recovery.RecoveryCodes().prove(session, attempt, typed)


def left(username: str = AN) -> int:
    return recovery.left(factories.own(factories.person(username)))


def at_code(username: str = AN) -> NextStep:
    step = sign_in.check_password(sign_in.begin(username), PASSWORD, HERE)
    assert isinstance(step, NextStep)
    return step


@pytest.mark.asvs("6.5.2", "6.5.4")
def test_there_are_ten_different_ones_hard_to_guess_and_easy_to_read() -> None:
    made = codes()
    assert len(set(made)) == 10
    assert left() == 10
    for code in made:
        assert re.fullmatch(r"[2-9A-HJKMNP-Z]{4}(-[2-9A-HJKMNP-Z]{4}){5}", code)
        assert (len(code) - 5) * math.log2(len(recovery.ALPHABET)) >= 112
        assert not set("01ILOU") & set(code)


@pytest.mark.asvs("6.5.1")
def test_each_works_once() -> None:
    for used, code in enumerate(codes(), start=1):
        assert prove(code)
        assert not prove(code)
        assert left() == 10 - used


@pytest.mark.parametrize(
    "typed",
    [
        str,
        str.lower,
        lambda code: f"  {code}\n",
        lambda code: code.replace("-", ""),
        lambda code: code.replace("-", " "),
        lambda code: code.replace("-", "\u2013"),
        lambda code: code.replace("-", "\u2212"),
    ],
)
def test_it_may_be_typed_in_small_letters_and_with_any_dashes_or_none(
    typed: Callable[[str], str],
) -> None:
    [code, *_] = codes()
    assert prove(typed(code))


@pytest.mark.parametrize(
    "typed", ["", "-", "AAAA-AAAA-AAAA", "\0", "\ud800", "%", "A" * 100_000, "'; DROP TABLE x --"]
)
def test_what_is_no_code_proves_nothing(typed: str) -> None:
    codes()
    assert not prove(typed)
    assert left() == 10


def test_part_of_a_code_or_more_than_one_proves_nothing() -> None:
    made = codes()
    assert not prove(made[0][:-1])
    assert not prove(made[0] + "A")
    assert not prove(made[0] + made[1])
    assert left() == 10


@pytest.mark.asvs("6.5.1")
def test_of_two_uses_at_once_one_wins() -> None:
    [code, *_] = codes()
    assert sorted(factories.together(*[partial(prove, code)] * 4)) == [False, False, False, True]
    assert left() == 9


def test_codes_of_another_account_are_worth_nothing() -> None:
    mine, theirs = codes(AN), codes(SOFIE)
    assert not prove(theirs[0], AN)
    assert not prove(mine[0], SOFIE)
    assert (left(AN), left(SOFIE)) == (10, 10)


def test_a_row_given_to_another_account_is_worth_nothing_there() -> None:
    made = codes(AN)
    factories.device(factories.person(SOFIE))
    with db.writing() as session:
        session.execute(sa.update(RecoveryCode).values(account_id=factories.person(SOFIE).id))
    assert not prove(made[0], SOFIE)


def test_after_renewal_the_former_ones_are_worth_nothing() -> None:
    former = codes()
    theirs = codes(SOFIE)
    new = codes()
    assert not any(prove(code) for code in former)
    assert left() == 10
    assert prove(new[0])
    assert prove(theirs[0], SOFIE)


def test_without_a_second_factor_there_is_nothing_to_recover() -> None:
    actor = factories.actor(factories.person(AN))
    assert seen.refusal(lambda: recovery.renew(actor)).code == "no_second_factor"
    assert factories.rows(RecoveryCode) == []


def test_without_a_second_factor_the_former_ones_are_gone() -> None:
    made = codes()
    chosen.do_without(factories.actor(factories.person(AN)))
    assert left() == 0
    assert not prove(made[0])


# Mails.


def test_each_use_is_mailed_and_the_last_ones_with_a_warning() -> None:
    for code in codes():
        prove(code)
    rows = factories.rows(OutboxMessage)
    assert [row.template for row in rows] == [
        "recovery_renewed",
        *["recovery_used"] * 6,
        *["recovery_low"] * 4,
    ]
    assert [row.values["detail"] for row in rows[1:]] == [str(n) for n in range(9, -1, -1)]


def test_the_warning_says_how_many_are_left_and_from_where_it_was() -> None:
    for code in codes()[:7]:
        prove(code)
    body = seen.post().to(AN)[-1]
    assert "only 3 left" in body
    assert HERE.address in body
    assert "lock" in seen.links_in(body)


def test_a_wrong_one_is_not_mailed() -> None:
    codes()
    prove("AAAA-AAAA-AAAA")
    assert [row.template for row in factories.rows(OutboxMessage)] == ["recovery_renewed"]


# Secrecy.


def test_no_code_is_anywhere_in_plain(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    made = codes()
    assert prove(made[0])
    everything = seen.stored() + "".join(seen.post().to(AN)) + caplog.text
    for code in made:
        assert code not in everything
        assert code.replace("-", "") not in everything
    [*_, entry] = factories.rows(AuditEntry)
    assert (entry.tag, entry.before, entry.after) == ("account:recovery_codes:renewed", {}, {})


def test_the_same_code_is_kept_differently_for_each_account() -> None:
    one, other = (
        recovery._mark(factories.own(factories.person(username)), "ABCD-EFGH-JKMN")
        for username in (AN, SOFIE)
    )
    assert one != other


# Where they are used.


@pytest.mark.asvs("6.4.4")
def test_a_recovery_code_signs_in_in_place_of_the_second_factor() -> None:
    [code, *_] = codes()
    done = sign_in.check_code(at_code().token, "recovery", code, HERE)
    assert isinstance(done, SignedIn)
    assert history.latest(factories.own(factories.person(AN)))[0].means == Means.RECOVERY
    assert factories.person(AN).second_factor == Method.AUTHENTICATOR
    with pytest.raises(SignInRefused) as refused:
        sign_in.check_code(at_code().token, "recovery", code, HERE)
    assert refused.value.code == "wrong_code"


def test_it_proves_that_it_is_the_owner() -> None:
    [code, *_] = codes()
    actor = factories.actor(factories.person(AN))
    fresh_proof.by_factor(actor, "recovery", code)
    refused = seen.refusal(lambda: fresh_proof.by_factor(actor, "recovery", code))
    assert refused.code == "wrong_code"


def test_an_account_without_a_second_factor_cannot_use_one() -> None:
    made = codes()
    factories.change(AN, second_factor=Method.NONE)
    actor = factories.actor(factories.person(AN))
    refused = seen.refusal(lambda: fresh_proof.by_factor(actor, "recovery", made[0]))
    assert refused.code == "no_second_factor"
    assert left() == 10


def test_five_wrong_ones_lock_the_account(moved: Clock) -> None:
    [code, *_] = codes()
    step = at_code()
    refusals = []
    for _ in range(proof.CODES_BEFORE_LOCK):
        with pytest.raises(SignInRefused) as refused:
            sign_in.check_code(step.token, "recovery", "AAAA-AAAA-AAAA", HERE)
        refusals.append(refused.value.code)
    assert refusals == ["wrong_code"] * 4 + ["locked"]
    assert factories.person(AN).state == AccountState.LOCKED
    with pytest.raises(SignInRefused):
        sign_in.check_code(step.token, "recovery", code, HERE)
    assert left() == 10
    moved.forward(minutes=16)
    assert isinstance(sign_in.check_code(at_code().token, "recovery", code, HERE), SignedIn)


def test_a_locked_account_uses_none_up() -> None:
    [code, *_] = codes()
    factories.change(AN, state=AccountState.LOCKED)
    actor = factories.actor(factories.person(AN))
    refused = seen.refusal(lambda: fresh_proof.by_factor(actor, "recovery", code))
    assert refused.code == "locked"
    assert left() == 10
