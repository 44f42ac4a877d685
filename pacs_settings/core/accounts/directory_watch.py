"""Whoever left their directory does not stay signed in here: a look at each directory a minute.

How long that takes at worst, with T the seconds that one server is granted: somebody leaves just
after a look has asked. A look ends within 2 T; the next one begins with the worker's next round,
EVERY seconds later at most, and ends within 2 T with the sessions; tabs leave 2 seconds later.

    2 T + EVERY + 2 T + 2 = 4 *  5 + 62 =  82 seconds with the default of T = 5
                            4 * 30 + 62 = 182 seconds with the longest that the adapter grants

A directory that does not answer ends nothing, for as long as it does not.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import audit, ports
from pacs_settings.core.accounts import candidates, sessions
from pacs_settings.core.clock import now
from pacs_settings.core.db import reading, writing
from pacs_settings.core.tables import Account, Domain, SignInSession

EVERY = 60.0  # seconds from one round to the next

logger = logging.getLogger(__name__)
_under_way: set[int] = set()
_lock = threading.Lock()


def look() -> list[threading.Thread]:
    """Ask the directory of everybody signed in, each in a thread with its name; they are returned.

    So nobody waits for another's directory. Several workers may look at once: a session ends
    once, and so it is audited once.
    """
    with reading() as db:
        found = [(db.get_one(Domain, id), guids) for id, guids in _signed_in(db).items()]
    threads = [
        threading.Thread(target=_look_at, args=one, name=one[0].name, daemon=True) for one in found
    ]
    for thread in threads:
        thread.start()
    return threads


def _signed_in(db: Session) -> dict[int, set[str]]:
    """Of each domain those who may have a session that lives."""
    query = (
        sa.select(col(Account.domain_id), col(Account.directory_guid))
        .join(SignInSession, col(SignInSession.account_id) == col(Account.id))
        .where(
            col(Account.domain_id).is_not(None),
            col(Account.directory_guid).is_not(None),
            col(SignInSession.ended_at).is_(None),
            col(SignInSession.until) > now(),
        )
        .distinct()
    )
    found: dict[int, set[str]] = defaultdict(set)
    for domain_id, guid in db.execute(query):
        found[domain_id].add(guid)
    return found


def _look_at(domain: Domain, guids: set[str]) -> None:
    with _alone(domain.id or 0) as alone:
        if not alone:
            return
        try:
            _end(domain, candidates.directory(domain).gone(guids))
        except ports.DirectoryRefused:
            pass  # it could not say; the adapter has logged why
        except Exception:
            logger.exception("the sessions of %s could not be looked at", domain.name)


@contextmanager
def _alone(domain_id: int) -> Iterator[bool]:
    """Whether nobody else of this process looks at the domain: slow looks do not pile up."""
    with _lock:
        alone = domain_id not in _under_way
        _under_way.add(domain_id)
    try:
        yield alone
    finally:
        if alone:
            with _lock:
                _under_way.remove(domain_id)


def _end(domain: Domain, gone: set[str]) -> None:
    if not gone:
        return
    theirs = (
        select(Account)
        .where(Account.domain_id == domain.id, col(Account.directory_guid).in_(gone))
        .order_by(col(Account.id))
    )
    with writing() as db:
        for account in db.exec(theirs):
            ended = sessions.end_all(db, account.id or 0, "disabled")
            if ended:
                after = {"username": account.username, "why": "disabled", "sessions": ended}
                audit.record(db, None, "session:directory:ended", after=after)
