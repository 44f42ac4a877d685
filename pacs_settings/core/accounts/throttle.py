"""Wrong tries slow down, per account, browser and address, in the database all workers share."""

import math
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from pacs_settings.core.clock import now
from pacs_settings.core.db import insert_or_update
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Throttle

WINDOW = timedelta(minutes=15)
FREE = {"account": 5, "browser": 5, "address": 30}  # failures without any delay
LONGEST_DELAY = 60  # seconds


class TooManyTries(Refused):
    """Tries are coming too fast; another one is possible in `retry_in` seconds."""

    def __init__(self, retry_in: int) -> None:
        super().__init__("too_many_tries", seconds=retry_in)
        self.retry_in = retry_in


def delay(kind: str, failures: float) -> int:
    """Seconds to wait after so many failures: none for the free ones, then 2, 4, 8 … 60."""
    surplus = math.ceil(failures - FREE[kind])
    return 0 if surplus <= 0 else min(2 ** min(surplus, 6), LONGEST_DELAY)


def reserve(db: Session, keys: list[str]) -> None:
    """Count a try as failed before its password is looked at; raises TooManyTries.

    Counting first is what makes parallel tries add up. Keys read `kind:value`.
    """
    wait = max((_waiting(db, key) for key in keys), default=0)
    if wait:
        raise TooManyTries(wait)
    for key in keys:
        _count(db, key)


def settle(db: Session, keys: list[str]) -> None:
    """The try was right: forget account and browser, give the address its try back."""
    for key in keys:
        row = sa.update(Throttle).where(col(Throttle.key) == key)
        left = sa.case((col(Throttle.failures) > 0, col(Throttle.failures) - 1), else_=0)
        count = left if key.startswith("address:") else 0
        db.execute(row.values(failures=count, blocked_until=now()))


def _waiting(db: Session, key: str) -> int:
    until = db.scalar(
        sa.select(col(Throttle.blocked_until)).where(col(Throttle.key) == key).with_for_update()
    )
    if until is None or until <= now():
        return 0
    return int((until - now()).total_seconds()) + 1


def _forgiven(db: Session, key: str, moment: datetime) -> float:
    # As many failures as are free in a window fade away in one. Else the few failures an hour of a
    # whole hospital behind one address would add up for ever, as they never pause for a window.
    # Time that had to be waited does not count: waits grow for who tries again at once.
    query = sa.select(
        col(Throttle.failures), col(Throttle.last_failure), col(Throttle.blocked_until)
    )
    row = db.execute(query.where(col(Throttle.key) == key).with_for_update()).one_or_none()
    if row is None:
        return 0
    failures, last, free_from = row
    if moment - last > WINDOW:
        return float(failures)
    passed = max(moment - max(last, free_from), timedelta(0))
    return float(min(failures, FREE[key.partition(":")[0]] * (passed / WINDOW)))


def _count(db: Session, key: str) -> None:
    moment = now()
    forgiven = _forgiven(db, key, moment)
    insert_or_update(
        db,
        Throttle.__table__,  # type: ignore[attr-defined]
        {"key": key, "failures": 1, "last_failure": moment, "blocked_until": moment},
        ["key"],
        {"failures": col(Throttle.failures) - forgiven + 1, "last_failure": moment},
    )
    failures = db.scalar(sa.select(col(Throttle.failures)).where(col(Throttle.key) == key)) or 0
    seconds = delay(key.partition(":")[0], failures)
    if seconds:
        row = sa.update(Throttle).where(col(Throttle.key) == key)
        db.execute(row.values(blocked_until=moment + timedelta(seconds=seconds)))
