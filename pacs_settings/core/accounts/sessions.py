"""Sessions: random tokens stored as hashes, with an idle and an absolute limit."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import audit, secrets
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.second_factor import allowed
from pacs_settings.core.clock import now
from pacs_settings.core.db import reading, writing
from pacs_settings.core.errors import NotYours
from pacs_settings.core.quick import Quick
from pacs_settings.core.tables import (
    Account,
    AccountState,
    Domain,
    Means,
    Region,
    SignInSession,
)

FRESH = timedelta(minutes=5)


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
    proven_at: datetime | None
    method: str
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
        col(SignInSession.proven_at),
        col(Account.second_factor),
        col(Region.strong_authentication),
        col(Region.email_when_mandatory),
        col(Region.second_factors),
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


def resolve(cookie: str, *, use: bool = True, known: bool = False) -> SessionFacts | None:
    """The live session that a cookie names, or None; `use` restarts its idle limit."""
    facts = find(cookie, known=known)
    return note_use(facts) if facts and use and use_is_due(facts) else facts


def find(cookie: str, *, known: bool = False) -> SessionFacts | None:
    """The live session that a cookie names, or None; reads only, by one indexed statement.

    `known` is for an open socket that has shown the right token before: its cookie stays that of
    its beginning, while a fresh proof gives the session another token.
    """
    session_id, _, token = cookie.partition(".")
    if not token:
        return None
    row = _LOOK_UP.one(session_id=session_id)
    if row is None or not (known or secrets.same(row[0], secrets.fingerprint(token))):
        return None
    told, rules = row[1:-3], row[-3:]
    must_enrol = not allowed.enough(told[-1], *rules)
    facts = SessionFacts(session_id, *(*told, must_enrol))
    return facts if facts.ends_at > now() else None


def is_fresh(proven_at: datetime | None) -> bool:
    """Whether a proof that it is the owner is recent enough for what is sensitive."""
    return proven_at is not None and now() - proven_at <= FRESH


def proven_by(db: Session, session_id: str) -> str:
    """The means by which the owner last proved to be there; empty for no session."""
    row = db.get(SignInSession, session_id, populate_existing=True)
    return str(row.proven_by or row.means) if row else ""


def prove(db: Session, session_id: str, means: str) -> str:
    """Note that the owner has just proven to be there, by what; returns the cookie's new value.

    A new token, so that whoever has the former one is out (ASVS 5.0, 7.2.4).
    """
    token = secrets.new_token()
    row = sa.update(SignInSession).where(col(SignInSession.id) == session_id)
    fresh = {"proven_at": now(), "proven_by": means}
    db.execute(row.values(token_hash=secrets.fingerprint(token), **fresh))
    return f"{session_id}.{token}"


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


def alive(account_id: int) -> list[SignInSession]:
    """The account's sessions that may still be used, the one used last first."""
    query = (
        select(SignInSession)
        .where(SignInSession.account_id == account_id, col(SignInSession.ended_at).is_(None))
        .order_by(col(SignInSession.used_at).desc())
    )
    with reading() as db:
        return [row for row in db.exec(query) if _ends_at(row) > now()]


def end(actor: audit.Actor, why: str = "signed_out") -> None:
    """End the actor's own session on the server."""
    with writing() as db:
        _end_where(db, col(SignInSession.id) == actor.session_id, why)
        audit.record(db, actor, "session:ended", after={"why": why})


def end_one(actor: audit.Actor, session_id: str, why: str = "ended_elsewhere") -> None:
    """End another session of the same account; raises NotYours."""
    theirs = (
        col(SignInSession.id) == session_id,
        col(SignInSession.account_id) == actor.account_id,
    )
    with writing() as db:
        if not _end_where(db, sa.and_(*theirs), why):
            raise NotYours
        audit.record(db, actor, "session:other:ended", after={"session": session_id, "why": why})


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


def end_all(db: Session, account_id: int | None, why: str) -> int:
    """End all sessions of an account, or of everybody for None; how many there were."""
    whose = sa.true() if account_id is None else col(SignInSession.account_id) == account_id
    return _end_where(db, whose, why)


def _ends_at(row: SignInSession) -> datetime:
    return min(row.until, row.used_at + timedelta(seconds=row.idle_seconds))


def _end_where(db: Session, which: sa.ColumnElement[bool], why: str) -> int:
    live = sa.and_(which, col(SignInSession.ended_at).is_(None))
    ended = db.execute(sa.update(SignInSession).where(live).values(ended_at=now(), ended_why=why))
    return int(ended.rowcount)  # type: ignore[attr-defined]
