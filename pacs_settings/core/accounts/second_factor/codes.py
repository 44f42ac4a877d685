"""One-time codes that are sent: six digits, one sign-in, once, and only the last one counts."""

import re
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from pacs_settings.core import outbox, secrets
from pacs_settings.core.accounts import send_limits
from pacs_settings.core.accounts.second_factor.factor import Attempt
from pacs_settings.core.clock import now
from pacs_settings.core.db import insert_or_update, sweep
from pacs_settings.core.tables import Challenge

LONGEST_VALID = timedelta(minutes=10)  # a region may ask for less (ASVS 5.0, 6.5.5)


def digits(typed: str) -> str:
    """The six digits of a code as typed, with or without spaces; empty where it is none."""
    found = re.sub(r"[\s\-]", "", typed[:40])
    return found if re.fullmatch(r"[0-9]{6}", found) else ""


def send(db: Session, attempt: Attempt, channel: str, destination: str) -> None:
    """Send a code by `channel` (mail or sms); the former one for the same attempt is worth nothing.

    Raises TooManyCodes, and then the transaction must not commit.
    """
    account, visit = attempt.account, attempt.visit
    send_limits.reserve(db, channel, attempt.account_id, destination, visit.address)
    code = secrets.new_digits()
    until = now() + min(timedelta(seconds=attempt.region.code_seconds), LONGEST_VALID)
    put(db, attempt, _mark(attempt, code), until, destination)
    outbox.put_code(db, account, outbox.Channel(channel), destination, visit, code, until)


def spend(db: Session, attempt: Attempt, typed: str) -> str | None:
    """Where the code was sent to if it is right and in time, and use it up; else None."""
    code = digits(typed)
    return take(db, attempt, _mark(attempt, code)) if code else None


def put(db: Session, attempt: Attempt, secret: str, until: Any, destination: str = "") -> None:
    """Store what must be answered, in place of what was asked before for the same purpose."""
    row = {
        "account_id": attempt.account_id,
        "secret": secret,
        "destination": destination,
        "created_at": now(),
        "expires_at": until,
    }
    key = {"purpose": attempt.purpose, "bound_to": attempt.bound_to}
    table: sa.Table = Challenge.__table__  # type: ignore[attr-defined]
    sweep(db, Challenge, col(Challenge.expires_at) < now() - timedelta(days=1))
    insert_or_update(db, table, row | key, list(key), row)


def take(db: Session, attempt: Attempt, secret: str) -> str | None:
    """Use up the challenge with this secret, in one statement; its destination, or None."""
    right = sa.and_(
        col(Challenge.purpose) == attempt.purpose,
        col(Challenge.bound_to) == attempt.bound_to,
        col(Challenge.account_id) == attempt.account_id,
        col(Challenge.secret) == secret,
        col(Challenge.expires_at) > now(),
    )
    return db.scalar(sa.delete(Challenge).where(right).returning(col(Challenge.destination)))


def _mark(attempt: Attempt, code: str) -> str:
    parts = (attempt.purpose, attempt.bound_to, attempt.account_id, code)
    return secrets.mark("code", *parts)
