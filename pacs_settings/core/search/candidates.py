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
from pacs_settings.core.search.near import MOST, near
from pacs_settings.core.search.tables import WORDS

# Rows of the index that one step looks at: two words that more people have than that, of a million,
# are both had by some 64, and fifty are shown.
BUDGET = 8_000
FEW = 10  # people, below which near spelling is tried
AMONG_SEVERAL = 5  # near words of each of several tokens: every row is tried on all of them
_LAST = "\U0010ffff"  # after every letter
Shape = int  # of one token: how many words are near it


def _beginning(place: int) -> sa.Subquery:
    """Rows of a word whose names begin like this."""
    name = WORDS.c.name
    start, end = (sa.bindparam(f"{one}{place}", type_=name.type) for one in ("from", "to"))
    rows = sa.select(WORDS.c.account_id).where(
        WORDS.c.word == sa.bindparam("word", type_=WORDS.c.word.type), name >= start, name < end
    )
    return (
        rows.order_by(*WORDS.primary_key).limit(sa.bindparam("most", type_=sa.Integer)).subquery()
    )


_AS_TYPED = sa.union_all(sa.select(_beginning(0)), sa.select(_beginning(1)))


@dataclass(frozen=True)
class Wanted:
    """What one token may be in a name: itself, a beginning, one of the words that are near."""

    token: str
    near: tuple[str, ...] = field(default=())

    @property
    def shape(self) -> Shape:
        """What its part of a statement depends on."""
        return len(self.near)

    def values(self, place: int) -> dict[str, Any]:
        """What its part of a statement is given."""
        values = {f"from{place}": self.token, f"to{place}": self.token + _LAST}
        values |= {f"like{place}": f"% {self.token}%", f"whole{place}": f"% {self.token} %"}
        for n, word in enumerate(self.near):
            values |= {f"near{place}_{n}": word, f"alike{place}_{n}": f"% {word} %"}
        return values


def fitting(db: Session, tokens: tuple[str, ...], most: int) -> tuple[list[int], bool]:
    """At most so many accounts, the best first; and whether there may be others."""
    if not tokens or not all(map(folding.may_match, tokens)):
        return [], False
    found = _as_typed(db, tokens, most) if len(tokens) > 1 else []
    if len(found) >= most:
        return found[:most], True
    some, more = _step(db, [Wanted(token) for token in tokens], most)
    found = list(dict.fromkeys([*found, *some]))
    if len(found) >= FEW:
        return found[:most], more or len(found) >= most
    taken = AMONG_SEVERAL if len(tokens) > 1 else MOST
    words = near(db, tokens)
    alike = [Wanted(one, tuple(by[:taken])) for one, by in zip(tokens, words, strict=True)]
    if any(one.near for one in alike):
        some, more = _step(db, alike, most)
        found = list(dict.fromkeys([*found, *some]))
    return found[:most], more or len(found) >= most


def _as_typed(db: Session, tokens: tuple[str, ...], most: int) -> list[int]:
    """Those whose names are in the order typed: last name first, or first name and then the last.

    Names are stored last name first, so each is a stretch of the index, whatever else is common.
    """
    last_first, first_last = " ".join(tokens), " ".join(tokens[1:])
    values: dict[str, Any] = {"word": tokens[0], "most": most}
    for n, start in enumerate((last_first, first_last)):
        values |= {f"from{n}": start, f"to{n}": start + _LAST}
    return list(dict.fromkeys(db.scalars(_AS_TYPED, values)))


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
    # One account may be there with each of its words; with one that is near, once.
    values |= {"most": most * folding.MOST_WORDS, "each": most}
    ids = db.scalars(_rows(shapes, followed), values)
    return list(dict.fromkeys(ids))[:most], count >= BUDGET


def _ways(shape: Shape, place: int) -> list[sa.ColumnElement[bool]]:
    """The rows of one token: a stretch for what it is itself, and one for each word near it."""
    word = WORDS.c.word
    start, end = (sa.bindparam(f"{one}{place}", type_=word.type) for one in ("from", "to"))
    names = [sa.bindparam(f"near{place}_{n}", type_=word.type) for n in range(shape)]
    return [sa.and_(word >= start, word < end), *[word == name for name in names]]


def _fits(name: sa.ColumnElement[str], shape: Shape, place: int) -> sa.ColumnElement[bool]:
    """Whether the name in a row has what one token may be."""
    ways = [f"like{place}", *[f"alike{place}_{n}" for n in range(shape)]]
    return sa.or_(*[name.like(sa.bindparam(way, type_=sa.String)) for way in ways])


@lru_cache(maxsize=2000)
def _counts(shapes: tuple[Shape, ...]) -> sa.Select[Any]:
    """How many rows each token has, as far as the budget goes."""
    counts = [_count(_ways(shape, place)) for place, shape in enumerate(shapes)]
    return sa.select(*[one.scalar_subquery() for one in counts])


def _count(ways: list[sa.ColumnElement[bool]]) -> sa.Select[int]:
    """How many rows there are of these kinds, each looked for by itself, up to BUDGET."""
    one = sa.select(sa.literal(1).label("one")).select_from(WORDS)
    some = [sa.select(one.where(way).limit(BUDGET).subquery()) for way in ways]
    rows = sa.union_all(*some).limit(BUDGET).subquery()
    return sa.select(sa.func.count()).select_from(rows)


@lru_cache(maxsize=2000)
def _rows(shapes: tuple[Shape, ...], followed: int) -> sa.Select[Any]:
    """The accounts of the rows of one token whose names fit the others, the best first."""
    several = len(shapes) > 1
    own, *others = _ways(shapes[followed], followed)
    rows = _stretch(own, 0, BUDGET if several else sa.bindparam("most", type_=sa.Integer))
    if others:
        # One after the other: together they would have to be sorted, however many there are.
        each = BUDGET // 2 // len(others) if several else sa.bindparam("each", type_=sa.Integer)
        near_by = [_stretch(way, rank, each) for rank, way in enumerate(others, 1)]
        rows = sa.union_all(*map(sa.select, (rows, *near_by))).subquery("followed")
    name = sa.literal_column("' '", sa.String) + rows.c.name + sa.literal_column("' '")
    fits = [_fits(name, shape, n) for n, shape in enumerate(shapes) if n != followed]
    in_order: tuple[Any, ...] = (rows.c.rank, *(rows.c[key.name] for key in WORDS.primary_key))
    if several:  # the stretch of a single token begins with what equals it
        in_order = (*[_whole(name, n) for n in range(len(shapes))], *in_order)
    found = sa.select(rows.c.account_id).where(*fits).order_by(*in_order)
    return found.limit(sa.bindparam("most", type_=sa.Integer))


def _whole(name: sa.ColumnElement[str], place: int) -> sa.ColumnElement[int]:
    """What puts names first that have a token as a whole word."""
    whole = name.like(sa.bindparam(f"whole{place}", type_=sa.String))
    return sa.case((whole, 0), else_=1)


def _stretch(way: sa.ColumnElement[bool], rank: int, most: Any) -> sa.Subquery:
    """Some rows of the index, in its order."""
    some = sa.select(WORDS, sa.literal_column(str(rank)).label("rank")).where(way)
    return some.order_by(*WORDS.primary_key).limit(most).subquery()
