"""Accounts whose public words fit all tokens, without ever looking at all who fit one of them.

The words are in order, so that a token's are a stretch of the index: what equals it comes first. Of
several tokens the rarest is followed and each row, which has all words of the name, tried on the
others. No more than BUDGET rows are looked at; what a token has in excess of that is rarely needed:
the more people share a word, the sooner enough of them also fit the others.
"""

from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.sql.util import ClauseAdapter
from sqlmodel import Session

from pacs_settings.core.search import folding
from pacs_settings.core.search.near import near
from pacs_settings.core.search.tables import WORDS

BUDGET = 20_000  # rows of the index that one step looks at
FEW = 10  # people, below which near spelling is tried
_LAST = "\U0010ffff"  # after every letter
_SPACE: sa.ColumnClause[str] = sa.literal_column("' '", sa.String)
_PADDED = _SPACE + WORDS.c.name + _SPACE


@dataclass(frozen=True)
class Wanted:
    """What one token may be in a name: itself, a beginning, one of the words that are near."""

    token: str
    beginning: bool = False
    near: tuple[str, ...] = field(default=())

    def stretch(self) -> sa.ColumnElement[bool]:
        """Its rows of the index."""
        word = WORDS.c.word
        own = word == self.token
        if self.beginning:
            own = sa.and_(word >= self.token, word < self.token + _LAST)
        return sa.or_(own, word.in_(self.near)) if self.near else own

    def fits(self) -> sa.ColumnElement[bool]:
        """Whether the name in a row has it."""
        end = "%" if self.beginning else " %"
        ways = [_PADDED.like(f"% {self.token}{end}")]
        return sa.or_(*ways, *[_PADDED.like(f"% {word} %") for word in self.near])


def fitting(db: Session, tokens: tuple[str, ...], most: int) -> tuple[list[int], bool]:
    """At most so many accounts, the best first; and whether there may be others."""
    if not tokens or not all(map(folding.may_match, tokens)):
        return [], False
    found: dict[int, None] = {}
    more = False
    for beginning in (False, True):
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
    counts = [_count(db, one) for one in wanted] if len(wanted) > 1 else [0]
    if len(wanted) > 1 and not all(counts):
        return [], False
    # Where several are too many, the longest says most.
    place = min(range(len(wanted)), key=lambda n: (counts[n], -len(wanted[n].token)))
    followed, others = wanted[place], wanted[:place] + wanted[place + 1 :]
    rows = sa.select(WORDS).where(followed.stretch()).order_by(*WORDS.primary_key)
    if others:
        return _tried(db, rows.limit(BUDGET), others, most), counts[place] >= BUDGET
    ids = db.scalars(rows.with_only_columns(WORDS.c.account_id).limit(most * folding.MOST_WORDS))
    return list(dict.fromkeys(ids))[:most], False


def _tried(
    db: Session, rows: sa.Select[tuple[str, str, int]], others: list[Wanted], most: int
) -> list[int]:
    bounded = rows.subquery("followed")
    fits = [ClauseAdapter(bounded).traverse(one.fits()) for one in others]
    query = sa.select(bounded.c.account_id).where(*fits).limit(most * folding.MOST_WORDS)
    return list(dict.fromkeys(db.scalars(query)))[:most]


def _count(db: Session, wanted: Wanted) -> int:
    """How many rows a token has, as far as the budget goes."""
    some = sa.select(sa.literal(1)).select_from(WORDS).where(wanted.stretch()).limit(BUDGET)
    return db.scalar(sa.select(sa.func.count()).select_from(some.subquery())) or 0
