"""Links in mails: random, hashed, once, for a while."""

from datetime import timedelta
from functools import partial

import pytest

from pacs_settings.core import db, mail_links
from pacs_settings.core.mail_links import ACTIVATION, LOCK, RESET, VALID
from pacs_settings.core.tables import MailLink
from tests import factories, seen
from tests.core.conftest import Still
from tests.factories import AN, SOFIE

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> Still:
    time = Still()
    monkeypatch.setattr(mail_links, "now", time)
    return time


def make(purpose: str, username: str = AN) -> str:
    with db.writing() as session:
        account_id = factories.own(factories.person(username))
        return mail_links.make(session, account_id, purpose)


def works(token: str, purpose: str) -> bool:
    with db.reading() as session:
        return mail_links.find(session, token, purpose) is not None


def use(token: str, purpose: str) -> int | None:
    with db.writing() as session:
        return mail_links.use(session, token, purpose)


@pytest.mark.parametrize("purpose", VALID)
def test_a_link_works_once(purpose: str) -> None:
    token = make(purpose)
    assert works(token, purpose)
    assert use(token, purpose) == factories.person(AN).id
    assert not works(token, purpose)
    assert use(token, purpose) is None


@pytest.mark.parametrize(
    ("purpose", "seconds"), [(RESET, 3600), (ACTIVATION, 3600), (LOCK, 30 * 86400)]
)
def test_it_works_for_a_while_to_the_second(frozen: Still, purpose: str, seconds: int) -> None:
    token = make(purpose)
    frozen.forward(seconds=seconds)
    assert works(token, purpose)
    frozen.forward(seconds=1)
    assert not works(token, purpose)
    assert use(token, purpose) is None


def test_it_can_be_used_in_its_last_second(frozen: Still) -> None:
    token = make(RESET)
    frozen.forward(seconds=3600)
    assert use(token, RESET)


@pytest.mark.parametrize("purpose", VALID)
def test_it_serves_its_own_purpose_only(purpose: str) -> None:
    token = make(purpose)
    for other in {*VALID, "", "no such purpose"} - {purpose}:
        assert not works(token, other)
        assert use(token, other) is None
    assert works(token, purpose)


@pytest.mark.parametrize("former", [RESET, ACTIVATION])
@pytest.mark.parametrize("latter", [RESET, ACTIVATION])
def test_of_those_that_set_a_password_only_the_newest_works(former: str, latter: str) -> None:
    first, theirs = make(former), make(former, SOFIE)
    second = make(latter)
    assert not works(first, former)
    assert works(second, latter)
    assert works(theirs, former)


def test_every_alert_can_lock_and_none_is_in_the_way_of_another() -> None:
    tokens = [make(LOCK), make(LOCK)]
    make(RESET)
    with db.writing() as session:
        mail_links.forget(session, factories.own(factories.person(AN)))
    assert all(works(token, LOCK) for token in tokens)


def test_forgetting_takes_the_links_of_one_account_only() -> None:
    token, theirs = make(RESET), make(RESET, SOFIE)
    with db.writing() as session:
        mail_links.forget(session, factories.own(factories.person(AN)))
    assert not works(token, RESET)
    assert works(theirs, RESET)


def test_opening_writes_nothing() -> None:
    token = make(RESET)
    before = seen.stored()
    with factories.statements() as sent:
        assert works(token, RESET)
    assert all(text.startswith("SELECT") for text, _ in sent)
    assert seen.stored() == before


def test_of_two_uses_at_once_one_wins() -> None:
    token = make(RESET)
    ends = factories.together(*[partial(use, token, RESET)] * 4)
    assert sorted(end is None for end in ends) == [False, True, True, True]
    assert factories.own(factories.person(AN)) in ends


def test_whoever_has_the_database_has_no_link() -> None:
    tokens = [make(purpose) for purpose in VALID]
    assert all(len(token) >= 43 for token in tokens)
    assert not any(token in seen.stored() for token in tokens)
    for row in factories.rows(MailLink):
        assert not works(row.token_hash, row.purpose)


@pytest.mark.parametrize("token", ["", " ", "x", "\0", "\ud800", "%", "é" * 10_000, "'; --"])
def test_what_is_no_token_opens_nothing(token: str) -> None:
    make(RESET)
    assert not works(token, RESET)
    assert use(token, RESET) is None


def test_links_long_expired_are_cleared_away(frozen: Still) -> None:
    make(LOCK)
    frozen.forward(days=30, hours=23)
    make(LOCK, SOFIE)
    assert len(factories.rows(MailLink)) == 2
    frozen.forward(hours=2)
    make(LOCK, SOFIE)
    assert len(factories.rows(MailLink)) == 2
    assert timedelta(days=30) == VALID[LOCK]
