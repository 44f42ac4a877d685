"""A fresh proof that it is the owner."""

from collections.abc import Callable
from functools import partial

import pytest

from pacs_settings.core import audit, ports
from pacs_settings.core.accounts import (
    candidates,
    fresh_proof,
    passwords,
    send_limits,
    sessions,
    sign_in,
)
from pacs_settings.core.accounts.second_factor import recovery
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import AccountState, Method, SignInSession
from tests import factories, seen
from tests.core.accounts.entering import mailed, refused, texted, uses
from tests.core.conftest import Clock, Still
from tests.factories import AN, HERE, LEA, PASSWORD, SOFIE
from tests.fakes import FakeDirectory

pytestmark = pytest.mark.usefixtures("database")
SENT = [(Method.SMS, texted), (Method.EMAIL, mailed)]


def refusal(work: Callable[[], object]) -> tuple[str, str]:
    found = seen.refusal(work)
    return found.code, found.field


def fresh(session_id: str) -> bool:
    [row] = factories.rows(SignInSession, SignInSession.id == session_id)  # type: ignore[arg-type]
    return sessions.is_fresh(row.proven_at)


@pytest.fixture
def stale(moved: Clock) -> Callable[..., audit.Actor]:
    """Somebody in a session whose proof is too old."""

    def make(username: str = AN) -> audit.Actor:
        actor = factories.actor(factories.person(username))
        moved.forward(minutes=5, seconds=1)
        assert not fresh(actor.session_id)
        moved.start_of_step()
        return actor

    return make


def test_signing_in_is_proof_for_five_minutes(moved: Clock) -> None:
    actor = factories.actor(factories.person(AN))
    assert fresh(actor.session_id)
    moved.forward(minutes=4, seconds=50)
    assert fresh(actor.session_id)
    moved.forward(seconds=11)
    assert not fresh(actor.session_id)


def test_no_proof_is_not_fresh() -> None:
    assert not sessions.is_fresh(None)


# By password.


def test_the_password_renews_it(stale: Callable[..., audit.Actor]) -> None:
    actor = stale()
    fresh_proof.by_password(actor, PASSWORD)
    assert fresh(actor.session_id)


def test_a_wrong_password_does_not(stale: Callable[..., audit.Actor]) -> None:
    actor = stale()
    for password in ("wrong", "", PASSWORD + "x"):
        told = refusal(partial(fresh_proof.by_password, actor, password))
        assert told == ("wrong_password", "password")
    assert not fresh(actor.session_id)


def test_guessing_it_slows_down_whatever_the_session(still: Still, hashes: list[str]) -> None:
    actors = [factories.actor(factories.person(AN)) for _ in range(7)]
    codes = [refusal(partial(fresh_proof.by_password, actor, "wrong"))[0] for actor in actors]
    assert codes == ["wrong_password"] * 6 + ["too_many_tries"]
    assert hashes == ["check"] * 6
    assert refusal(lambda: fresh_proof.by_password(actors[0], PASSWORD))[0] == "too_many_tries"
    still.forward(seconds=4)
    fresh_proof.by_password(actors[0], PASSWORD)


def test_strangers_at_the_sign_in_do_not_slow_it_down(still: Still) -> None:
    actor = factories.actor(factories.person(AN))
    for _ in range(7):
        refused()
    fresh_proof.by_password(actor, PASSWORD)


def test_a_directory_proves_its_own_accounts(
    stale: Callable[..., audit.Actor], monkeypatch: pytest.MonkeyPatch, hashes: list[str]
) -> None:
    directory = FakeDirectory("of the hospital", guid=factories.person(LEA).directory_guid or "")
    monkeypatch.setitem(ports.directories, "demo", directory)
    actor = stale(LEA)
    factories.change(LEA, password_hash=passwords.hash_password(PASSWORD))
    hashes.clear()
    told = refusal(lambda: fresh_proof.by_password(actor, PASSWORD))
    assert told == ("wrong_password", "password")
    assert not fresh(actor.session_id)
    fresh_proof.by_password(actor, "of the hospital")
    assert fresh(actor.session_id)
    assert directory.asked == [LEA, LEA]
    assert hashes == []


def test_a_directory_that_is_down_or_means_somebody_else_proves_nothing(
    stale: Callable[..., audit.Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = stale(LEA)
    for directory, told in (
        (FakeDirectory(reason="unreachable"), "directory_unreachable"),
        (FakeDirectory("of the namesake", guid="somebody else"), "wrong_password"),
    ):
        monkeypatch.setitem(ports.directories, "demo", directory)
        assert refusal(lambda: fresh_proof.by_password(actor, "of the namesake"))[0] == told
    assert not fresh(actor.session_id)


def test_it_is_checked_where_its_kind_of_password_is() -> None:
    local, of_domain = (factories.actor(factories.person(name)) for name in (AN, LEA))
    assert fresh_proof.pool(local) is passwords.pool()
    assert fresh_proof.pool(of_domain) is candidates.pool(LEA)
    assert fresh_proof.pool(of_domain) is not passwords.pool()


# By a factor.


def test_an_authenticator_renews_it_once_for_each_code(
    stale: Callable[..., audit.Actor], moved: Clock
) -> None:
    _, secret = factories.device(factories.person(AN))
    actor, other = stale(), stale()
    code = factories.code(secret)
    fresh_proof.by_factor(actor, "authenticator", code)
    assert fresh(actor.session_id)
    told = refusal(lambda: fresh_proof.by_factor(other, "authenticator", code))
    assert told == ("wrong_code", "code")
    assert not fresh(other.session_id)


def test_the_code_of_a_sign_in_does_not_prove_again(
    stale: Callable[..., audit.Actor], moved: Clock
) -> None:
    _, secret = factories.device(factories.person(AN))
    actor = stale()
    code = factories.code(secret)
    step = sign_in.check_password(sign_in.begin(AN), PASSWORD, HERE)
    assert isinstance(step, sign_in.NextStep)
    sign_in.check_code(step.token, "authenticator", code, HERE)
    assert refusal(lambda: fresh_proof.by_factor(actor, "authenticator", code))[0] == "wrong_code"


@pytest.mark.parametrize(("method", "received"), SENT)
def test_a_sent_code_renews_it(
    stale: Callable[..., audit.Actor], method: Method, received: Callable[[], str]
) -> None:
    uses(method)
    actor = stale()
    fresh_proof.begin(actor)
    code = received()
    fresh_proof.by_factor(actor, method, code)
    assert fresh(actor.session_id)
    assert refusal(lambda: fresh_proof.by_factor(actor, method, code))[0] == "wrong_code"


@pytest.mark.parametrize(("method", "received"), SENT)
def test_a_code_that_another_session_asked_for_does_not(
    stale: Callable[..., audit.Actor], method: Method, received: Callable[[], str]
) -> None:
    uses(method)
    actor, other = stale(), stale()
    fresh_proof.begin(other)
    code = received()
    assert refusal(lambda: fresh_proof.by_factor(actor, method, code))[0] == "wrong_code"
    assert not fresh(actor.session_id)
    fresh_proof.by_factor(other, method, code)
    assert fresh(other.session_id)
    assert not fresh(actor.session_id)


def test_a_recovery_code_renews_it_once(stale: Callable[..., audit.Actor]) -> None:
    uses(Method.EMAIL)
    [code, *_] = recovery.renew(factories.actor(factories.person(AN)))
    actor = stale()
    fresh_proof.by_factor(actor, "recovery", code)
    assert fresh(actor.session_id)
    assert refusal(lambda: fresh_proof.by_factor(actor, "recovery", code))[0] == "wrong_code"


@pytest.mark.parametrize("means", ["", "none", "password", "email", "sms", "passkey", "nonsense"])
def test_only_the_chosen_factor_or_a_recovery_code_may(
    stale: Callable[..., audit.Actor], means: str
) -> None:
    _, secret = factories.device(factories.person(AN))
    actor = stale()
    told = refusal(lambda: fresh_proof.by_factor(actor, means, factories.code(secret)))
    assert told[0] == "no_second_factor"
    assert not fresh(actor.session_id)


def test_without_a_factor_there_is_only_the_password(stale: Callable[..., audit.Actor]) -> None:
    actor = stale()
    assert refusal(lambda: fresh_proof.begin(actor))[0] == "no_second_factor"
    for means in ("none", "recovery", "authenticator"):
        told = refusal(partial(fresh_proof.by_factor, actor, means, ""))
        assert told[0] == "no_second_factor"
    assert not fresh(actor.session_id)


def test_five_wrong_codes_lock_and_end_nothing(stale: Callable[..., audit.Actor]) -> None:
    _, secret = factories.device(factories.person(AN))
    actor = stale()
    codes = [
        refusal(lambda: fresh_proof.by_factor(actor, "authenticator", "no code"))[0]
        for _ in range(5)
    ]
    assert codes == ["wrong_code"] * 4 + ["locked"]
    assert factories.person(AN).state == AccountState.LOCKED
    told = refusal(lambda: fresh_proof.by_factor(actor, "authenticator", factories.code(secret)))
    assert told[0] == "locked"
    assert not fresh(actor.session_id)
    fresh_proof.by_password(actor, PASSWORD)  # the password is none of them


def test_codes_stop_when_too_many_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(send_limits.MOST["sms"], "account", 2)
    uses(Method.SMS)
    actor = factories.actor(factories.person(AN))
    for _ in range(2):
        fresh_proof.begin(actor)
    assert refusal(lambda: fresh_proof.begin(actor))[0] == "too_many_codes"
    fresh_proof.by_factor(actor, "sms", texted())


# The session.


def test_a_proof_gives_the_session_another_token(stale: Callable[..., audit.Actor]) -> None:
    cookie = factories.session(factories.person(AN))
    actor = factories.actor(factories.person(AN), cookie)
    uses(Method.EMAIL)
    renewed = fresh_proof.by_password(actor, PASSWORD)
    fresh_proof.begin(actor)
    again = fresh_proof.by_factor(actor, "email", mailed())
    assert sessions.resolve(cookie) is None
    assert sessions.resolve(renewed) is None
    facts = sessions.resolve(again)
    assert facts is not None
    assert facts.session_id == actor.session_id
    assert again.partition(".")[2] not in seen.stored()


def test_a_proof_is_of_one_session_and_one_account(stale: Callable[..., audit.Actor]) -> None:
    actor, other, stranger = stale(), stale(), stale(SOFIE)
    fresh_proof.by_password(actor, PASSWORD)
    assert [fresh(one.session_id) for one in (actor, other, stranger)] == [True, False, False]


def test_what_is_refused_says_no_more_than_that(stale: Callable[..., audit.Actor]) -> None:
    actor = stale()
    with pytest.raises(Refused) as told:
        fresh_proof.by_password(actor, "sekret")
    assert "sekret" not in repr(told.value)
