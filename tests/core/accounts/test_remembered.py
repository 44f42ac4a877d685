"""Browsers that are not asked for a second factor."""

from dataclasses import replace

import pytest

from pacs_settings.core import db
from pacs_settings.core.accounts import password_change, remembered, sign_in
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.second_factor import chosen, totp
from pacs_settings.core.accounts.sign_in import SignedIn
from pacs_settings.core.errors import NotYours
from pacs_settings.core.tables import AuditEntry, Method, RememberedBrowser
from tests import factories, seen
from tests.core.accounts.entering import answer, attempts, half, mailed, uses
from tests.core.conftest import Clock
from tests.factories import AN, HERE, PASSWORD, SOFIE

pytestmark = pytest.mark.usefixtures("database")
NEW = "seven quiet elephants"


@pytest.fixture
def kept() -> Visit:
    """A visit from a browser in which An had herself remembered."""
    return remember()


def remember(username: str = AN, visit: Visit = HERE, method: Method = Method.EMAIL) -> Visit:
    """Sign in with a code and have the browser remembered; a visit from it."""
    uses(method, username)
    token = half(username, visit=visit)
    done = sign_in.check_code(token, method, mailed(), visit, remember=True)
    return replace(visit, browser=done.browser)


def asked(visit: Visit, username: str = AN) -> bool:
    """Whether a second factor is asked for."""
    step = sign_in.check_password(sign_in.begin(username), PASSWORD, visit)
    return not isinstance(step, SignedIn)


def ids(username: str = AN) -> list[str]:
    return [row.id for row in remembered.listed(factories.own(factories.person(username)))]


def test_it_is_not_asked_for_a_code_again(kept: Visit) -> None:
    assert not asked(kept)
    assert attempts()[0] == ("password", "success", "")


def test_it_must_be_wished() -> None:
    uses(Method.EMAIL)
    done = answer(half(), "email", mailed())
    assert asked(replace(HERE, browser=done.browser))


def test_the_password_is_asked_all_the_same(kept: Visit) -> None:
    token = sign_in.begin(AN)
    assert sign_in.pending(token).step == "password"
    with pytest.raises(sign_in.SignInRefused):
        sign_in.check_password(token, "wrong", kept)


@pytest.mark.parametrize("browser", ["", "another", "{}x"])
def test_it_takes_this_very_cookie(kept: Visit, browser: str) -> None:
    assert asked(replace(kept, browser=browser.format(kept.browser)))


def test_another_browser_at_the_same_address_is_asked(kept: Visit) -> None:
    other = replace(kept, browser=answer(half(), "email", mailed()).browser)
    assert other.browser != kept.browser
    assert asked(other)
    assert not asked(kept)


def test_it_may_move_to_another_address(kept: Visit) -> None:
    assert not asked(replace(kept, address="203.0.113.9"))


def test_thirty_days_later_it_is_asked_again(kept: Visit, moved: Clock) -> None:
    moved.forward(days=30, seconds=-30)
    assert not asked(kept)
    moved.forward(seconds=31)
    assert asked(kept)
    assert ids() == []


def test_use_does_not_prolong_it_but_another_code_does(kept: Visit, moved: Clock) -> None:
    for _ in range(2):
        moved.forward(days=14)
        assert not asked(kept)
    moved.forward(days=3)
    remember(visit=kept)
    moved.forward(days=29)
    assert not asked(kept)
    assert len(ids()) == 1


def test_it_is_of_one_account_only(kept: Visit) -> None:
    uses(Method.EMAIL, SOFIE)
    assert asked(kept, SOFIE)
    remember(SOFIE)
    assert not asked(kept)
    assert len(ids()) == len(ids(SOFIE)) == 1


def test_two_may_be_remembered_in_one_browser(kept: Visit) -> None:
    shared = remember(SOFIE, kept)
    assert not asked(shared)
    assert not asked(shared, SOFIE)


def test_it_dies_with_a_change_of_password(kept: Visit) -> None:
    password_change.change(factories.actor(factories.person(AN)), PASSWORD, NEW, NEW)
    assert ids() == []
    assert isinstance(half(password=NEW, visit=kept), str)


def test_it_dies_with_a_change_of_factor(kept: Visit, moved: Clock) -> None:
    moved.start_of_step()
    actor = factories.actor(factories.person(AN))
    begun = totp.begin(actor)
    totp.confirm(actor, begun.device_id, "Phone", factories.code(begun.secret))
    assert asked(kept)
    assert ids() == []


def test_it_dies_with_another_device(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    code = factories.code(secret)
    done = sign_in.check_code(half(), "authenticator", code, HERE, remember=True)
    visit = replace(HERE, browser=done.browser)
    assert not asked(visit)
    second, _ = factories.device(factories.person(AN), "Second")
    totp.remove(factories.actor(factories.person(AN)), second)
    assert asked(visit)


def test_it_dies_where_no_factor_is_left(kept: Visit) -> None:
    chosen.do_without(factories.actor(factories.person(AN)))
    uses(Method.EMAIL)
    assert asked(kept)


def test_that_of_others_outlives_it(kept: Visit) -> None:
    theirs = remember(SOFIE)
    password_change.change(factories.actor(factories.person(AN)), PASSWORD, NEW, NEW)
    assert not asked(theirs, SOFIE)


def test_only_the_hash_of_its_cookie_is_stored(kept: Visit) -> None:
    assert kept.browser not in seen.stored()


# The list.


def test_its_owner_sees_where_and_until_when(kept: Visit) -> None:
    [row] = remembered.listed(factories.own(factories.person(AN)))
    assert (row.browser, row.system, row.address) == ("Firefox 128", "Linux", HERE.address)
    assert row.since < row.until
    assert remembered.listed(factories.own(factories.person(SOFIE))) == []


def test_the_newest_is_first() -> None:
    for n in (1, 2, 3):
        remember(visit=Visit(f"198.51.100.{n}"))
    rows = remembered.listed(factories.own(factories.person(AN)))
    assert [row.address for row in rows] == ["198.51.100.3", "198.51.100.2", "198.51.100.1"]


def test_one_may_be_forgotten(kept: Visit) -> None:
    other = remember(visit=Visit("198.51.100.2"))
    [newer, older] = ids()
    remembered.forget(factories.actor(factories.person(AN)), older)
    assert ids() == [newer]
    assert asked(kept)
    assert not asked(other)
    [entry] = [row for row in factories.rows(AuditEntry) if "browser" in row.tag]
    assert (entry.tag, entry.after) == ("account:browser:forgotten", {"browser": older})


def test_that_of_another_account_is_not_there(kept: Visit) -> None:
    stranger = factories.actor(factories.person(SOFIE))
    for which in (*ids(), "made up"):
        with pytest.raises(NotYours):
            remembered.forget(stranger, which)
    assert not asked(kept)


def test_what_is_over_goes_when_another_is_remembered(kept: Visit, moved: Clock) -> None:
    moved.forward(days=31)
    remember(SOFIE)
    assert len(factories.rows(RememberedBrowser)) == 1


def test_without_a_cookie_nothing_is_known() -> None:
    with db.writing() as session:
        account = factories.person(AN)
        remembered.remember(session, factories.own(account), Visit(HERE.address))
        assert not remembered.knows(session, factories.own(account), Visit(HERE.address))
