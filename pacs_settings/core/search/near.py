"""Near spelling: words of about the same length that share enough trigrams, or are a slip away."""

import math

import sqlalchemy as sa
from sqlmodel import Session

from pacs_settings.core.search.tables import TERMS

SHORTEST = 4  # characters; below that everything is near to something
MOST = 12  # words that are taken for what was meant
LONG = 8  # characters, from which on two slips are likely
OF_A_LENGTH = 1_000_000_000  # identifiers on SQLite, by which words of a length are together
_LOOKED_AT = 100  # words of the database that are looked at
_SIMILAR, _SLIP = 0.45, 0.2
_TRIGRAM = sa.table("search_trigram", sa.column("rowid"), sa.column("search_trigram"))
_TERM = sa.table("search_term", sa.column("id"), sa.column("word"))


def near(db: Session, token: str) -> list[str]:
    """Known words that are spelled like a token, the nearest first, without itself."""
    if len(token) < SHORTEST or token.isdigit():
        return []
    on_sqlite = db.get_bind().dialect.name == "sqlite"
    known = _by_fts5(db, token) if on_sqlite else _by_pg_trgm(db, token)
    ranked = sorted((-similarity(token, word), word) for word in known if _is_near(token, word))
    return [word for _, word in ranked[:MOST]]


def trigrams(word: str) -> set[str]:
    """As pg_trgm makes them: with two spaces before and one behind."""
    padded = f"  {word} "
    return {padded[place : place + 3] for place in range(len(padded) - 2)}


def similarity(one: str, other: str) -> float:
    """The share of trigrams that two words have in common, from 0 to 1."""
    mine, theirs = trigrams(one), trigrams(other)
    return len(mine & theirs) / len(mine | theirs)


def _is_near(token: str, word: str) -> bool:
    alike = similarity(token, word)
    if word == token or alike < _SLIP or abs(len(token) - len(word)) > _reach(token):
        return False
    return alike >= _SIMILAR or _slips(token, word, _slips_allowed(token))


def _slips(one: str, other: str, most: int) -> bool:
    """Whether so many letters added, left out, mistaken or swapped explain the difference."""
    if abs(len(one) - len(other)) > most:
        return False
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for y, a in enumerate(one, start=1):
        last, before, row = before, row, [y] + [0] * len(other)
        for x, b in enumerate(other, start=1):
            row[x] = min(before[x] + 1, row[x - 1] + 1, before[x - 1] + (a != b))
            if y > 1 and x > 1 and a == other[x - 2] and one[y - 2] == b:
                row[x] = min(row[x], last[x - 2] + 1)
    return row[-1] <= most


def _fewest(token: str) -> int:
    """How many trigrams a near word shares at least: a slip changes no more than four."""
    count = len(trigrams(token))
    return max(2, min(count - 4 * _slips_allowed(token), math.ceil(_SIMILAR * count)))


def _reach(token: str) -> int:
    """How many letters longer or shorter a near word is at most."""
    return _slips_allowed(token) + 1


def _slips_allowed(token: str) -> int:
    return 1 if len(token) < LONG else 2


def _by_pg_trgm(db: Session, token: str) -> list[str]:
    db.execute(sa.text(f"SET LOCAL pg_trgm.similarity_threshold = {_SLIP}"))
    word = TERMS.c.word
    likeness = sa.func.similarity(word, token)
    reach = _reach(token)
    of_lengths = sa.func.length(word).between(len(token) - reach, len(token) + reach)
    query = sa.select(word).where(word.bool_op("%")(token), of_lengths)
    return list(db.scalars(query.order_by(likeness.desc(), word).limit(_LOOKED_AT)))


def _by_fts5(db: Session, token: str) -> list[str]:
    fewest, parts = _fewest(token), sorted(trigrams(token))
    if fewest > 2:  # the first says one letter alone: of all words it has most, and tells least
        fewest, parts = fewest - 1, parts[1:]
    reach = _reach(token)
    first, last = len(token) - reach, len(token) + reach + 1
    of_lengths = _TRIGRAM.c.rowid.between(first * OF_A_LENGTH, last * OF_A_LENGTH - 1)
    matches = [
        sa.select(_TRIGRAM.c.rowid).where(_TRIGRAM.c.search_trigram.match(f'"{part}"'), of_lengths)
        for part in parts
    ]
    each = sa.union_all(*matches).subquery()
    shared = sa.func.count()
    best = sa.select(each.c.rowid, shared.label("shared")).group_by(each.c.rowid)
    best_first = best.having(shared >= fewest).order_by(shared.desc()).limit(_LOOKED_AT).subquery()
    query = sa.select(_TERM.c.word).join(best_first, best_first.c.rowid == _TERM.c.id)
    return list(db.scalars(query))
