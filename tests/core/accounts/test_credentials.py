"""What must not outlive a change of password or second factor."""

from datetime import timedelta

import pytest

from pacs_settings.core import clock, db
from pacs_settings.core.accounts import credentials, remembered, sign_in
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.sign_in import NextStep
from pacs_settings.core.tables import (
    Challenge,
    KnownBrowser,
    Method,
    PendingSignIn,
    RememberedBrowser,
)
from tests import factories
from tests.factories import AN, HERE, PASSWORD, SOFIE

pytestmark = pytest.mark.usefixtures("database")


def leave_everything(username: str) -> int:
    """A sign-in at its code, the code, and a remembered browser."""
    account = factories.change(username, second_factor=Method.EMAIL)
    step = sign_in.check_password(sign_in.begin(username), PASSWORD, HERE)
    assert isinstance(step, NextStep)
    with db.writing() as session:
        remembered.remember(session, factories.own(account), Visit(browser="a browser's cookie"))
    return factories.own(account)


def owners() -> list[set[int | None]]:
    kept = (RememberedBrowser, PendingSignIn, Challenge)
    return [{row.account_id for row in factories.rows(table)} for table in kept]


def test_browsers_sign_ins_and_codes_of_this_account_go() -> None:
    mine, theirs = leave_everything(AN), leave_everything(SOFIE)
    assert owners() == [{mine, theirs}] * 3
    with db.writing() as session:
        credentials.changed(session, mine)
    assert owners() == [{theirs}] * 3


def test_a_sign_in_that_has_proven_nothing_yet_goes_on() -> None:
    token = sign_in.begin(AN)
    with db.writing() as session:
        credentials.changed(session, factories.own(factories.person(AN)))
    assert sign_in.pending(token).step == "password"


def test_a_browser_stays_known_which_is_no_proof_of_anything() -> None:
    account_id = factories.own(factories.person(AN))
    factories.store(KnownBrowser(token_hash="a", account_id=account_id))
    with db.writing() as session:
        credentials.changed(session, account_id)
    [row] = factories.rows(KnownBrowser)
    assert clock.now() - row.used_at < timedelta(minutes=1)
