"""How much one account may search, so that nobody copies the directory, whatever typing takes.

Counted in the database that all workers share: searches in an hour, and people shown in a day.
Both fade away as time goes by.
"""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from pacs_settings.core.accounts import throttle
from pacs_settings.core.clock import now
from pacs_settings.core.db import holding
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Throttle

MOST_SEARCHES, MOST_SHOWN = 600, 10_000
_WINDOWS = {"search": (MOST_SEARCHES, timedelta(hours=1)), "shown": (MOST_SHOWN, timedelta(days=1))}


class TooManySearches(Refused):
    """No more searches now; the next one in `retry_in` seconds."""

    def __init__(self, retry_in: int) -> None:
        super().__init__("too_many_searches", minutes=max(1, -(-retry_in // 60)))
        self.retry_in = retry_in


def look(db: Session, account_id: int) -> None:
    """Raise TooManySearches where it is known already that nothing more is answered now."""
    rows = db.exec(select(Throttle).where(col(Throttle.key).in_(_keys(account_id))))
    wait = max(map(_blocked, rows), default=0)
    if wait:
        raise TooManySearches(wait)


def charge(db: Session, account_id: int, shown: int) -> tuple[int, bool]:
    """Count one search that shows so many people: seconds to wait for it, and whether newly so.

    With seconds to wait, nothing may be shown.
    """
    rows = {row.key: row for row in _held(db, _keys(account_id))}
    moment, wait = now(), 0
    newly = not any(map(_blocked, rows.values()))
    for key, amount in zip(_keys(account_id), (1, shown), strict=True):
        row, (most, window) = rows[key], _WINDOWS[key.split(":")[1]]
        row.failures = _level(row, most, window, moment)
        row.last_failure = moment
        over = row.failures + 1 - most
        if over > 0:
            wait = max(wait, int(over / most * window.total_seconds()) + 1)
            row.blocked_until = moment + timedelta(seconds=wait)
        else:
            row.failures += amount
    db.flush()
    return wait, newly


def _keys(account_id: int) -> list[str]:
    return [f"find:{kind}:{account_id}" for kind in _WINDOWS]


def _held(db: Session, keys: list[str]) -> list[Throttle]:
    query = select(Throttle).where(col(Throttle.key).in_(keys)).order_by(col(Throttle.key))
    rows = list(db.exec(holding(query)))
    return rows if len(rows) == len(keys) else throttle.hold(db, keys)


def _level(row: Throttle, most: int, window: timedelta, moment: datetime) -> float:
    return max(0.0, row.failures - most * ((moment - row.last_failure) / window))


def _blocked(row: Throttle) -> int:
    left = (row.blocked_until - now()).total_seconds()
    return int(left) + 1 if left > 0 else 0
