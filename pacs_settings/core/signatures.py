"""Report signatures: versions that are never changed once saved, whatever replaces them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from pacs_settings.core import audit, signature_kinds
from pacs_settings.core.accounts import sessions
from pacs_settings.core.clock import now
from pacs_settings.core.db import hold, reading, writing
from pacs_settings.core.errors import Refused
from pacs_settings.core.greetings import full_name
from pacs_settings.core.signature_kinds import Content, Kind
from pacs_settings.core.tables import Account, Signature, SignatureKind

MOST_TOLD = 100  # versions of a history


@dataclass(frozen=True)
class Version:
    """A version (from 1): whose, when, by which means that one had proven to be there, SHA-256."""

    version: int
    who: str
    kind: SignatureKind
    created_at: str
    sha256: str
    proven_by: str
    withdrawn_at: str


@dataclass(frozen=True)
class Saved(Version):
    """A version with what it is."""

    content: Content


def current(account_id: int) -> Saved | None:
    """The signature in use; None where nothing was ever saved, or the latest was withdrawn."""
    with reading() as db:
        row = latest(db, account_id)
        owner = db.get_one(Account, account_id)
    return _saved(row, owner) if row and row.withdrawn_at is None else None


def history(account_id: int) -> list[Version]:
    """The latest versions without what they are, the latest first."""
    query = (
        select(Signature)
        .options(defer(Signature.drawing))  # type: ignore[arg-type]  # some 100 kB each
        .where(Signature.account_id == account_id)
        .order_by(col(Signature.version).desc())
        .limit(MOST_TOLD)
    )
    with reading() as db:
        owner = db.get_one(Account, account_id)
        return [_version(row, owner) for row in db.exec(query)]


def save_drawn(actor: audit.Actor, raw: object, *, first: bool = False) -> Saved:
    """Store strokes as the next version; raises Refused, also without the right to edit.

    With `first` only where no signature was ever saved; else raises Refused `signature_there`.
    """
    return _save(actor, signature_kinds.drawn, raw, first)


def save_typed(actor: audit.Actor, raw: object, *, first: bool = False) -> Saved:
    """Store a typed name as the next version; raises Refused like `save_drawn`."""
    return _save(actor, signature_kinds.typed, raw, first)


def save_picture(actor: audit.Actor, raw: bytes, *, first: bool = False) -> Saved:
    """Store an uploaded picture as the next version; raises Refused like `save_drawn`."""
    return _save(actor, signature_kinds.uploaded, raw, first)


def withdraw(actor: audit.Actor) -> None:
    """Sign no more with the signature in use; reports keep the versions they were signed with.

    Raises Refused `no_signature`.
    """
    with writing() as db:
        _who_may_sign(db, actor)
        row = latest(db, actor.account_id)
        if row is None or row.withdrawn_at:
            raise Refused("no_signature")
        row.withdrawn_at = now()
        db.add(row)
        audit.record(db, actor, "account:signature:withdrawn", before={"version": row.version})


def content(row: Signature) -> Content:
    """What a stored version is."""
    return signature_kinds.from_canonical(Kind(row.kind), row.drawing)


def _save(actor: audit.Actor, read: Callable[[Any], Content], raw: object, first: bool) -> Saved:
    made = read(raw)
    with writing() as db:
        owner = _who_may_sign(db, actor)
        former = latest(db, actor.account_id)
        if first and former:
            raise Refused("signature_there")
        row = Signature(
            account_id=actor.account_id,
            version=former.version + 1 if former else 1,
            kind=SignatureKind(signature_kinds.kind(made)),
            drawing=signature_kinds.canonical(made),
            sha256=signature_kinds.digest(made),
            session_id=actor.session_id,
            proven_by=sessions.proven_by(db, actor.session_id),
            created_at=now(),
        )
        db.add(row)
        after = {"version": row.version, "kind": str(row.kind), "sha256": row.sha256}
        audit.record(db, actor, "account:signature:saved", after=after)
    return _saved(row, owner)


def _who_may_sign(db: Session, actor: audit.Actor) -> Account:
    account = hold(db, Account, actor.account_id)
    if not account.may_edit_reports:
        raise Refused("may_not_edit_reports")
    return account


def latest(db: Session, account_id: int) -> Signature | None:
    """The row of the latest version, also where it was withdrawn."""
    query = (
        select(Signature)
        .where(Signature.account_id == account_id)
        .order_by(col(Signature.version).desc())
        .limit(1)
    )
    return db.exec(query).one_or_none()


def _saved(row: Signature, owner: Account) -> Saved:
    return Saved(**vars(_version(row, owner)), content=content(row))


def _version(row: Signature, owner: Account) -> Version:
    return Version(
        row.version,
        full_name(owner),
        SignatureKind(row.kind),
        row.created_at.isoformat(),
        row.sha256,
        row.proven_by,
        _iso(row.withdrawn_at),
    )


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
