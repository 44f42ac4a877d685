"""Browsers that are not asked for a second factor for thirty days."""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import audit, secrets
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.clock import now
from pacs_settings.core.db import insert_or_update, reading, sweep, writing
from pacs_settings.core.errors import NotYours
from pacs_settings.core.tables import RememberedBrowser
from pacs_settings.core.user_agents import describe

DAYS = timedelta(days=30)


@dataclass(frozen=True)
class Browser:
    """A remembered browser as its owner sees it; moments in ISO 8601."""

    id: str
    browser: str
    system: str
    address: str
    since: str
    until: str


def remember(db: Session, account_id: int, visit: Visit) -> None:
    """From now on this browser (its cookie, never its address) is enough; once more, for longer."""
    row = {
        "id": secrets.new_id(),
        "token_hash": secrets.fingerprint(visit.browser),
        "account_id": account_id,
        "address": visit.address,
        "user_agent": visit.user_agent[:512],
        "created_at": now(),
        "until": now() + DAYS,
    }
    table: sa.Table = RememberedBrowser.__table__  # type: ignore[attr-defined]
    key = ["token_hash", "account_id"]
    sweep(db, RememberedBrowser, col(RememberedBrowser.until) < now())
    insert_or_update(db, table, row, key, row)


def knows(db: Session, account_id: int, visit: Visit) -> bool:
    """Whether this browser is remembered for this account."""
    if not visit.browser:
        return False
    this = (
        col(RememberedBrowser.token_hash) == secrets.fingerprint(visit.browser),
        col(RememberedBrowser.account_id) == account_id,
        col(RememberedBrowser.until) > now(),
    )
    return db.scalar(sa.select(sa.exists().where(*this))) or False


def listed(account_id: int) -> list[Browser]:
    """The account's remembered browsers, newest first."""
    query = select(RememberedBrowser).where(
        RememberedBrowser.account_id == account_id, RememberedBrowser.until > now()
    )
    with reading() as db:
        rows = db.exec(query.order_by(col(RememberedBrowser.created_at).desc()))
        return [_shown(row) for row in rows]


def forget(actor: audit.Actor, browser_id: str) -> None:
    """Ask this browser for the second factor again; raises NotYours."""
    theirs = sa.and_(
        col(RememberedBrowser.id) == browser_id,
        col(RememberedBrowser.account_id) == actor.account_id,
    )
    with writing() as db:
        gone = db.execute(sa.delete(RememberedBrowser).where(theirs))
        if gone.rowcount != 1:  # type: ignore[attr-defined]
            raise NotYours
        audit.record(db, actor, "account:browser:forgotten", after={"browser": browser_id})


def _shown(row: RememberedBrowser) -> Browser:
    browser, system = describe(row.user_agent)
    since, until = row.created_at.isoformat(), row.until.isoformat()
    return Browser(row.id, browser, system, row.address, since, until)
