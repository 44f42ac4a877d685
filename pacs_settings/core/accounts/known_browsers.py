"""Browsers that have signed in to an account before, known by a cookie, never by an address."""

from dataclasses import replace

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import outbox, secrets
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.clock import now
from pacs_settings.core.db import holding, reading
from pacs_settings.core.tables import Account, KnownBrowser, RememberedBrowser


def knows(username_key: str, visit: Visit) -> bool:
    """Whether this browser has signed in to the account of this name before."""
    mark = secrets.fingerprint(visit.browser)
    query = sa.select(col(Account.username_key)).join(KnownBrowser)
    with reading() as db:
        return username_key in db.scalars(query.where(col(KnownBrowser.token_hash) == mark)).all()


def note(db: Session, account: Account, visit: Visit) -> Visit:
    """Know this browser from now on; one that is new to the account gets a new cookie.

    Also where others know it: whoever used it before may have its cookie. The owner is told.
    """
    mark = secrets.fingerprint(visit.browser)
    this = select(KnownBrowser).where(
        KnownBrowser.token_hash == mark, KnownBrowser.account_id == account.id
    )
    row = db.exec(holding(this)).one_or_none()  # nobody renames it meanwhile
    if row is None:
        visit = replace(visit, browser=secrets.new_token())
        mark = _rename(db, mark, visit)
        row = KnownBrowser(token_hash=mark, account_id=account.id or 0)
        outbox.put_alert(db, account, "new_browser", visit)
    row.used_at = now()
    db.add(row)
    return visit


def _rename(db: Session, former: str, visit: Visit) -> str:
    """The mark of the new cookie, by which all accounts know the browser from now on."""
    mark = secrets.fingerprint(visit.browser)
    for table in (KnownBrowser, RememberedBrowser):
        theirs = sa.update(table).where(col(table.token_hash) == former)
        db.execute(theirs.values(token_hash=mark))
    return mark
