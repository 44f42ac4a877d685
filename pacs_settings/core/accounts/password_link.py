"""Setting a password by a link and a code: activation, and after it was forgotten.

Neither alone is enough, and neither signs in.
"""

from dataclasses import dataclass

from sqlmodel import Session

from pacs_settings.core import audit, mail_links, outbox
from pacs_settings.core.accounts import credentials, password_change, passwords, sessions
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.second_factor import proof
from pacs_settings.core.accounts.second_factor.factor import Attempt
from pacs_settings.core.accounts.second_factor.registry import FACTORS
from pacs_settings.core.db import hold, reading, writing
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Account, AccountState, Means, Region

PURPOSES = (mail_links.RESET, mail_links.ACTIVATION)


@dataclass(frozen=True)
class LinkPage:
    """What the page of a link shows: whom it is for, where the code goes, how long a password."""

    username: str
    by_text_message: bool
    minimum: int


def page(token: str, purpose: str) -> LinkPage:
    """What the link's page shows; raises Refused `link_expired`."""
    with reading() as db:
        account, _mark = _opened(db, token, purpose)
        asked, _context = password_change.rules_for(db, account)
    return LinkPage(account.username, bool(account.mobile_phone), asked.minimum)


def send_code(token: str, purpose: str, visit: Visit) -> None:
    """Send the code to the mobile on file, or by e-mail where there is none.

    Raises Refused `link_expired`, `locked`, `too_many_codes`.
    """
    with writing() as db:
        attempt = _attempt(db, token, purpose, visit)
        proof.begin(db, attempt, FACTORS[_means(attempt.account)])


def set_password(token: str, purpose: str, code: str, new: str, again: str, visit: Visit) -> None:
    """Set the password; costs one hash, so run it in the pool of passwords.

    Raises Refused `link_expired`, `wrong_code`, `locked`, `password_*`.
    """
    with reading() as db:
        account, _mark = _opened(db, token, purpose)
        asked, context = password_change.rules_for(db, account)
    password_change.refuse_unfit(new, again, asked, context)
    hashed = passwords.hash_password(new)  # no lock is held meanwhile
    with writing() as db:
        attempt = _attempt(db, token, purpose, visit)
        refusal = proof.check(db, attempt, FACTORS[_means(attempt.account)], code)
        if not refusal:
            if mail_links.use(db, token, purpose) is None:
                raise Refused("link_expired")
            _store(db, attempt, hashed)
    if refusal:  # after the commit: a wrong code must be counted
        raise Refused(refusal, "code" if refusal == "wrong_code" else "")


def _opened(db: Session, token: str, purpose: str, *, lock: bool = False) -> tuple[Account, str]:
    """The account of a link that may be used, and the link's mark."""
    link = mail_links.find(db, token, purpose) if purpose in PURPOSES else None
    if link is None:
        raise Refused("link_expired")
    account_id = link.account_id
    account = hold(db, Account, account_id) if lock else db.get_one(Account, account_id)
    # It may have been closed, or given to a directory, after the link was mailed.
    if account.state == AccountState.DISABLED or account.domain_id:
        raise Refused("link_expired")
    return account, link.mark


def _attempt(db: Session, token: str, purpose: str, visit: Visit) -> Attempt:
    account, mark = _opened(db, token, purpose, lock=True)
    region = db.get_one(Region, account.region_id)
    return Attempt(account, region, purpose, mark, visit)


def _means(account: Account) -> Means:
    return Means.SMS if account.mobile_phone else Means.EMAIL


def _store(db: Session, attempt: Attempt, hashed: str) -> None:
    account, visit = attempt.account, attempt.visit
    activated = attempt.purpose == mail_links.ACTIVATION
    account.password_hash = hashed
    if activated:  # wrong codes may have locked it for a while before
        account.state, account.locked_until = AccountState.ACTIVE, None
    db.add(account)
    sessions.end_all(db, attempt.account_id, "password_changed")
    credentials.changed(db, attempt.account_id)
    mail_links.forget(db, attempt.account_id)
    actor = audit.Actor(attempt.account_id, "", visit.address, visit.user_agent)
    audit.record(db, actor, f"account:{'activated' if activated else 'password:reset'}")
    outbox.put_alert(db, account, "activated" if activated else "password_changed", visit)
