"""Wrong tries slow down, per account, browser and address, in the database all workers share."""

import math
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from pacs_settings.core.clock import now
from pacs_settings.core.db import holding, sweep
from pacs_settings.core.errors import Refused
from pacs_settings.core.quick import insert_unless_there
from pacs_settings.core.tables import Throttle

WINDOW = timedelta(minutes=15)
FREE = {"account": 5, "browser": 5, "address": 30}  # failures without any delay
LONGEST_DELAY = 60  # seconds
KEPT = timedelta(days=1)  # longer than anything counts, also for send_limits


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
    sweep(db, Throttle, col(Throttle.last_failure) < now() - KEPT)
    rows = hold(db, keys)
    wait = max((_waiting(row) for row in rows), default=0)
    if wait:
        raise TooManyTries(wait)
    for row in rows:
        _count(row)
    db.flush()


def settle(db: Session, keys: list[str]) -> None:
    """The try was right: forget account and browser, give the address its try back."""
    for row in _held(db, keys):
        row.failures = max(row.failures - 1, 0) if _kind(row) == "address" else 0
        row.blocked_until = now()
    db.flush()


def hold(db: Session, keys: list[str]) -> list[Throttle]:
    """The rows of these keys, for whoever counts by them; nobody else can until the commit.

    Always in the same order, so that no two wait for each other. A row must be there to be held,
    so the first to count makes it.
    """
    moment = now()
    fresh = {"failures": 0, "last_failure": moment, "blocked_until": moment}
    for key in sorted(keys):
        insert_unless_there(db.connection(), Throttle.__table__, {"key": key, **fresh})  # type: ignore[attr-defined]
    return _held(db, keys)


def _held(db: Session, keys: list[str]) -> list[Throttle]:
    query = select(Throttle).where(col(Throttle.key).in_(keys)).order_by(col(Throttle.key))
    return list(db.exec(holding(query)))


def _kind(row: Throttle) -> str:
    return row.key.partition(":")[0]


def _waiting(row: Throttle) -> int:
    left = (row.blocked_until - now()).total_seconds()
    return int(left) + 1 if left > 0 else 0


def _forgiven(row: Throttle, moment: datetime) -> float:
    # As many failures as are free in a window fade away in one. Else the few failures an hour of a
    # whole hospital behind one address would add up for ever, as they never pause for a window.
    # Time that had to be waited does not count: waits grow for who tries again at once.
    if moment - row.last_failure > WINDOW:
        return row.failures
    passed = max(moment - max(row.last_failure, row.blocked_until), timedelta(0))
    return min(row.failures, FREE[_kind(row)] * (passed / WINDOW))


def _count(row: Throttle) -> None:
    moment = now()
    row.failures = row.failures - _forgiven(row, moment) + 1
    row.last_failure = moment
    seconds = delay(_kind(row), row.failures)
    if seconds:
        row.blocked_until = moment + timedelta(seconds=seconds)
