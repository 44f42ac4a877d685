"""Browsers that have signed in to an account before."""

from functools import partial

import pytest

from pacs_settings.core import db
from pacs_settings.core.accounts import remembered, sign_in
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.tables import KnownBrowser, OutboxMessage, RememberedBrowser
from tests import factories, seen
from tests.core.accounts.entering import enter, half, refused
from tests.core.conftest import Clock, Still
from tests.factories import AN, HERE, SOFIE

pytestmark = pytest.mark.usefixtures("database")


def at(browser: str, address: str = HERE.address) -> Visit:
    return Visit(address, HERE.user_agent, browser)


def told(username: str = AN) -> int:
    """How many mails say that a browser is new."""
    mine = OutboxMessage.account_id == factories.own(factories.person(username))
    rows = factories.rows(OutboxMessage, mine)  # type: ignore[arg-type]
    return [row.template for row in rows].count("new_browser")


def test_a_new_browser_is_told_once() -> None:
    browser = enter().browser
    assert told() == 1
    for address in (HERE.address, "203.0.113.9"):
        assert enter(visit=at(browser, address)).browser == browser
    assert told() == 1
    enter()
    assert told() == 2


def test_the_mail_says_where_and_has_the_link_that_locks() -> None:
    enter()
    [(to, subject, body)] = seen.post().mails
    assert (to, subject) == (AN, "Your account was used from a new browser")
    for part in (HERE.address, "Firefox 128, Linux"):
        assert part in body
    assert set(seen.links_in(body)) == {"lock"}


def test_only_the_hash_of_its_cookie_is_stored() -> None:
    browser = enter().browser
    assert len(browser) >= 43
    assert browser not in seen.stored()


def test_a_cookie_that_the_client_made_up_is_not_adopted() -> None:
    made_up = "x" * 43
    done = enter(visit=at(made_up))
    assert done.browser != made_up
    assert not remembered_for(AN, made_up)
    assert enter(visit=at(made_up)).browser not in (made_up, done.browser)


def test_a_cookie_that_is_known_to_others_only_is_not_adopted(moved: Clock) -> None:
    """On a shared computer whoever signed in before may have copied it."""
    copied = enter(SOFIE).browser
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    token = half(AN, visit=at(copied))
    code = factories.code(secret)
    done = sign_in.check_code(token, "authenticator", code, at(copied), remember=True)
    assert done.browser != copied
    assert remembered_for(AN, done.browser)
    assert half(AN, visit=at(copied, "203.0.113.66"))  # asked, with the copy
    assert enter(AN, visit=at(done.browser))  # and not here


def test_who_shares_a_browser_stays_known_and_remembered_in_it(moved: Clock) -> None:
    _, secret = factories.device(factories.person(SOFIE))
    moved.start_of_step()
    code = factories.code(secret)
    first = sign_in.check_code(half(SOFIE), "authenticator", code, HERE, remember=True)
    second = enter(AN, visit=at(first.browser))
    assert enter(SOFIE, visit=at(second.browser)).browser == second.browser
    assert told(SOFIE) == 1
    assert len(factories.rows(KnownBrowser)) == 2
    assert len(factories.rows(RememberedBrowser)) == 1


def test_in_a_known_browser_two_at_once_are_told_once() -> None:
    browser = enter().browser
    ends = factories.together(*[partial(enter, AN, visit=at(browser))] * 3)
    assert {getattr(end, "browser", end) for end in ends} == {browser}
    assert told() == 1


def test_an_address_makes_no_browser_known(still: Still) -> None:
    enter()
    for _ in range(6):
        refused()
    assert refused() == "too_many_tries"


def remembered_for(username: str, browser: str) -> bool:
    with db.reading() as session:
        return remembered.knows(session, factories.own(factories.person(username)), at(browser))
