"""Finding colleagues by what they show, ranked: exact before beginning before near spelling."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from pacs_settings.core import audit, privacy
from pacs_settings.core.db import reading, writing
from pacs_settings.core.search import candidates, folding, index, journal, limits
from pacs_settings.core.search.folding import Asked
from pacs_settings.core.search.tables import ADDRESSES
from pacs_settings.core.tables import Account, Favorite, Region

MOST = 50  # people that are shown
_STARRED = sa.select(col(Favorite.account_id)).where(
    col(Favorite.owner_id) == sa.bindparam("owner"),
    col(Favorite.account_id).in_(sa.bindparam("ids", expanding=True)),
)


@dataclass(frozen=True)
class Found:
    """A colleague as a result shows them, and whether they are among one's favorites."""

    account_id: int
    card: privacy.PublicCard
    starred: bool


@dataclass(frozen=True)
class Answer:
    """The best results; `more` says that there are others, or may be."""

    people: tuple[Found, ...] = ()
    more: bool = False


def find(actor: audit.Actor, typed: str) -> Answer:
    """Whoever fits what was typed, as others see them; raises TooManySearches."""
    if not typed.strip():
        return Answer()
    with reading() as db:
        limits.look(db, actor.account_id)
        if index.is_stale(db.connection()):
            db.rollback()  # what is read next shall see what is taken in now
            _catch_up()
        answer = look(db, actor.account_id, typed)
    with writing() as db:
        wait, newly = limits.charge(db, actor.account_id, len(answer.people))
        if not wait:
            journal.note(db, actor, typed, len(answer.people))
        elif newly:
            journal.stopped(db, actor, wait)
    if wait:  # after the commit: that somebody was stopped stays known
        raise limits.TooManySearches(wait)
    return answer


def look(db: Session, account_id: int, typed: str) -> Answer:
    """What `find` finds, without counting."""
    asked = folding.read(typed, lambda: _country(db, account_id))
    by_address = _having(db, asked)
    by_name, more = candidates.fitting(db, asked.tokens, MOST + 1)
    ids = list(dict.fromkeys([*by_address, *by_name]))[: MOST + 1]
    cards = privacy.cards(db, ids)
    shown = [id for id in ids if id in cards and (id in by_address or _named(cards[id]))]
    starred = _starred(db, account_id, shown)
    people = tuple(Found(id, cards[id], id in starred) for id in shown[:MOST])
    return Answer(people, more or len(shown) > MOST)


def _named(card: privacy.PublicCard) -> bool:
    return card.found_by == "search"


def _catch_up() -> None:
    """Take in what was changed past this program, such as by hand in the database."""
    with writing() as db:
        index.catch_up(db.connection())


def _country(db: Session, account_id: int) -> str:
    country = sa.select(col(Region.phone_country)).join(
        Account, col(Account.region_id) == col(Region.id)
    )
    return str(db.scalar(country.where(col(Account.id) == account_id)))


def _having(db: Session, asked: Asked) -> list[int]:
    """Those who have a full address or number, and made it public."""
    if not asked.addresses:
        return []
    query = sa.select(ADDRESSES.c.account_id).where(ADDRESSES.c.value.in_(asked.addresses))
    return list(db.scalars(query.order_by(ADDRESSES.c.account_id).limit(MOST + 1)))


def _starred(db: Session, account_id: int, ids: list[int]) -> set[int]:
    return set(db.scalars(_STARRED, {"owner": account_id, "ids": ids}))
