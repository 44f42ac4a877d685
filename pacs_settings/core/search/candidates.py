"""Accounts whose public words fit all tokens, without ever looking at all who fit one of them.

The words are in order, so that a token's are a stretch of the index: what equals it comes first. Of
several tokens the rarest is followed and each row, which has all words of the name, tried on the
others. No more than BUDGET rows are looked at; what a token has in excess of that is rarely needed:
the more people share a word, the sooner enough of them also fit the others.

Statements are made once for each shape: how many tokens there are and what each may be.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from pacs_settings.core.search import folding
from pacs_settings.core.search.near import near
from pacs_settings.core.search.tables import WORDS

BUDGET = 20_000  # rows of the index that one step looks at
FEW = 10  # people, below which near spelling is tried
_LAST = "\U0010ffff"  # after every letter
Shape = tuple[bool, int]  # of one token: whether it is a beginning, and how many words are near


@dataclass(frozen=True)
class Wanted:
    """What one token may be in a name: itself, a beginning, one of the words that are near."""

    token: str
    beginning: bool = False
    near: tuple[str, ...] = field(default=())

    @property
    def shape(self) -> Shape:
        """What its part of a statement depends on."""
        return self.beginning, len(self.near)

    def values(self, place: int) -> dict[str, Any]:
        """What its part of a statement is given."""
        end = "%" if self.beginning else " %"
        values = {f"from{place}": self.token, f"like{place}": f"% {self.token}{end}"}
        if self.beginning:
            values[f"to{place}"] = self.token + _LAST
        for n, word in enumerate(self.near):
            values |= {f"near{place}_{n}": word, f"alike{place}_{n}": f"% {word} %"}
        return values


def fitting(db: Session, tokens: tuple[str, ...], most: int) -> tuple[list[int], bool]:
    """At most so many accounts, the best first; and whether there may be others."""
    if not tokens or not all(map(folding.may_match, tokens)):
        return [], False
    found: dict[int, None] = {}
    more = False
    # The stretch of a single token begins with what equals it.
    for beginning in (False, True) if len(tokens) > 1 else (True,):
        some, more = _step(db, [Wanted(token, beginning) for token in tokens], most)
        found |= dict.fromkeys(some)
        if len(found) >= most:
            return list(found)[:most], True
    if len(found) < FEW:
        alike = [Wanted(token, True, tuple(near(db, token))) for token in tokens]
        if any(one.near for one in alike):
            some, more = _step(db, alike, most)
            found |= dict.fromkeys(some)
    return list(found)[:most], more


def _step(db: Session, wanted: list[Wanted], most: int) -> tuple[list[int], bool]:
    """The accounts that fit, in the order of the word followed; whether the budget ran out."""
    followed, count = 0, 0
    shapes = tuple(one.shape for one in wanted)
    values = {k: v for n, one in enumerate(wanted) for k, v in one.values(n).items()}
    if len(wanted) > 1:
        counts = db.execute(_counts(shapes), values).one()
        # Where several are too many, the longest says most.
        followed = min(range(len(wanted)), key=lambda n: (counts[n], -len(wanted[n].token)))
        count = counts[followed]
        if not count:
            return [], False
    # One account may be there with each of its words.
    ids = db.scalars(_rows(shapes, followed), values | {"most": most * folding.MOST_WORDS})
    return list(dict.fromkeys(ids))[:most], count >= BUDGET


def _stretch(shape: Shape, place: int) -> sa.ColumnElement[bool]:
    """The rows of one token."""
    beginning, near_by = shape
    word, start = WORDS.c.word, sa.bindparam(f"from{place}", type_=WORDS.c.word.type)
    own: sa.ColumnElement[bool] = word == start
    if beginning:
        own = sa.and_(word >= start, word < sa.bindparam(f"to{place}", type_=word.type))
    names = [sa.bindparam(f"near{place}_{n}", type_=word.type) for n in range(near_by)]
    return sa.or_(own, *[word == name for name in names])


def _fits(name: sa.ColumnElement[str], shape: Shape, place: int) -> sa.ColumnElement[bool]:
    """Whether the name in a row has what one token may be."""
    ways = [f"like{place}", *[f"alike{place}_{n}" for n in range(shape[1])]]
    return sa.or_(*[name.like(sa.bindparam(way, type_=sa.String)) for way in ways])


@lru_cache(maxsize=2000)
def _counts(shapes: tuple[Shape, ...]) -> sa.Select[Any]:
    """How many rows each token has, as far as the budget goes."""
    some = [
        sa.select(sa.literal(1)).select_from(WORDS).where(_stretch(shape, place)).limit(BUDGET)
        for place, shape in enumerate(shapes)
    ]
    counts = [sa.select(sa.func.count()).select_from(one.subquery()) for one in some]
    return sa.select(*[one.scalar_subquery() for one in counts])


@lru_cache(maxsize=2000)
def _rows(shapes: tuple[Shape, ...], followed: int) -> sa.Select[Any]:
    """The accounts of the rows of one token whose names fit the others, in order."""
    most = sa.bindparam("most", type_=sa.Integer)
    rows = sa.select(WORDS).where(_stretch(shapes[followed], followed))
    rows = rows.order_by(*WORDS.primary_key)
    if len(shapes) == 1:
        return rows.with_only_columns(WORDS.c.account_id).limit(most)
    bounded = rows.limit(BUDGET).subquery("followed")
    name = sa.literal_column("' '", sa.String) + bounded.c.name + sa.literal_column("' '")
    others = [_fits(name, shape, n) for n, shape in enumerate(shapes) if n != followed]
    return sa.select(bounded.c.account_id).where(*others).limit(most)
