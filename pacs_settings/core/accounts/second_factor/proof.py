"""Checking an answer, whatever it is the answer to: five wrong in a row lock the account."""

from datetime import timedelta
from typing import Any

from sqlmodel import Session

from pacs_settings.core import outbox
from pacs_settings.core.accounts import history
from pacs_settings.core.accounts.second_factor.factor import Attempt, SecondFactor
from pacs_settings.core.clock import now
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import AccountState, Means, Outcome

CODES_BEFORE_LOCK = 5


def begin(db: Session, attempt: Attempt, factor: SecondFactor) -> dict[str, Any]:
    """Ask for the factor: nothing is sent for an account that is locked, no code would help it.

    Raises Refused `locked`, `too_many_codes`.
    """
    if locked(attempt):
        raise Refused("locked")
    return factor.begin(db, attempt)


def check(db: Session, attempt: Attempt, factor: SecondFactor, answer: str) -> str:
    """Why the answer is refused, `wrong_code` or `locked`; empty if it proves the factor.

    The account's row must be locked by the caller, whose transaction must commit in any case.
    """
    if locked(attempt):
        return "locked"
    if factor.prove(db, attempt, answer):
        attempt.account.wrong_codes = 0
        db.add(attempt.account)
        return ""
    return count_wrong(db, attempt, factor.means)


def count_wrong(db: Session, attempt: Attempt, means: Means) -> str:
    """Count a wrong answer; `locked` for the last one, else `wrong_code`."""
    account = attempt.account
    history.record(db, attempt.account_id, attempt.visit, means, Outcome.FAILURE, "wrong_code")
    account.wrong_codes += 1
    if account.wrong_codes < CODES_BEFORE_LOCK:
        db.add(account)
        return "wrong_code"
    account.wrong_codes = 0
    account.state = AccountState.LOCKED
    account.locked_until = now() + timedelta(seconds=attempt.region.lock_seconds)
    db.add(account)
    outbox.put_alert(db, account, "account_locked", attempt.visit)
    return "locked"


def locked(attempt: Attempt) -> bool:
    """Whether the account is locked now."""
    account = attempt.account
    until = account.locked_until
    return account.state == AccountState.LOCKED and (until is None or until > now())
