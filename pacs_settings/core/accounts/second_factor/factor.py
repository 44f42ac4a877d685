"""What every second factor has in common: an attempt, and how it is begun and proven."""

from dataclasses import dataclass
from typing import Any, Protocol

from sqlmodel import Session

from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.tables import Account, Means, Region


@dataclass(frozen=True)
class Attempt:
    """Who must prove a factor, for which purpose, and what the proof is bound to.

    `bound_to` names the one sign-in, session or link that asks; a proof for another is worth
    nothing. At most 64 characters.
    """

    account: Account
    region: Region
    purpose: str
    bound_to: str
    visit: Visit

    @property
    def account_id(self) -> int:
        """The account's identifier."""
        return self.account.id or 0


class SecondFactor(Protocol):
    """One way to prove that it is the owner; the caller's transaction holds all it writes."""

    @property
    def means(self) -> Means:
        """How the login history names it."""

    def ready(self, db: Session, account: Account) -> bool:
        """Whether the account has what it takes."""

    def begin(self, db: Session, attempt: Attempt) -> dict[str, Any]:
        """Send a code or make a challenge; returns what the browser needs of it.

        Raises Refused `too_many_codes`.
        """

    def prove(self, db: Session, attempt: Attempt, answer: str) -> bool:
        """Whether the answer is right; a right one is used up, in one atomic statement."""
