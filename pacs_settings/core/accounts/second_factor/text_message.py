"""A code by text message to the mobile on file: weaker than an app, numbers can be taken over."""

from typing import Any

from sqlmodel import Session

from pacs_settings.core.accounts.second_factor import codes
from pacs_settings.core.accounts.second_factor.factor import Attempt
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Account, Means


class TextMessage:
    """A SecondFactor that sends a code to the account's mobile phone."""

    means = Means.SMS

    def ready(self, db: Session, account: Account) -> bool:
        """Whether there is a mobile phone on file."""
        return bool(account.mobile_phone)

    def begin(self, db: Session, attempt: Attempt) -> dict[str, Any]:
        """Send a code; raises TooManyCodes, or Refused `no_mobile`."""
        mobile = attempt.account.mobile_phone
        if not mobile:
            raise Refused("no_mobile")
        codes.send(db, attempt, "sms", mobile)
        return {}

    def prove(self, db: Session, attempt: Attempt, answer: str) -> bool:
        """Whether it is the last code sent, to the number that is on file still."""
        destination = codes.spend(db, attempt, answer)
        return destination is not None and destination == attempt.account.mobile_phone
