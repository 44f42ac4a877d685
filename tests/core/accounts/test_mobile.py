"""Registering a mobile phone that is missing."""

from collections.abc import Callable
from functools import partial

import pytest

from pacs_settings.core import audit
from pacs_settings.core.accounts import mobile, send_limits
from pacs_settings.core.accounts.second_factor import methods
from pacs_settings.core.tables import AccountState, AuditEntry, Challenge, OutboxMessage
from tests import factories, seen
from tests.core.conftest import Clock
from tests.factories import AN, SOFIE

pytestmark = pytest.mark.usefixtures("database")
NUMBER, OTHER = "+32470111222", "+32470333444"


@pytest.fixture
def an() -> audit.Actor:
    """Her account has no mobile phone."""
    return factories.actor(factories.change(AN, mobile_phone=None))


def mailed(actor: audit.Actor) -> str:
    """The code by e-mail."""
    mobile.begin(actor)
    post = seen.post()
    assert post.texts == []
    return seen.code_in(post.to(AN)[-1])


def texted(actor: audit.Actor, number: str = NUMBER) -> str:
    """The code by text message, past the one by e-mail."""
    mobile.propose(actor, number, mailed(actor))
    [(to, text)] = seen.post().texts
    assert to == number
    return seen.code_in(text)


def refused(work: Callable[[], object]) -> tuple[str, str]:
    found = seen.refusal(work)
    return found.code, found.field


def on_file() -> str | None:
    return factories.person(AN).mobile_phone


@pytest.mark.asvs("6.6.1")
def test_two_codes_register_a_number(an: audit.Actor) -> None:
    mobile.confirm(an, texted(an))
    assert on_file() == NUMBER


@pytest.mark.parametrize("typed", ["0470 11 12 22", "+32 470 111 222", "0032470111222"])
def test_it_is_stored_as_e164_however_it_is_typed(an: audit.Actor, typed: str) -> None:
    mobile.propose(an, typed, mailed(an))
    [(to, text)] = seen.post().texts
    assert to == NUMBER
    mobile.confirm(an, seen.code_in(text))
    assert on_file() == NUMBER


def test_an_existing_number_is_the_service_desks() -> None:
    actor = factories.actor(factories.person(AN))
    before = on_file()
    for work in (
        partial(mobile.begin, actor),
        partial(mobile.propose, actor, NUMBER, "123456"),
        partial(mobile.confirm, actor, "123456"),
    ):
        assert refused(work)[0] == "mobile_on_file"
    assert on_file() == before
    assert factories.rows(OutboxMessage) == []


def test_it_can_be_registered_once_only(an: audit.Actor) -> None:
    mobile.confirm(an, texted(an))
    assert refused(lambda: mobile.begin(an))[0] == "mobile_on_file"


def test_of_two_numbers_at_once_one_is_registered() -> None:
    account = factories.change(AN, mobile_phone=None)
    actors = [factories.actor(account) for _ in range(2)]
    pairs = zip(actors, (NUMBER, OTHER), strict=True)
    codes = [texted(actor, number) for actor, number in pairs]
    works = [partial(mobile.confirm, *pair) for pair in zip(actors, codes, strict=True)]
    ends = factories.together(*works)
    assert sorted(getattr(end, "code", "done") for end in ends) == ["done", "mobile_on_file"]
    assert len(factories.rows(AuditEntry)) == 1


def test_one_that_the_service_desk_enters_meanwhile_stays(an: audit.Actor) -> None:
    digits = texted(an)
    factories.change(AN, mobile_phone=OTHER)
    assert refused(lambda: mobile.confirm(an, digits))[0] == "mobile_on_file"
    assert on_file() == OTHER


# The code by e-mail.


def test_without_the_code_of_the_mail_nothing_is_sent_to_a_number(an: audit.Actor) -> None:
    assert refused(lambda: mobile.propose(an, NUMBER, "000000")) == ("wrong_code", "mail_code")
    mailed(an)
    assert refused(lambda: mobile.propose(an, NUMBER, "12345")) == ("wrong_code", "mail_code")
    assert seen.post().texts == []


def test_the_code_of_the_mail_serves_one_number(an: audit.Actor) -> None:
    digits = mailed(an)
    mobile.propose(an, NUMBER, digits)
    assert refused(lambda: mobile.propose(an, OTHER, digits))[0] == "wrong_code"


def test_the_code_of_the_mail_registers_nothing(an: audit.Actor) -> None:
    digits = mailed(an)
    assert refused(lambda: mobile.confirm(an, digits)) == ("wrong_code", "code")
    assert on_file() is None


def test_a_code_by_mail_for_something_else_is_no_good(an: audit.Actor) -> None:
    methods.begin(an, "email")
    digits = seen.code_in(seen.post().to(AN)[-1])
    assert refused(lambda: mobile.propose(an, NUMBER, digits))[0] == "wrong_code"


def test_a_code_of_another_session_is_no_good(an: audit.Actor) -> None:
    digits = mailed(an)
    other = factories.actor(factories.person(AN))
    assert refused(lambda: mobile.propose(other, NUMBER, digits))[0] == "wrong_code"


# The number.


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "phone_empty"),
        ("not a number", "phone_letters"),
        ("0470 11", "phone_too_short"),
        ("+32 2 555 12 12", "phone_not_mobile"),
        ("+32 9 332 21 11", "phone_not_mobile"),
        ("+32 800 12 345", "phone_not_mobile"),
        ("+31 20 123 4567", "phone_not_mobile"),
    ],
)
def test_a_number_that_takes_no_messages_is_refused_and_no_code_is_lost(
    an: audit.Actor, typed: str, why: str
) -> None:
    digits = mailed(an)
    assert refused(lambda: mobile.propose(an, typed, digits)) == (why, "mobile")
    assert seen.post().texts == []
    mobile.propose(an, NUMBER, digits)
    assert len(seen.post().texts) == 1


def test_the_code_counts_for_the_number_it_was_sent_to_and_no_other(an: audit.Actor) -> None:
    first = texted(an, NUMBER)
    second = texted(an, OTHER)
    if first != second:
        assert refused(lambda: mobile.confirm(an, first)) == ("wrong_code", "code")
    mobile.confirm(an, second)
    assert on_file() == OTHER


def test_a_code_is_good_once(an: audit.Actor) -> None:
    digits = texted(an)
    mobile.confirm(an, digits)
    factories.change(AN, mobile_phone=None)
    assert refused(lambda: mobile.confirm(an, digits))[0] == "wrong_code"
    assert on_file() is None


def test_a_code_of_another_account_is_no_good(an: audit.Actor) -> None:
    digits = texted(an)
    sofie = factories.actor(factories.change(SOFIE, mobile_phone=None))
    assert refused(lambda: mobile.confirm(sofie, digits))[0] == "wrong_code"
    assert factories.person(SOFIE).mobile_phone is None


def test_a_code_is_valid_as_long_as_the_region_says(an: audit.Actor, moved: Clock) -> None:
    digits = texted(an)
    moved.forward(seconds=601)
    assert refused(lambda: mobile.confirm(an, digits))[0] == "wrong_code"


# Guessing.


@pytest.mark.parametrize("step", ["mail", "text"])
def test_five_wrong_codes_lock_the_account(an: audit.Actor, step: str) -> None:
    right = texted(an) if step == "text" else mailed(an)
    guess = partial(mobile.confirm, an) if step == "text" else partial(mobile.propose, an, NUMBER)
    codes = [refused(partial(guess, "12345"))[0] for _ in range(5)]
    assert codes == ["wrong_code"] * 4 + ["locked"]
    assert factories.person(AN).state == AccountState.LOCKED
    assert refused(partial(guess, right))[0] == "locked"
    assert on_file() is None
    assert factories.rows(OutboxMessage)[-1].template == "account_locked"


def test_wrong_codes_of_both_steps_count_together(an: audit.Actor) -> None:
    digits = mailed(an)
    for _ in range(2):
        assert refused(lambda: mobile.propose(an, NUMBER, "12345"))[0] == "wrong_code"
    mobile.propose(an, NUMBER, digits)
    assert factories.person(AN).wrong_codes == 0
    for _ in range(4):
        assert refused(lambda: mobile.confirm(an, "12345"))[0] == "wrong_code"
    assert refused(lambda: mobile.propose(an, NUMBER, "12345"))[0] == "locked"


def test_too_many_messages_to_one_number_stop_and_the_code_by_mail_is_kept() -> None:
    account = factories.change(AN, mobile_phone=None)
    for _ in range(send_limits.MOST["sms"]["to"]):
        texted(factories.actor(account))
    actor = factories.actor(account)
    digits = mailed(actor)
    assert refused(lambda: mobile.propose(actor, NUMBER, digits))[0] == "too_many_codes"
    assert [row for row in factories.rows(Challenge) if row.bound_to == actor.session_id]


def test_the_owner_is_told_and_it_is_audited_without_the_number(an: audit.Actor) -> None:
    digits = texted(an)
    mobile.confirm(an, digits)
    [entry] = factories.rows(AuditEntry)
    assert (entry.tag, entry.session_id) == ("account:mobile:registered", an.session_id)
    assert NUMBER not in f"{entry.before}{entry.after}"
    [(to, subject, body)] = seen.post().mails
    assert (to, subject) == (AN, "A mobile phone was registered for your account")
    assert "lock" in seen.links_in(body)
