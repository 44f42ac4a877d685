"""The login history: the latest attempts to sign in to an account."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core.clock import now
from pacs_settings.core.db import reading
from pacs_settings.core.tables import Means, Outcome, SignInAttempt

SHOWN = 100


@dataclass(frozen=True)
class Visit:
    """Where a request comes from: address, User-Agent, and the browser's own cookie."""

    address: str = ""
    user_agent: str = ""
    browser: str = ""


@dataclass(frozen=True)
class Notice:
    """What is told on sign-in: the last success before this one, and failures since."""

    last_success: datetime | None
    failures_since: int


def record(
    db: Session,
    account_id: int,
    visit: Visit,
    means: Means,
    outcome: Outcome,
    reason: str = "",
) -> None:
    """Add an attempt; `reason` is a code, in words in locale/ as `history.reason.*`."""
    db.add(
        SignInAttempt(
            account_id=account_id,
            at=now(),
            address=visit.address,
            user_agent=visit.user_agent[:512],
            means=means,
            outcome=outcome,
            reason=reason,
        )
    )


def latest(account_id: int, count: int = SHOWN) -> list[SignInAttempt]:
    """The latest attempts, newest first, read from the index (account_id, id)."""
    query = (
        select(SignInAttempt)
        .where(SignInAttempt.account_id == account_id)
        .order_by(col(SignInAttempt.id).desc())
        .limit(count)
    )
    with reading() as db:
        return list(db.exec(query))


def notice(account_id: int) -> Notice:
    """The success before the latest one, and how many attempts failed between the two."""
    rows = latest(account_id, SHOWN)
    successes = [n for n, row in enumerate(rows) if row.outcome == Outcome.SUCCESS]
    if not successes:
        return Notice(None, len(rows))
    here = successes[0]
    earlier = successes[1] if len(successes) > 1 else len(rows)
    before = rows[earlier].at if earlier < len(rows) else None
    return Notice(before, earlier - here - 1)


def failures_since_success(db: Session, account_id: int) -> int:
    """How many passwords have failed since the last success, as far as the list is kept."""
    mine = col(SignInAttempt.account_id) == account_id
    by_password = col(SignInAttempt.means).in_((Means.PASSWORD, Means.DIRECTORY))
    success = sa.select(sa.func.max(col(SignInAttempt.id))).where(
        mine, col(SignInAttempt.outcome) == Outcome.SUCCESS
    )
    since = col(SignInAttempt.id) > sa.func.coalesce(success.scalar_subquery(), 0)
    return db.scalar(sa.select(sa.func.count()).where(mine, since, by_password)) or 0


def prune(db: Session, account_id: int, keep: int = 10 * SHOWN) -> None:
    """Drop what is far older than anything shown."""
    query = (
        sa.select(col(SignInAttempt.id))
        .where(col(SignInAttempt.account_id) == account_id)
        .order_by(col(SignInAttempt.id).desc())
        .offset(keep)
        .limit(1)
    )
    oldest = db.scalar(query)
    if oldest is not None:
        old = sa.and_(col(SignInAttempt.account_id) == account_id, col(SignInAttempt.id) <= oldest)
        db.execute(sa.delete(SignInAttempt).where(old))
