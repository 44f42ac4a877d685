"""Passkeys, with one in software."""

import json
from functools import partial

import pytest

from pacs_settings.core import audit
from pacs_settings.core.accounts import fresh_proof, sessions
from pacs_settings.core.accounts.second_factor import passkeys, recovery
from pacs_settings.core.accounts.second_factor.passkeys import MOST_PASSKEYS
from pacs_settings.core.errors import NotYours, Refused
from pacs_settings.core.tables import (
    Account,
    AuditEntry,
    Challenge,
    Method,
    OutboxMessage,
    Passkey,
    RememberedBrowser,
    TotpDevice,
)
from tests import factories, seen
from tests.authenticator import Authenticator, Browser, altered, base64url
from tests.core.conftest import Clock
from tests.factories import AN, HERE, JAN, SOFIE

pytestmark = pytest.mark.usefixtures("database")


def who(username: str = AN) -> audit.Actor:
    return factories.actor(factories.person(username))


def register(actor: audit.Actor, name: str = "Laptop") -> Authenticator:
    """A passkey that the account has from now on."""
    key = Authenticator()
    passkeys.register(actor, name, key.create(passkeys.begin(actor)))
    return key


def names(username: str = AN) -> list[str]:
    return [key.name for key in passkeys.keys(factories.own(factories.person(username)))]


def refused(actor: audit.Actor, answer: str, name: str = "Laptop") -> str:
    return seen.refusal(lambda: passkeys.register(actor, name, answer)).code


# Adding one.


def test_a_passkey_is_added_and_used_from_now_on() -> None:
    actor = who()
    key = register(actor)
    [shown] = passkeys.keys(actor.account_id)
    assert (shown.name, shown.used_at) == ("Laptop", "")
    assert factories.person(AN).second_factor == Method.PASSKEY
    [row] = factories.rows(Passkey)
    assert row.credential_id == base64url(key.identifier)
    fresh_proof.by_factor(actor, "passkey", key.sign(fresh_proof.begin(actor)))


def test_the_options_are_for_this_account_and_this_site() -> None:
    actor = who()
    options = passkeys.begin(actor)
    assert options["rp"] == {"id": "localhost", "name": "PACS settings"}
    assert options["user"]["name"] == AN
    assert options["user"]["id"] != base64url(str(actor.account_id).encode())
    assert options["attestation"] == "none"
    assert options["excludeCredentials"] == []
    assert {one["alg"] for one in options["pubKeyCredParams"]} == {-7, -8, -257}
    again = passkeys.begin(actor)
    assert again["user"] == options["user"]
    assert again["challenge"] != options["challenge"]
    assert passkeys.begin(who(SOFIE))["user"]["id"] != options["user"]["id"]


def test_the_browser_is_told_which_ones_there_are() -> None:
    actor = who()
    key = register(actor)
    [known] = passkeys.begin(actor)["excludeCredentials"]
    assert known["id"] == base64url(key.identifier)
    [asked] = fresh_proof.begin(actor)["allowCredentials"]  # type: ignore[misc]
    assert asked["id"] == base64url(key.identifier)


def test_a_second_one_is_added_beside_the_first() -> None:
    actor = who()
    keys = [register(actor, name) for name in ("Laptop", "Key")]
    assert names() == ["Laptop", "Key"]
    for key in keys:
        fresh_proof.by_factor(actor, "passkey", key.sign(fresh_proof.begin(actor)))


def test_ten_are_the_most() -> None:
    actor = who()
    for n in range(MOST_PASSKEYS - 1):
        row = {"name": f"Key {n}", "credential_id": f"{n:04}", "public_key": ""}
        factories.store(Passkey(account_id=actor.account_id, **row))
    options = passkeys.begin(actor)
    register(actor, "Tenth")
    assert seen.refusal(lambda: passkeys.begin(actor)).code == "too_many_passkeys"
    assert refused(actor, Authenticator().create(options)) == "too_many_passkeys"
    assert len(names()) == MOST_PASSKEYS


def test_of_two_tenth_ones_at_once_one_is_kept() -> None:
    account = factories.person(AN)
    for n in range(MOST_PASSKEYS - 1):
        row = {"name": f"Key {n}", "credential_id": f"{n:04}", "public_key": ""}
        factories.store(Passkey(account_id=factories.own(account), **row))
    actors = [factories.actor(account) for _ in range(2)]
    answers = [Authenticator().create(passkeys.begin(actor)) for actor in actors]
    works = [
        partial(passkeys.register, actor, f"New {n}", answer)
        for n, (actor, answer) in enumerate(zip(actors, answers, strict=True))
    ]
    ends = factories.together(*works)
    assert len([end for end in ends if isinstance(end, Refused)]) == 1
    assert len(names()) == MOST_PASSKEYS


@pytest.mark.parametrize(
    ("name", "why"), [("x" * 61, "device_name"), ("Laptop", "device_name_taken")]
)
def test_a_refused_name_leaves_the_answer_good(name: str, why: str) -> None:
    actor = who()
    register(actor)
    answer = Authenticator().create(passkeys.begin(actor))
    refusal = seen.refusal(lambda: passkeys.register(actor, name, answer))
    assert (refusal.code, refusal.field) == (why, "name")
    passkeys.register(actor, "Key", answer)
    assert names() == ["Laptop", "Key"]


def test_without_a_name_it_gets_a_number_that_is_free() -> None:
    actor = who()
    for name in ("Passkey 1", " ", "", "Passkey 4", ""):
        passkeys.register(actor, name, Authenticator().create(passkeys.begin(actor)))
    assert names() == ["Passkey 1", "Passkey 2", "Passkey 3", "Passkey 4", "Passkey 5"]


def test_others_may_use_the_same_name() -> None:
    register(who(AN))
    register(who(SOFIE))
    assert names(SOFIE) == ["Laptop"]


def test_a_passkey_belongs_to_one_account() -> None:
    key = register(who(AN))
    sofie = who(SOFIE)
    assert refused(sofie, key.create(passkeys.begin(sofie))) == "passkey_failed"
    assert names(SOFIE) == []
    assert names(AN) == ["Laptop"]


@pytest.mark.parametrize("length", [1024, 8000])
def test_an_identifier_longer_than_the_standard_allows_is_refused(length: int) -> None:
    actor = who()
    key = Authenticator()
    key.identifier = bytes(length)
    assert refused(actor, key.create(passkeys.begin(actor))) == "passkey_failed"
    key.identifier = b"x" * 1023
    passkeys.register(actor, "Key", key.create(passkeys.begin(actor)))
    fresh_proof.by_factor(actor, "passkey", key.sign(fresh_proof.begin(actor)))


# Answers to a registration that prove nothing.


@pytest.mark.parametrize(
    "browser",
    [
        Browser(origin="http://evil.example"),
        Browser(origin="https://localhost:3000"),
        Browser(origin="http://localhost:3000.evil.example"),
        Browser(origin="http://localhost:1"),
        Browser(origin=""),
        Browser(rp_id="evil.example"),
        Browser(rp_id="example"),
        Browser(challenge=base64url(bytes(64))),
        Browser(ceremony="webauthn.get"),
        Browser(cross_origin=True),
        Browser(more={"origin": ["http://localhost:3000"]}),
        Browser(more={"challenge": None}),
    ],
    ids=str,
)
def test_a_registration_elsewhere_is_refused(browser: Browser) -> None:
    actor = who()
    answer = Authenticator().create(passkeys.begin(actor), browser)
    assert refused(actor, answer) == "passkey_failed"
    assert names() == []
    assert factories.person(AN).second_factor == Method.NONE


def test_a_registration_without_anybody_present_is_refused() -> None:
    actor = who()
    key = Authenticator()
    key.flags = 0
    assert refused(actor, key.create(passkeys.begin(actor))) == "passkey_failed"


def test_a_challenge_is_for_one_account_one_session_and_one_purpose() -> None:
    actor = who()
    key = Authenticator()
    options = passkeys.begin(actor)
    for stranger in (who(SOFIE), who(AN)):
        assert refused(stranger, key.create(options)) == "passkey_failed"
    passkeys.register(actor, "Laptop", key.create(options))
    proof = fresh_proof.begin(actor)
    assert refused(actor, Authenticator().create(proof), "Key") == "passkey_failed"


def test_a_challenge_is_used_once() -> None:
    actor = who()
    options = passkeys.begin(actor)
    passkeys.register(actor, "Laptop", Authenticator().create(options))
    assert refused(actor, Authenticator().create(options), "Key") == "passkey_failed"
    assert names() == ["Laptop"]


def test_of_two_answers_to_one_challenge_at_once_one_is_kept() -> None:
    actor = who()
    options = passkeys.begin(actor)
    works = [
        partial(passkeys.register, actor, f"Key {n}", Authenticator().create(options))
        for n in range(3)
    ]
    ends = factories.together(*works)
    assert sorted(str(end) for end in ends) == ["None", "passkey_failed", "passkey_failed"]
    assert len(names()) == 1


def test_only_the_last_challenge_counts() -> None:
    actor = who()
    first, second = passkeys.begin(actor), passkeys.begin(actor)
    assert refused(actor, Authenticator().create(first)) == "passkey_failed"
    passkeys.register(actor, "Laptop", Authenticator().create(second))


def test_a_challenge_is_good_for_five_minutes(moved: Clock) -> None:
    actor = who()
    options = passkeys.begin(actor)
    assert options["timeout"] == 300_000
    moved.forward(seconds=301)
    assert refused(actor, Authenticator().create(options)) == "passkey_failed"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "AAAA"),
        ("rawId", "AAAA"),
        ("type", "password"),
        ("response", {}),
        ("response", None),
        ("response.attestationObject", ""),
        ("response.attestationObject", "o2NmbXQ"),
        ("response.attestationObject", base64url(b"\x81" * 11_000)),
        ("response.attestationObject", base64url(b"\x9b" + b"\xff" * 8)),
        ("response.attestationObject", base64url(b"\xa0")),
        ("response.clientDataJSON", "e30"),
        ("response.clientDataJSON", 7),
    ],
)
def test_a_broken_registration_is_refused(path: str, value: object) -> None:
    actor = who()
    answer = Authenticator().create(passkeys.begin(actor))
    assert refused(actor, altered(answer, path, value)) == "passkey_failed"
    assert names() == []


# Regions.


def of_region(username: str, **values: object) -> Account:
    return factories.change(username, region_id=factories.region(**values).id)


def test_where_a_region_excludes_passkeys_none_is_begun() -> None:
    actor = factories.actor(of_region(AN, second_factors=["sms", "email"]))
    assert seen.refusal(lambda: passkeys.begin(actor)).code == "method_not_allowed"
    assert factories.rows(Challenge) == []


def test_where_a_region_excludes_passkeys_meanwhile_none_is_kept() -> None:
    actor = who()
    answer = Authenticator().create(passkeys.begin(actor))
    of_region(AN, second_factors=["sms", "email"])
    assert refused(actor, answer) == "method_not_allowed"
    assert names() == []


def test_where_a_factor_is_mandatory_a_passkey_opens_the_rest() -> None:
    cookie = factories.session(factories.person(JAN))
    register(factories.actor(factories.person(JAN), cookie))
    facts = sessions.resolve(cookie)
    assert facts is not None
    assert not facts.must_enrol


# What adding and removing does besides.


def test_it_takes_the_place_of_another_method_and_the_owner_is_told() -> None:
    factories.device(factories.person(AN))
    factories.device(factories.person(SOFIE))
    recovery.renew(who())
    actor = who()
    factories.store(
        RememberedBrowser(
            id="b",
            token_hash="t",
            account_id=actor.account_id,
            address="",
            until=factories.clock.now(),
        )
    )
    register(actor)
    assert {row.account_id for row in factories.rows(TotpDevice)} == {factories.person(SOFIE).id}
    assert factories.rows(RememberedBrowser) == []
    assert recovery.left(actor.account_id) == 10
    templates = [row.template for row in factories.rows(OutboxMessage)]
    assert templates == ["recovery_renewed", "factor_removed", "factor_added"]
    tags = [entry.tag for entry in factories.rows(AuditEntry)]
    assert tags[-2:] == ["account:factor:chosen", "account:passkey:added"]
    body = seen.post().to(AN)[-1]
    assert "“Laptop” can now" in body
    assert HERE.address in body


def test_one_is_removed_and_the_other_works_still() -> None:
    actor = who()
    gone, kept = register(actor, "Laptop"), register(actor, "Key")
    passkeys.remove(actor, factories.rows(Passkey)[0].id or 0)
    assert names() == ["Key"]
    answer = gone.sign(fresh_proof.begin(actor))
    refusal = seen.refusal(lambda: fresh_proof.by_factor(actor, "passkey", answer))
    assert refusal.code == "wrong_code"
    fresh_proof.by_factor(actor, "passkey", kept.sign(fresh_proof.begin(actor)))
    assert factories.rows(OutboxMessage)[-1].template == "factor_removed"
    assert factories.rows(AuditEntry)[-1].before == {"device": "Laptop"}


def test_passkeys_of_others_are_as_if_they_were_not_there() -> None:
    register(who(SOFIE))
    [theirs] = factories.rows(Passkey)
    refusals = [
        seen.refusal(partial(passkeys.remove, who(), passkey_id))
        for passkey_id in (theirs.id or 0, 999_999, 0, -1)
    ]
    assert {(type(one), one.code, str(one)) for one in refusals} == {
        (NotYours, "not_found", "not_found")
    }
    assert names(SOFIE) == ["Laptop"]


def test_removing_one_twice_at_once_removes_it_once() -> None:
    actor = who()
    register(actor, "Laptop")
    register(actor, "Key")
    passkey_id = factories.rows(Passkey)[0].id or 0
    ends = factories.together(*[partial(passkeys.remove, actor, passkey_id)] * 2)
    assert sorted(str(end) for end in ends) == ["None", "not_found"]
    assert names() == ["Key"]


def test_nothing_that_a_page_gets_tells_the_key(capsys: pytest.CaptureFixture[str]) -> None:
    actor = who()
    register(actor)
    [row] = factories.rows(Passkey)
    shown = json.dumps([str(key) for key in passkeys.keys(actor.account_id)])
    assert row.public_key not in shown
    assert row.credential_id not in shown
    assert capsys.readouterr().out == ""
