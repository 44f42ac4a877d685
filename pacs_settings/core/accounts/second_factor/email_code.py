"""A code by e-mail: the weakest second factor, since a mailbox often hangs on a password alone."""

from typing import Any

from sqlmodel import Session

from pacs_settings.core.accounts.second_factor import codes
from pacs_settings.core.accounts.second_factor.factor import Attempt
from pacs_settings.core.tables import Account, Means


class EmailCode:
    """A SecondFactor that sends a code to the account's address."""

    means = Means.EMAIL

    def ready(self, db: Session, account: Account) -> bool:
        """Always: the username is an address."""
        return True

    def begin(self, db: Session, attempt: Attempt) -> dict[str, Any]:
        """Send a code; raises TooManyCodes."""
        codes.send(db, attempt, "mail", attempt.account.username)
        return {}

    def prove(self, db: Session, attempt: Attempt, answer: str) -> bool:
        """Whether it is the last code sent to this address for this attempt."""
        return codes.spend(db, attempt, answer) == attempt.account.username
