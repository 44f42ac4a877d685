"""Links in mails: random, stored as a hash, good once and for a while; opening one does nothing."""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from pacs_settings.core import secrets
from pacs_settings.core.clock import now
from pacs_settings.core.db import sweep
from pacs_settings.core.tables import MailLink

RESET, ACTIVATION, LOCK = "reset", "activation", "lock"
VALID = {  # how long
    RESET: timedelta(hours=1),
    ACTIVATION: timedelta(hours=1),
    LOCK: timedelta(days=30),
}
PATHS = {purpose: f"/link/{purpose}/" for purpose in VALID}


@dataclass(frozen=True)
class Link:
    """A link that may be used; `mark` names it without opening anything."""

    account_id: int
    mark: str


def make(db: Session, account_id: int, purpose: str) -> str:
    """A new link's token; of those that set a password only the newest works."""
    sweep(db, MailLink, col(MailLink.expires_at) < now() - timedelta(days=1))
    if purpose != LOCK:
        forget(db, account_id)
    token = secrets.new_token()
    row = MailLink(
        token_hash=secrets.fingerprint(token),
        purpose=purpose,
        account_id=account_id,
        expires_at=now() + VALID[purpose],
    )
    db.add(row)
    return token


def find(db: Session, token: str, purpose: str) -> Link | None:
    """The link of a token if it still works; it is not used up."""
    mark = secrets.fingerprint(token)
    query = sa.select(col(MailLink.account_id)).where(*_working(mark, purpose))
    account_id = db.scalar(query)
    return Link(account_id, mark) if account_id is not None else None


def use(db: Session, token: str, purpose: str) -> int | None:
    """Use a link up, in one statement; its account, or None where it does not work any more."""
    mark = secrets.fingerprint(token)
    used = sa.update(MailLink).where(*_working(mark, purpose)).values(used_at=now())
    found = db.scalar(used.returning(col(MailLink.account_id)))
    return int(found) if found is not None else None


def forget(db: Session, account_id: int) -> None:
    """Make all links that set a password worth nothing."""
    theirs = sa.and_(col(MailLink.account_id) == account_id, col(MailLink.purpose) != LOCK)
    db.execute(sa.delete(MailLink).where(theirs))


def _working(mark: str, purpose: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(MailLink.token_hash) == mark,
        col(MailLink.purpose) == purpose,
        col(MailLink.used_at).is_(None),
        col(MailLink.expires_at) >= now(),
    )
