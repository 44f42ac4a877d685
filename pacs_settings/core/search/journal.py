"""The audit trail of looking colleagues up: one line for what was typed, not one for each key.

While somebody goes on typing, what they have typed so far stands in `look_up`. A line of the trail
follows when they look for something else, or a minute later. So each query that was answered is
the beginning of one that is in the trail.
"""

from datetime import timedelta

from sqlmodel import Session, col, select

from pacs_settings.core import audit
from pacs_settings.core.clock import now
from pacs_settings.core.db import free, writing
from pacs_settings.core.search.folding import LONGEST, fold
from pacs_settings.core.tables import LookUp

TYPING = timedelta(seconds=60)  # from its first key to the last
EVERY = 15.0  # seconds between looks for those who have stopped
PORTION = 500


def note(db: Session, actor: audit.Actor, typed: str, shown: int) -> None:
    """Take down an answered search; whoever calls holds the account's counters."""
    row = db.get(LookUp, actor.account_id, populate_existing=True)
    if row is not None and not _goes_on(row, actor, typed):
        _record(db, row)
        row = None
    if row is None:
        row = _begun(actor, typed)
    row.query, row.used_at = typed[:LONGEST], now()
    row.searches, row.shown = row.searches + 1, row.shown + shown
    db.add(row)
    db.flush()


def stopped(db: Session, actor: audit.Actor, seconds: int) -> None:
    """Take down that somebody was stopped."""
    audit.record(db, actor, "colleagues:search:stopped", after={"seconds": seconds})


def work_off() -> int:
    """Have those who have stopped typing in the trail; how many."""
    over = select(LookUp).where(col(LookUp.used_at) < now() - TYPING).limit(PORTION)
    with writing() as db:
        rows = db.exec(free(over)).all()
        for row in rows:
            _record(db, row)
    return len(rows)


def _begun(actor: audit.Actor, typed: str) -> LookUp:
    return LookUp(
        account_id=actor.account_id,
        session_id=actor.session_id,
        address=actor.address,
        query=typed[:LONGEST],
    )


def _goes_on(row: LookUp, actor: audit.Actor, typed: str) -> bool:
    further = fold(typed[:LONGEST]).startswith(fold(row.query))
    return row.session_id == actor.session_id and further and now() - row.began_at < TYPING


def _record(db: Session, row: LookUp) -> None:
    actor = audit.Actor(row.account_id, row.session_id, row.address)
    told = {"query": row.query, "searches": row.searches, "shown": row.shown}
    audit.record(db, actor, "colleagues:searched", after=told)
    db.delete(row)
    db.flush()
