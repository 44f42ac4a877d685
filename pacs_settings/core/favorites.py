"""Favorites: colleagues kept at hand, of whom never more is shown than is public now."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col, select

from pacs_settings.core import audit, privacy
from pacs_settings.core.clock import now
from pacs_settings.core.db import hold, reading, writing
from pacs_settings.core.errors import NotYours, Refused
from pacs_settings.core.quick import insert_unless_there
from pacs_settings.core.search import folding
from pacs_settings.core.tables import Account
from pacs_settings.core.tables import Favorite as Row

MOST = 500
_HIDDEN = privacy.PublicCard("nobody")


@dataclass(frozen=True)
class Favorite:
    """One of them; an empty card for somebody who shows nothing any more."""

    id: int
    account_id: int
    card: privacy.PublicCard


def load(account_id: int) -> list[Favorite]:
    """Somebody's favorites, by what they show; those who show nothing come last."""
    with reading() as db:
        rows = db.exec(select(Row).where(Row.owner_id == account_id).order_by(col(Row.id))).all()
        cards = privacy.cards(db, [row.account_id for row in rows])
    found = [
        Favorite(row.id or 0, row.account_id, cards.get(row.account_id, _HIDDEN)) for row in rows
    ]
    return sorted(found, key=lambda one: (one.card == _HIDDEN, _order(one.card)))


def star(actor: audit.Actor, account_id: int) -> None:
    """Keep a colleague who was found; again changes nothing.

    Raises NotYours for somebody who cannot be found (any more), Refused `too_many_favorites`.
    """
    with writing() as db:
        hold(db, Account, actor.account_id)  # so that no two count at once
        if account_id not in privacy.cards(db, [account_id]):
            raise NotYours
        mine = sa.select(col(Row.account_id)).where(col(Row.owner_id) == actor.account_id)
        there = set(db.scalars(mine))
        if account_id in there:
            return
        if len(there) >= MOST:
            raise Refused("too_many_favorites", most=MOST)
        row = {"owner_id": actor.account_id, "account_id": account_id, "created_at": now()}
        insert_unless_there(db.connection(), Row.__table__, row)  # type: ignore[attr-defined]


def unstar(actor: audit.Actor, account_id: int) -> None:
    """Keep a colleague no longer; again, or never kept, changes nothing."""
    mine = (col(Row.owner_id) == actor.account_id, col(Row.account_id) == account_id)
    with writing() as db:
        db.execute(sa.delete(Row).where(*mine))


def remove(actor: audit.Actor, favorite_id: int) -> None:
    """Take one of one's favorites away; raises NotYours for another's and for none, alike."""
    mine = (col(Row.owner_id) == actor.account_id, col(Row.id) == favorite_id)
    with writing() as db:
        if not db.execute(sa.delete(Row).where(*mine)).rowcount:  # type: ignore[attr-defined]
            raise NotYours


def _order(card: privacy.PublicCard) -> tuple[bool, str]:
    """By the name as it is read; those without one behind, by what they show."""
    return not card.name, folding.fold(card.name or card.email or card.mobile)
