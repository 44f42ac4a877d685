"""Sessions: random tokens stored as hashes, with an idle and an absolute limit."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from pacs_settings.core import audit, secrets
from pacs_settings.core.accounts import usernames
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.clock import now
from pacs_settings.core.db import Quick, reading, writing
from pacs_settings.core.tables import (
    Account,
    AccountState,
    Domain,
    Means,
    Region,
    SignInSession,
    TotpDevice,
)


@dataclass(frozen=True)
class SessionFacts:
    """A live session and what deciding about its account takes."""

    session_id: str
    account_id: int
    until: datetime
    idle_seconds: int
    used_at: datetime
    domain: str | None
    may_edit_reports: bool
    service_desk: bool
    must_enrol: bool

    @property
    def ends_at(self) -> datetime:
        """When it ends if nothing more happens."""
        return min(self.until, self.used_at + timedelta(seconds=self.idle_seconds))


@dataclass(frozen=True)
class SessionEnd:
    """When a session ends by itself, whether a click moves that, or why it has ended."""

    ends_at: datetime
    absolute: bool
    ended_why: str = ""


def start(db: Session, account: Account, region: Region, means: Means, visit: Visit) -> str:
    """Open a session and return the value of its cookie, `id.token`."""
    token = secrets.new_token()
    row = SignInSession(
        id=secrets.new_id(),
        token_hash=secrets.fingerprint(token),
        account_id=account.id or 0,
        means=means,
        address=visit.address,
        user_agent=visit.user_agent[:512],
        started_at=now(),
        used_at=now(),
        until=now() + timedelta(seconds=region.absolute_seconds),
        idle_seconds=region.idle_seconds,
    )
    db.add(row)
    return f"{row.id}.{token}"


_HAS_DEVICE = sa.exists().where(
    col(TotpDevice.account_id) == col(Account.id),
    col(TotpDevice.confirmed_at).is_not(None),
)
_LOOK_UP = Quick(
    sa.select(
        col(SignInSession.token_hash),
        col(SignInSession.account_id),
        col(SignInSession.until),
        col(SignInSession.idle_seconds),
        col(SignInSession.used_at),
        col(Domain.name).label("domain"),
        col(Account.may_edit_reports),
        col(Account.service_desk),
        sa.and_(col(Region.strong_authentication), ~_HAS_DEVICE).label("must_enrol"),
    )
    .join(Account, col(Account.id) == col(SignInSession.account_id))
    .join(Region, col(Region.id) == col(Account.region_id))
    .outerjoin(Domain, col(Domain.id) == col(Account.domain_id))
    .where(
        col(SignInSession.id) == sa.bindparam("session_id"),
        col(SignInSession.ended_at).is_(None),
        sa.or_(
            col(Account.state) == AccountState.ACTIVE.value,
            col(Account.state) == AccountState.LOCKED.value,
        ),
    )
)


def resolve(cookie: str, *, use: bool = True) -> SessionFacts | None:
    """The live session that a cookie names, or None; `use` restarts its idle limit."""
    facts = find(cookie)
    return note_use(facts) if facts and use and use_is_due(facts) else facts


def find(cookie: str) -> SessionFacts | None:
    """The live session that a cookie names, or None; reads only, by one indexed statement."""
    session_id, _, token = cookie.partition(".")
    if not token:
        return None
    row = _LOOK_UP.one(session_id=session_id)
    if row is None or not secrets.same(row[0], secrets.fingerprint(token)):
        return None
    facts = SessionFacts(session_id, *row[1:])
    return facts if facts.ends_at > now() else None


def use_is_due(facts: SessionFacts) -> bool:
    """Whether a use must be noted now: not at every click, the limit needs no such precision."""
    return now() - facts.used_at >= timedelta(seconds=min(20, facts.idle_seconds / 20))


def note_use(facts: SessionFacts) -> SessionFacts:
    """Restart the idle limit."""
    moment = now()
    row = sa.update(SignInSession).where(col(SignInSession.id) == facts.session_id)
    with writing() as db:
        db.execute(row.values(used_at=moment))
    return replace(facts, used_at=moment)


def ends(session_ids: Iterable[str]) -> dict[str, SessionEnd]:
    """For each session when it ends, or why it has ended; one query for all."""
    query = (
        sa.select(SignInSession, col(Account.state))
        .join(Account, col(Account.id) == col(SignInSession.account_id))
        .where(col(SignInSession.id).in_(list(session_ids)))
    )
    with reading() as db:
        return {row.id: _end_of(row, state) for row, state in db.execute(query)}


def _end_of(row: SignInSession, state: str) -> SessionEnd:
    idle_end = row.used_at + timedelta(seconds=row.idle_seconds)
    ends_at = min(row.until, idle_end)
    why = row.ended_why
    if not why and state == AccountState.DISABLED:
        why = "disabled"
    elif not why and ends_at <= now():
        why = "absolute" if row.until <= idle_end else "idle"
    return SessionEnd(ends_at, row.until <= idle_end, why)


def why_ended(cookie: str) -> str:
    """Why the session of a cookie is no more; empty for a live or unknown one."""
    session_id, _, _token = cookie.partition(".")
    end = ends([session_id]).get(session_id)
    return end.ended_why if end else ""


def end(actor: audit.Actor, why: str = "signed_out") -> None:
    """End the actor's own session on the server."""
    with writing() as db:
        _end_where(db, col(SignInSession.id) == actor.session_id, why)
        audit.record(db, actor, "session:ended", after={"why": why})


def end_all_others(actor: audit.Actor, why: str = "ended_elsewhere") -> None:
    """End all sessions of the actor's account but this one, as an act of its own."""
    with writing() as db:
        end_others(db, actor, why)
        audit.record(db, actor, "session:others:ended", after={"why": why})


def end_others(db: Session, actor: audit.Actor, why: str) -> None:
    """End all sessions of the actor's account but this one."""
    others = sa.and_(
        col(SignInSession.account_id) == actor.account_id,
        col(SignInSession.id) != actor.session_id,
    )
    _end_where(db, others, why)


def end_by_desk(username: str | None, why: str = "ended_by_desk") -> int:
    """End all sessions of an account, or of everybody without one; how many were not ended yet.

    An act of the service desk. Raises LookupError for a username that nobody has.
    """
    with writing() as db:
        account_id = None if username is None else _account_id(db, username)
        everything: sa.ColumnElement[bool] = sa.true()
        its_own = col(SignInSession.account_id) == account_id
        count = _end_where(db, everything if account_id is None else its_own, why)
        told = {"account": account_id or "everybody", "count": count}
        audit.record(db, None, "desk:sessions:ended", after=told)
    return count


def _account_id(db: Session, username: str) -> int:
    key = col(Account.username_key) == usernames.key(username)
    found = db.scalar(sa.select(col(Account.id)).where(key))
    if found is None:
        raise LookupError(username)
    return found


def _end_where(db: Session, which: sa.ColumnElement[bool], why: str) -> int:
    live = sa.and_(which, col(SignInSession.ended_at).is_(None))
    ended = db.execute(sa.update(SignInSession).where(live).values(ended_at=now(), ended_why=why))
    return ended.rowcount  # type: ignore[attr-defined,no-any-return]
