"""Setting a password by a link and a code: activation, and after it was forgotten."""

from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from pacs_settings.core import db, mail_links
from pacs_settings.core.accounts import (
    forgotten,
    password_link,
    sign_in,
)
from pacs_settings.core.accounts.sign_in import NextStep, SignInRefused
from pacs_settings.core.mail_links import ACTIVATION, LOCK, RESET
from pacs_settings.core.tables import (
    AccountState,
    AuditEntry,
    Challenge,
    Method,
    SignInAttempt,
)
from tests import factories, seen
from tests.core.accounts.links import NEW, code, fits, invited, link, put, refused
from tests.core.conftest import Clock, Still
from tests.factories import AN, HERE, LEA, PASSWORD, SOFIE

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> Still:
    time = Still()
    monkeypatch.setattr(mail_links, "now", time)
    return time


# The way that is meant.


def test_a_link_and_its_code_set_the_password() -> None:
    token = link()
    put(token, code(token))
    assert fits(NEW)
    assert not fits(PASSWORD)


def test_the_whole_way_by_mail_and_text_message() -> None:
    forgotten.ask(AN, HERE)
    forgotten.work_off()
    token = seen.links_in(seen.post().to(AN)[0])[RESET]
    put(token, code(token))
    assert fits(NEW)


def test_the_code_goes_to_the_mobile_on_file() -> None:
    password_link.send_code(link(), RESET, HERE)
    post = seen.post()
    assert [to for to, _text in post.texts] == [factories.person(AN).mobile_phone]
    assert post.mails == []


def test_without_a_mobile_the_code_goes_by_mail() -> None:
    factories.change(AN, mobile_phone=None)
    token = link()
    assert not password_link.page(token, RESET).by_text_message
    password_link.send_code(token, RESET, HERE)
    post = seen.post()
    assert post.texts == []
    [body] = post.to(AN)
    put(token, seen.code_in(body))
    assert fits(NEW)


def test_the_page_says_whom_it_is_for_and_how_long_a_password_must_be() -> None:
    shown = password_link.page(link(), RESET)
    assert shown == password_link.LinkPage(AN, by_text_message=True, minimum=15)
    factories.device(factories.person(AN))
    assert password_link.page(link(), RESET).minimum == 12


# Links.


@pytest.mark.asvs("6.4.1")
def test_a_link_works_once() -> None:
    token = link()
    put(token, code(token))
    assert refused(lambda: password_link.page(token, RESET))[0] == "link_expired"
    assert refused(lambda: password_link.send_code(token, RESET, HERE))[0] == "link_expired"
    assert refused(lambda: put(token, "123456", "eleven hasty penguins"))[0] == "link_expired"
    assert fits(NEW)


@pytest.mark.asvs("6.4.1")
def test_a_link_works_for_an_hour(frozen: Still) -> None:
    token = link()
    digits = code(token)
    frozen.forward(seconds=3601)
    for work in (
        partial(password_link.page, token, RESET),
        partial(password_link.send_code, token, RESET, HERE),
        partial(put, token, digits),
    ):
        assert refused(work)[0] == "link_expired"
    assert fits(PASSWORD)


def test_a_link_works_until_its_hour_is_over(frozen: Still) -> None:
    token = link()
    frozen.forward(seconds=3600)
    put(token, code(token))
    assert fits(NEW)


def test_of_two_at_once_one_sets_the_password() -> None:
    token = link()
    digits = code(token)
    news = ["seven quiet elephants", "eleven hasty penguins", "nineteen brave otters"]
    ends = factories.together(*[partial(put, token, digits, new) for new in news])
    [winner] = [new for new, end in zip(news, ends, strict=True) if end is None]
    assert fits(winner)
    assert len(factories.rows(AuditEntry)) == 1


@pytest.mark.parametrize("purpose", [LOCK, "", "sign-in"])
def test_no_other_kind_of_link_sets_a_password(purpose: str) -> None:
    token = link(purpose=LOCK)
    for work in (
        partial(password_link.page, token, purpose),
        partial(password_link.send_code, token, purpose, HERE),
        partial(put, token, "123456", purpose=purpose),
    ):
        assert refused(work)[0] == "link_expired"


def test_a_link_that_is_used_while_its_code_is_checked_sets_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = link()
    digits = code(token)
    check = password_link.proof.check

    def slow(session: Session, *rest: Any) -> str:
        assert mail_links.use(session, token, RESET)
        return check(session, *rest)

    monkeypatch.setattr(password_link.proof, "check", slow)
    assert refused(lambda: put(token, digits))[0] == "link_expired"
    assert fits(PASSWORD)


def test_a_link_that_was_asked_for_in_between_takes_over() -> None:
    first = link()
    digits = code(first)
    second = link()
    assert refused(lambda: put(first, digits))[0] == "link_expired"
    assert refused(lambda: put(second, digits))[0] == "wrong_code"
    assert fits(PASSWORD)


@pytest.mark.parametrize("purpose", [RESET, ACTIVATION])
def test_opening_changes_nothing_at_all(purpose: str) -> None:
    token = link(purpose=purpose)
    before = seen.stored()
    with factories.statements() as sent:
        password_link.page(token, purpose)
    assert all(text.startswith("SELECT") for text, _values in sent)
    assert seen.stored() == before
    assert seen.post().texts == []


# Accounts that it is not for.


@pytest.mark.parametrize("purpose", [RESET, ACTIVATION])
@pytest.mark.parametrize("state", [AccountState.ACTIVE, AccountState.INVITED])
def test_an_account_that_was_closed_meanwhile_is_refused(purpose: str, state: AccountState) -> None:
    someone = factories.account(state=state)
    token = link(someone.username, purpose)
    password_link.send_code(token, purpose, HERE)
    digits = seen.code_in(seen.post().to(someone.username)[0])
    factories.change(someone.username, state=AccountState.DISABLED)
    for work in (
        partial(password_link.page, token, purpose),
        partial(password_link.send_code, token, purpose, HERE),
        partial(put, token, digits, purpose=purpose),
    ):
        assert refused(work)[0] == "link_expired"
    assert factories.person(someone.username).state == AccountState.DISABLED
    assert fits(PASSWORD, someone.username)


def test_an_account_that_was_given_to_a_directory_meanwhile_is_refused() -> None:
    token = link()
    digits = code(token)
    factories.change(AN, domain_id=factories.person(LEA).domain_id)
    assert refused(lambda: password_link.page(token, RESET))[0] == "link_expired"
    assert refused(lambda: put(token, digits))[0] == "link_expired"
    assert fits(PASSWORD)


# Codes.


@pytest.mark.parametrize(
    "typed", ["", "000000x", "1234567", "\ud800", "０００００００", "abc" * 500]
)
def test_a_link_alone_is_not_enough(typed: str) -> None:
    token = link()
    code(token)
    assert refused(lambda: put(token, typed)) == ("wrong_code", "code")
    assert fits(PASSWORD)


def test_without_a_code_sent_none_is_right() -> None:
    token = link()
    assert refused(lambda: put(token, "000000"))[0] == "wrong_code"


def test_only_the_last_code_sent_counts() -> None:
    token = link()
    first, second = code(token), code(token)
    if first != second:
        assert refused(lambda: put(token, first))[0] == "wrong_code"
    put(token, second)
    assert fits(NEW)


def test_a_code_is_valid_as_long_as_the_region_says(moved: Clock) -> None:
    token = link()
    digits = code(token)
    moved.forward(seconds=601)
    assert refused(lambda: put(token, digits))[0] == "wrong_code"
    assert fits(PASSWORD)


def test_a_code_for_one_link_is_worth_nothing_for_another_account() -> None:
    mine, theirs = link(AN), link(SOFIE)
    digits = code(mine)
    code(theirs)
    assert refused(lambda: put(theirs, digits))[0] == "wrong_code"
    assert fits(PASSWORD, SOFIE)


def rebind(**values: object) -> None:
    """Pretend that the code's row had been kept for something else."""
    with db.writing() as session:
        session.execute(sa.update(Challenge).values(values))


@pytest.mark.asvs("6.6.2")
def test_a_code_is_bound_to_its_link_its_purpose_and_its_account() -> None:
    token = link(SOFIE)
    digits = code(token)
    [row] = factories.rows(Challenge)
    for values in (
        {"bound_to": "another"},
        {"purpose": "sign-in"},
        {"purpose": ACTIVATION},
        {"account_id": factories.own(factories.person(AN))},
    ):
        rebind(**values)
        assert refused(partial(put, token, digits)) == ("wrong_code", "code")
        rebind(purpose=row.purpose, bound_to=row.bound_to, account_id=row.account_id)
        factories.change(SOFIE, wrong_codes=0)
    put(token, digits)


def test_a_stolen_row_does_not_serve_another_link() -> None:
    mine, theirs = link(AN), link(SOFIE)
    digits = code(mine)
    rebind(
        bound_to=mail_links.Link(0, _mark(theirs)).mark,
        account_id=factories.own(factories.person(SOFIE)),
        destination=factories.person(SOFIE).mobile_phone,
    )
    assert refused(lambda: put(theirs, digits))[0] == "wrong_code"


def _mark(token: str) -> str:
    with db.reading() as session:
        found = mail_links.find(session, token, RESET)
    assert found is not None
    return found.mark


def test_a_code_of_a_sign_in_sets_no_password_and_the_other_way_round() -> None:
    factories.change(AN, second_factor=Method.SMS)
    step = sign_in.check_password(sign_in.begin(AN), PASSWORD, HERE)
    assert isinstance(step, NextStep)
    [(_to, text)] = seen.post().texts
    token = link()
    assert refused(lambda: put(token, seen.code_in(text)))[0] == "wrong_code"
    digits = code(token)
    with pytest.raises(SignInRefused):
        sign_in.check_code(step.token, "sms", digits, HERE)


def test_a_code_is_worth_nothing_once_the_number_on_file_is_another() -> None:
    token = link()
    digits = code(token)
    factories.change(AN, mobile_phone="+32470999999")
    assert refused(lambda: put(token, digits))[0] == "wrong_code"
    assert fits(PASSWORD)


def test_five_wrong_codes_lock_the_account_and_tell_its_owner() -> None:
    token = link()
    right = code(token)
    wrong = "000000" if right != "000000" else "000001"
    found = [refused(lambda: put(token, wrong)) for _ in range(5)]
    assert found == [("wrong_code", "code")] * 4 + [("locked", "")]
    an = factories.person(AN)
    assert (an.state, an.wrong_codes) == (AccountState.LOCKED, 0)
    assert len(seen.post().to(AN)) == 1
    assert refused(lambda: put(token, right))[0] == "locked"
    assert refused(lambda: password_link.send_code(token, RESET, HERE))[0] == "locked"
    assert fits(PASSWORD)
    reasons = [row.reason for row in factories.rows(SignInAttempt)]
    assert reasons == ["wrong_code"] * 5


def test_wrong_codes_count_over_links_and_a_right_one_ends_the_row() -> None:
    for _ in range(2):
        token = link()
        code(token)
        for _ in range(2):
            assert refused(partial(put, token, "12345"))[0] == "wrong_code"
    assert factories.person(AN).wrong_codes == 4
    put(token, code(token))
    assert factories.person(AN).wrong_codes == 0
    assert factories.person(AN).state == AccountState.ACTIVE


def test_wrong_codes_at_once_are_all_counted() -> None:
    token = link()
    code(token)
    factories.together(*[partial(put, token, "12345")] * 4)
    assert factories.person(AN).wrong_codes == 4


def test_an_unfit_password_uses_up_neither_code_nor_link() -> None:
    token = link()
    digits = code(token)
    assert refused(lambda: put(token, digits, "short"))[0] == "password_too_short"
    put(token, digits)
    assert fits(NEW)


# Passwords.

UNFIT = [
    ("short one", "", "password_too_short", "new"),
    ("ab" + "long words and more " * 13, "", "password_too_long", "new"),
    (NEW, NEW + "s", "password_mismatch", "again"),
    ("abcabcabcabcabcabc", "", "password_repeats", "new"),
    ("an.peeters@demo.example", "", "password_context", "new"),
    ("Peeters-peeters-2026", "", "password_context", "new"),
    ("radiology-pacs-2026", "", "password_context", "new"),
    ("Password!2026!2026", "", "password_known", "new"),
]


@pytest.mark.parametrize("purpose", [RESET, ACTIVATION])
@pytest.mark.parametrize(("new", "again", "why", "field"), UNFIT)
@pytest.mark.asvs("6.4.1")
def test_the_rules_hold_here_too(
    purpose: str, new: str, again: str, why: str, field: str, hashes: list[str]
) -> None:
    someone = invited(first_name="An", last_name="Peeters") if purpose == ACTIVATION else None
    username = someone.username if someone else AN
    if someone:
        new = new.replace(AN, username)
    before = factories.person(username)
    token = link(username, purpose)
    hashes.clear()
    found = refused(lambda: put(token, "123456", new, again, purpose))
    assert found == (why, field)
    assert hashes == []
    after = factories.person(username)
    assert (after.password_hash, after.state) == (before.password_hash, before.state)


def test_a_password_costs_one_hash(hashes: list[str]) -> None:
    token = link()
    put(token, code(token))
    assert hashes == ["make"]
