"""Answering with a passkey: signing in, proving oneself, and all that must be refused."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from pacs_settings.core import audit, db
from pacs_settings.core.accounts import fresh_proof, history, sessions, sign_in
from pacs_settings.core.accounts.second_factor import codes, passkeys
from pacs_settings.core.accounts.second_factor.factor import Attempt
from pacs_settings.core.accounts.sign_in import NextStep, SignedIn, SignInRefused
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import (
    Account,
    AccountState,
    Challenge,
    Means,
    Method,
    Passkey,
    Region,
)
from tests import factories, seen
from tests.authenticator import PRESENT, VERIFIED, Authenticator, Browser, altered, base64url
from tests.core.conftest import Clock
from tests.factories import AN, HERE, PASSWORD, SOFIE

pytestmark = pytest.mark.usefixtures("database")


def register(username: str = AN, name: str = "Laptop") -> Authenticator:
    """A passkey of the account."""
    actor = factories.actor(factories.person(username))
    key = Authenticator()
    passkeys.register(actor, name, key.create(passkeys.begin(actor)))
    return key


def at_passkey(username: str = AN) -> str:
    """The token of a sign-in whose password was right and which asks for the passkey."""
    step = sign_in.check_password(sign_in.begin(username), PASSWORD, HERE)
    assert isinstance(step, NextStep)
    assert step.method == Method.PASSKEY
    return step.token


def answer(token: str, key: Authenticator, browser: Browser | None = None) -> str:
    return key.sign(sign_in.challenge(token, HERE), browser)


def enter(token: str, given: str) -> SignedIn:
    return sign_in.check_code(token, "passkey", given, HERE)


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(SignInRefused) as found:
        work()
    return found.value.code


# Signing in.


def test_a_passkey_signs_in() -> None:
    key = register()
    token = at_passkey()
    done = enter(token, answer(token, key))
    facts = sessions.resolve(done.session)
    assert facts is not None
    assert facts.account_id == factories.person(AN).id
    latest = history.latest(facts.account_id)[0]
    assert (latest.means, latest.outcome) == (Means.PASSKEY, "success")
    [row] = factories.rows(Passkey)
    assert row.sign_count == 1
    assert row.used_at is not None
    assert passkeys.keys(facts.account_id)[0].used_at == row.used_at.isoformat()


def test_it_signs_in_again_and_again() -> None:
    key = register()
    for _ in range(3):
        token = at_passkey()
        assert enter(token, answer(token, key))
    assert factories.rows(Passkey)[0].sign_count == 3


def test_a_passkey_that_does_not_count_signs_in_again_and_again() -> None:
    key = register()
    for _ in range(3):
        key.count = -1  # as passkeys that are kept in a cloud do: always 0
        token = at_passkey()
        assert enter(token, answer(token, key))


def test_a_passkey_that_cannot_verify_its_user_is_enough_beside_a_password() -> None:
    key = register()
    key.flags = PRESENT
    token = at_passkey()
    assert enter(token, answer(token, key))


def test_the_challenge_names_the_passkeys_of_the_account_only() -> None:
    mine, theirs = register(AN), register(SOFIE)
    options = sign_in.challenge(at_passkey(), HERE)
    text = json.dumps(options)
    assert base64url(mine.identifier) in text
    assert base64url(theirs.identifier) not in text
    assert options["rpId"] == "localhost"
    assert len(str(options["challenge"])) >= 43


def test_without_the_password_there_is_no_challenge() -> None:
    register()
    token = sign_in.begin(AN)
    assert refused(lambda: sign_in.challenge(token, HERE)) == "expired"
    assert refused(lambda: enter(token, "{}")) == "expired"


def test_an_account_with_another_method_gets_no_challenge() -> None:
    factories.device(factories.person(AN))
    step = sign_in.check_password(sign_in.begin(AN), PASSWORD, HERE)
    assert isinstance(step, NextStep)
    assert refused(lambda: sign_in.challenge(step.token, HERE)) == "expired"
    assert refused(lambda: enter(step.token, "{}")) == "expired"


# What must be refused.


@pytest.mark.parametrize(
    "browser",
    [
        Browser(origin="http://evil.example"),
        Browser(origin="https://localhost:3000"),
        Browser(origin="http://localhost:3000/"),
        Browser(origin="http://localhost:3000.evil.example"),
        Browser(origin="null"),
        Browser(rp_id="evil.example"),
        Browser(rp_id=""),
        Browser(challenge=base64url(bytes(64))),
        Browser(challenge="AA"),
        Browser(ceremony="webauthn.create"),
        Browser(ceremony="payment.get"),
        Browser(cross_origin=True),
        Browser(more={"challenge": 7}),
        Browser(more={"challenge": "\ud800"}),
        Browser(more={"type": None}),
    ],
    ids=str,
)
def test_an_answer_given_elsewhere_is_refused(browser: Browser) -> None:
    key = register()
    token = at_passkey()
    given = answer(token, key, browser)
    assert refused(lambda: enter(token, given)) == "wrong_code"
    assert factories.rows(Passkey)[0].used_at is None
    assert factories.person(AN).wrong_codes == 1


@pytest.mark.parametrize("flags", [0, VERIFIED])
def test_an_answer_without_anybody_present_is_refused(flags: int) -> None:
    key = register()
    key.flags = flags
    token = at_passkey()
    given = answer(token, key)
    assert refused(lambda: enter(token, given)) == "wrong_code"


@pytest.mark.parametrize("before", [1, 7, 0xFFFFFFFF])
def test_a_counter_that_went_back_or_stood_still_is_refused(before: int) -> None:
    key = register()
    [row] = factories.rows(Passkey)
    row.sign_count = before
    factories.store(row)
    for count in (0, before - 1, before):
        key.count = count - 1
        token = at_passkey()
        given = answer(token, key)
        assert refused(partial(enter, token, given)) == "wrong_code"
    assert factories.rows(Passkey)[0].sign_count == before


def test_a_signature_of_another_key_is_refused() -> None:
    key = register()
    key.key = ec.generate_private_key(ec.SECP256R1())
    token = at_passkey()
    given = answer(token, key)
    assert refused(lambda: enter(token, given)) == "wrong_code"


@pytest.mark.parametrize("part", ["authenticatorData", "clientDataJSON", "signature"])
def test_a_changed_part_is_refused(part: str) -> None:
    key, other = register(), Authenticator()
    token = at_passkey()
    options = sign_in.challenge(token, HERE)
    given = key.sign(options)
    key.count += 5
    other.identifier = key.identifier
    donor = other if part == "signature" else key
    browser = Browser(more={"extra": True})
    foreign = json.loads(donor.sign(options, browser))["response"][part]
    changed = altered(given, f"response.{part}", foreign)
    assert changed != given
    assert refused(lambda: enter(token, changed)) == "wrong_code"


def test_an_unknown_passkey_is_refused() -> None:
    register()
    token = at_passkey()
    given = answer(token, Authenticator())
    assert refused(lambda: enter(token, given)) == "wrong_code"


def test_a_passkey_of_another_account_is_refused() -> None:
    register(AN)
    theirs = register(SOFIE)
    token = at_passkey(AN)
    given = answer(token, theirs)
    assert refused(lambda: enter(token, given)) == "wrong_code"
    assert all(row.used_at is None for row in factories.rows(Passkey))


def test_the_name_of_one_passkey_with_the_signature_of_another_is_refused() -> None:
    one, other = register(AN, "One"), register(AN, "Other")
    other.identifier = one.identifier
    token = at_passkey()
    given = answer(token, other)
    assert refused(lambda: enter(token, given)) == "wrong_code"


# Challenges.


def test_a_challenge_of_another_sign_in_is_refused() -> None:
    key = register()
    first, second = at_passkey(), at_passkey()
    given = answer(first, key)
    sign_in.challenge(second, HERE)
    assert refused(lambda: enter(second, given)) == "wrong_code"
    assert enter(first, given)


def test_a_challenge_of_another_purpose_is_refused() -> None:
    key = register()
    actor = factories.actor(factories.person(AN))
    token = at_passkey()
    for options in (fresh_proof.begin(actor), passkeys.begin(actor)):
        given = key.sign(options)
        assert refused(partial(enter, token, given)) == "wrong_code"
    given = answer(token, key)
    found = seen.refusal(lambda: fresh_proof.by_factor(actor, "passkey", given))
    assert found.code == "wrong_code"


def test_a_challenge_for_another_account_is_refused() -> None:
    register(AN)
    theirs = register(SOFIE)
    token = at_passkey(AN)
    given = answer(at_passkey(SOFIE), theirs)
    assert refused(lambda: enter(token, given)) == "wrong_code"


def test_a_challenge_is_used_once_even_where_the_answer_was_wrong() -> None:
    key = register()
    token = at_passkey()
    options = sign_in.challenge(token, HERE)
    wrong = altered(key.sign(options), "response.signature", "AAAA")
    assert refused(lambda: enter(token, wrong)) == "wrong_code"
    assert factories.rows(Challenge) == []
    assert refused(lambda: enter(token, key.sign(options))) == "wrong_code"


def test_an_answer_proves_it_once() -> None:
    key = register()
    actor = factories.actor(factories.person(AN))
    given = key.sign(fresh_proof.begin(actor))
    fresh_proof.by_factor(actor, "passkey", given)
    with db.writing() as session:  # even a passkey that does not count
        session.execute(sa.update(Passkey).values(sign_count=0))
    found = seen.refusal(lambda: fresh_proof.by_factor(actor, "passkey", given))
    assert found.code == "wrong_code"


def test_of_two_uses_of_one_answer_at_once_one_wins() -> None:
    key = register()
    actor = factories.actor(factories.person(AN))
    given = key.sign(fresh_proof.begin(actor))
    ends = factories.together(*[partial(fresh_proof.by_factor, actor, "passkey", given)] * 3)
    assert [str(end) for end in ends if isinstance(end, Refused)] == ["wrong_code"] * 2


def test_only_the_last_challenge_counts() -> None:
    key = register()
    token = at_passkey()
    first = key.sign(sign_in.challenge(token, HERE))
    second = key.sign(sign_in.challenge(token, HERE))
    assert refused(lambda: enter(token, first)) == "wrong_code"
    assert enter(token, second)


def test_a_challenge_is_good_for_five_minutes(moved: Clock) -> None:
    key = register()
    token = at_passkey()
    given = answer(token, key)
    moved.forward(seconds=301)
    assert refused(lambda: enter(token, given)) == "wrong_code"
    given = answer(token, key)
    moved.forward(seconds=299)
    assert enter(token, given)


def test_five_wrong_answers_lock_the_account() -> None:
    key = register()
    token = at_passkey()
    assert [refused(lambda: enter(token, "{}")) for _ in range(5)] == ["wrong_code"] * 4 + [
        "locked"
    ]
    assert factories.person(AN).state == AccountState.LOCKED
    assert refused(lambda: sign_in.challenge(at_passkey(), HERE)) == "locked"
    assert key.count == 0


# Garbage.


@dataclass
class Asked:
    """An attempt of the account that is never counted, and what it must answer."""

    actor: audit.Actor
    key: Authenticator

    def prove(self, make: Callable[[Session, Attempt], str]) -> bool:
        """Whether what `make` answers proves it; nothing is kept."""
        with db.writing() as session:
            account = session.get_one(Account, self.actor.account_id)
            region = session.get_one(Region, account.region_id)
            attempt = Attempt(account, region, "proof", "a session", HERE)
            proven = passkeys.Passkeys().prove(session, attempt, make(session, attempt))
            session.rollback()
        return proven

    def with_challenge(self, change: Callable[[str], str]) -> bool:
        """The same with a right answer that was changed."""

        def make(session: Session, attempt: Attempt) -> str:
            return change(self.key.sign(passkeys.Passkeys().begin(session, attempt)))

        return self.prove(make)

    def register(self, change: Callable[[str], str]) -> None:
        """Add one with an answer that was changed; raises Refused."""
        answer = Authenticator().create(passkeys.begin(self.actor))
        passkeys.register(self.actor, "Key", change(answer))


@pytest.fixture
def asked() -> Asked:
    key = register()
    return Asked(factories.actor(factories.person(AN)), key)


def test_a_right_answer_would_be_right(asked: Asked) -> None:
    assert asked.with_challenge(lambda right: right)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
BASE64 = st.binary(max_size=300).map(base64url)
ODD = ANYTHING | BASE64 | st.text(st.characters())
MANY = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
SIGNED = ["authenticatorData", "clientDataJSON", "signature", "userHandle"]
CLIENT = ["type", "challenge", "origin", "crossOrigin", "tokenBinding"]


@MANY
@given(st.text() | ANYTHING.map(json.dumps))
def test_any_text_and_any_json_proves_nothing(asked: Asked, given: str) -> None:
    assert not asked.prove(lambda _session, _attempt: given)


@MANY
@given(
    st.sampled_from(["id", "rawId", "type", "response", *(f"response.{p}" for p in SIGNED[:3])]),
    ODD,
)
def test_a_right_answer_with_any_part_replaced_proves_nothing(
    asked: Asked, path: str, value: object
) -> None:
    assert not asked.with_challenge(lambda right: altered(right, path, value))


@MANY
@given(st.sampled_from(CLIENT[:3]), ODD)
def test_client_data_with_any_part_replaced_proves_nothing(
    asked: Asked, name: str, value: object
) -> None:
    def make(session: Session, attempt: Attempt) -> str:
        options = passkeys.Passkeys().begin(session, attempt)
        return asked.key.sign(options, Browser(more={name: value}))

    assert not asked.prove(make)


@MANY
@given(
    st.sampled_from(["id", "rawId", "response.attestationObject", "response.clientDataJSON"]), ODD
)
def test_a_registration_with_any_part_replaced_is_refused(
    asked: Asked, path: str, value: object
) -> None:
    found = seen.refusal(lambda: asked.register(lambda right: altered(right, path, value)))
    assert found.code == "passkey_failed"


DEEP = 7_000


@pytest.mark.parametrize(
    "given",
    [
        "[" * DEEP + "]" * DEEP,
        '{"id":' * DEEP,
        '{"id":"a","response":' + "[" * DEEP + "]" * DEEP + "}",
        "9" * 10_000,
        "1e99999",
        '{"id":"' + "A" * 100_000 + '"}',
        "\ud800",
        "\0",
        '{"id":"\\ud800","response":{"clientDataJSON":"e30"}}',
        "null",
        "NaN",
    ],
    ids=range(11),
)
def test_what_is_deep_or_huge_proves_nothing(asked: Asked, given: str) -> None:
    assert not asked.prove(lambda _session, _attempt: given)
    assert seen.refusal(lambda: asked.register(lambda _right: given)).code == "passkey_failed"


@pytest.mark.parametrize(
    "told",
    [
        b"[" * 9_000 + b"]" * 9_000,
        b'{"challenge":' * 2_000,
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"type":"webauthn.get","challenge":"' + b"A" * 9_000 + b'","origin":""}',
    ],
    ids=range(5),
)
def test_client_data_that_is_deep_or_huge_proves_nothing(asked: Asked, told: bytes) -> None:
    change = partial(altered, path="response.clientDataJSON", value=base64url(told))
    assert not asked.with_challenge(change)
    assert seen.refusal(lambda: asked.register(change)).code == "passkey_failed"


@pytest.mark.parametrize("identifier", ["\ud800", "\0", "", "'; --", "A" * 5000])
def test_an_odd_identifier_is_unknown_and_uses_the_challenge_up(
    asked: Asked, identifier: str
) -> None:
    given = altered(asked.key.sign(fresh_proof.begin(asked.actor)), "id", identifier)
    found = seen.refusal(lambda: fresh_proof.by_factor(asked.actor, "passkey", given))
    assert found.code == "wrong_code"
    assert factories.person(AN).wrong_codes == 1
    assert factories.rows(Challenge) == []


def test_an_answer_is_not_logged(asked: Asked, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    right: list[str] = []
    asked.with_challenge(lambda given: altered(right.append(given) or given, "type", "secret!"))
    assert "secret!" not in caplog.text
    assert base64url(asked.key.identifier) not in caplog.text


def test_a_challenge_is_kept_as_the_last_one_for_its_attempt(asked: Asked) -> None:
    for _ in range(3):
        fresh_proof.begin(asked.actor)
    [row] = factories.rows(Challenge)
    assert (row.purpose, row.bound_to) == (fresh_proof.PURPOSE, asked.actor.session_id)
    assert codes.digits(row.secret) == ""
