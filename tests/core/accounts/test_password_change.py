"""Changing one's own password."""

from collections.abc import Callable
from functools import partial

import pytest

from pacs_settings.core import db, mail_links
from pacs_settings.core.accounts import fresh_proof, password_change, passwords, sessions
from pacs_settings.core.accounts.password_change import DirectoryPassword
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import AuditEntry, Method, OutboxMessage
from tests import factories, seen
from tests.core.accounts import entering
from tests.core.accounts.entering import answer, half, mailed, texted, uses
from tests.core.conftest import Clock, Still
from tests.factories import AN, HERE, JAN, LEA, PASSWORD, SOFIE

pytestmark = pytest.mark.usefixtures("database")
NEW = "seven quiet elephants"


def change(current: str = PASSWORD, new: str = NEW, again: str = "", username: str = AN) -> None:
    actor = factories.actor(factories.person(username))
    password_change.change(actor, current, new, again or new)


def refusal(**typed: str) -> Refused:
    with pytest.raises(Refused) as refused:
        change(**typed)
    return refused.value


def fits(password: str, username: str = AN) -> bool:
    return passwords.verify(password, factories.person(username).password_hash)


@pytest.mark.asvs("6.2.2")
def test_afterwards_only_the_new_one_works() -> None:
    change()
    assert fits(NEW)
    assert not fits(PASSWORD)


@pytest.mark.asvs("6.2.1", "6.2.3", "6.2.11", "6.2.12")
@pytest.mark.parametrize(
    ("typed", "code", "field"),
    [
        ({"current": "wrong"}, "wrong_current_password", "current"),
        ({"current": ""}, "wrong_current_password", "current"),
        ({"new": "short one"}, "password_too_short", "new"),
        ({"new": "ab" + "long words and more " * 13}, "password_too_long", "new"),
        ({"new": NEW, "again": NEW + "s"}, "password_mismatch", "again"),
        ({"new": PASSWORD}, "password_same_as_old", "new"),
        ({"new": "radiology\uff0ddemo\uff0d2026"}, "password_same_as_old", "new"),
        ({"new": "abcabcabcabcabcabc"}, "password_repeats", "new"),
        ({"new": "an.peeters@demo.example"}, "password_context", "new"),
        ({"new": "Password!2026!2026"}, "password_known", "new"),
    ],
)
def test_every_refusal_names_its_field_and_changes_nothing(
    typed: dict[str, str], code: str, field: str
) -> None:
    other = factories.session(factories.person(AN))
    refused = refusal(**typed)
    assert (refused.code, refused.field) == (code, field)
    assert fits(PASSWORD)
    assert sessions.resolve(other)
    assert factories.rows(AuditEntry) == []
    assert factories.rows(OutboxMessage) == []


def test_a_refusal_for_length_says_the_length() -> None:
    assert refusal(new="short").values["minimum"] == 15
    factories.device(factories.person(AN))
    assert refusal(new="short").values["minimum"] == 12


def test_a_region_that_demands_a_factor_may_ask_for_less() -> None:
    place = factories.region(strong_authentication=True, password_minimum=9)
    someone = factories.account(region_id=place.id)
    policy, context = password_change.rules(factories.own(someone))
    assert policy.minimum == 9
    assert someone.username in context.words
    jan, _ = password_change.rules(factories.own(factories.person(JAN)))
    assert jan.minimum == 15


@pytest.mark.asvs("7.4.3")
def test_other_sessions_end_and_this_one_goes_on() -> None:
    here = factories.session(factories.person(AN))
    there = factories.session(factories.person(AN))
    stranger = factories.session(factories.person(SOFIE))
    actor = factories.actor(factories.person(AN), here)
    password_change.change(actor, PASSWORD, NEW, NEW)
    assert sessions.resolve(here)
    assert sessions.resolve(there) is None
    assert sessions.why_ended(there) == "password_changed"
    assert sessions.resolve(stranger)


def test_the_owner_is_told_and_it_is_audited_without_any_password() -> None:
    change()
    [entry] = factories.rows(AuditEntry)
    assert (entry.tag, entry.actor_id) == ("account:password:changed", factories.person(AN).id)
    [message] = factories.rows(OutboxMessage)
    assert message.template == "password_changed"
    assert message.values["address"] == HERE.address
    for told in (entry.before, entry.after, message.values):
        assert NEW not in str(told)
        assert "$2b$" not in str(told)


def test_an_account_of_a_domain_is_refused_by_core(hashes: list[str]) -> None:
    with pytest.raises(DirectoryPassword) as refused:
        change(username=LEA)
    assert refused.value.values == {"domain": "uz-demo.example"}
    assert hashes == []
    assert factories.person(LEA).password_hash is None


def test_of_two_changes_at_once_one_wins() -> None:
    news = ["seven quiet elephants", "eleven hasty penguins"]
    actors = [factories.actor(factories.person(AN)) for _ in news]
    works = [
        partial(password_change.change, actor, PASSWORD, new, new)
        for actor, new in zip(actors, news, strict=True)
    ]
    ends = factories.together(*works)
    [winner] = [new for new, end in zip(news, ends, strict=True) if end is None]
    [loser] = [end for end in ends if isinstance(end, Refused)]
    assert loser.code in ("changed_meanwhile", "wrong_current_password")
    assert loser.field == "current"
    assert fits(winner)
    assert len(factories.rows(AuditEntry)) == 1


def test_a_change_in_between_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    make = passwords.hash_password

    def slow(password: str) -> str:
        factories.change(AN, password_hash=make("changed by somebody else"))
        return make(password)

    monkeypatch.setattr(passwords, "hash_password", slow)
    refused = refusal()
    assert (refused.code, refused.field) == ("changed_meanwhile", "current")
    assert fits("changed by somebody else")


@pytest.mark.asvs("6.3.1")
def test_guessing_the_current_one_slows_down(still: Still, hashes: list[str]) -> None:
    codes = [refusal(current="wrong").code for _ in range(7)]
    assert codes == ["wrong_current_password"] * 6 + ["too_many_tries"]
    assert hashes == ["check"] * 6
    refused = refusal()
    assert refused.field == "current"
    assert refused.values["seconds"] in (2, 3)
    still.forward(seconds=4)
    change()


def test_guessing_here_does_not_slow_down_signing_in(still: Still) -> None:
    for _ in range(6):
        refusal(current="wrong")
    assert entering.enter()


def test_a_sign_in_that_has_proven_the_old_one_must_begin_again(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    token = half()
    change()
    refused = entering.refusal(lambda: answer(token, "authenticator", factories.code(secret)))
    assert refused.code == "expired"


@pytest.mark.parametrize(("method", "received"), [(Method.SMS, texted), (Method.EMAIL, mailed)])
def test_a_code_that_was_sent_before_is_worth_nothing(
    method: Method, received: Callable[[], str]
) -> None:
    uses(method)
    actor = factories.actor(factories.person(AN))
    fresh_proof.begin(actor)
    code = received()
    change()
    with pytest.raises(Refused):
        fresh_proof.by_factor(actor, method, code)


def test_links_that_set_a_password_are_worth_nothing() -> None:
    with db.writing() as session:
        token = mail_links.make(session, factories.own(factories.person(AN)), mail_links.RESET)
    change()
    with db.reading() as session:
        assert mail_links.find(session, token, mail_links.RESET) is None


def test_the_mail_has_the_link_that_locks() -> None:
    change()
    [(to, _subject, body)] = seen.post().mails
    assert to == AN
    assert set(seen.links_in(body)) == {"lock"}
    assert NEW not in body


def test_a_change_costs_two_checks_at_most_and_one_hash(hashes: list[str]) -> None:
    change()
    assert hashes == ["check", "make"]
