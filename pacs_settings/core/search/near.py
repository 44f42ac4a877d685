"""Near spelling: words of about the same length that share enough trigrams, or are a slip away.

A slip is a letter added, left out, mistaken, or swapped with the next. A word that is a slip away
may share few trigrams, and of a million people thousands of words do: those are looked up by name.
"""

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from string import ascii_lowercase
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from pacs_settings.core.search.tables import TERMS

SHORTEST = 4  # characters; below that everything is near to something
MOST = 12  # words that are taken for what was meant
OF_A_LENGTH = 1_000_000_000  # identifiers on SQLite, by which words of a length are together
_LOOKED_AT = 100  # words of the database that are looked at
# Three trigrams of four letters, five of nine: with fewer, thousands of words are alike.
_SIMILAR = 0.42
_LONGER = 2  # letters that a similar word is longer or shorter at most
_TRIGRAM = sa.table("search_trigram", sa.column("rowid"), sa.column("search_trigram"))
_TERM = sa.table("search_term", sa.column("id"), sa.column("word"))
Slipped = dict[str, set[str]]  # tokens, each with all that is one slip away


def near(db: Session, tokens: Sequence[str]) -> list[list[str]]:
    """For each token the known words spelled like it, the nearest first, without itself."""
    asked = [token for token in tokens if len(token) >= SHORTEST and not token.isdigit()]
    slipped = {token: slips(token) for token in asked}
    found: dict[str, list[str]] = {}
    if asked:
        on_sqlite = db.get_bind().dialect.name == "sqlite"
        known = (_on_sqlite if on_sqlite else _on_postgresql)(db, slipped)
        found = {token: _nearest(token, slipped[token], known[token]) for token in asked}
    return [found.get(token, []) for token in tokens]


def _nearest(token: str, one_slip: set[str], words: set[str]) -> list[str]:
    alike = {word: similarity(token, word) for word in words - {token}}
    near_by = [word for word in alike if word in one_slip or alike[word] >= _SIMILAR]
    return sorted(near_by, key=lambda word: (-alike[word], word))[:MOST]


def slips(word: str) -> set[str]:
    """All that is one slip away, in the letters that folded names have."""
    parts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    found = {before + behind[1:] for before, behind in parts if behind}
    found |= {before + behind[1] + behind[0] + behind[2:] for before, behind in parts if behind[1:]}
    for letter in ascii_lowercase:
        found |= {before + letter + behind[cut:] for before, behind in parts for cut in (0, 1)}
    return found - {word}


def trigrams(word: str) -> set[str]:
    """As pg_trgm makes them: with two spaces before and one behind."""
    padded = f"  {word} "
    return {padded[place : place + 3] for place in range(len(padded) - 2)}


def similarity(one: str, other: str) -> float:
    """The share of trigrams that two words have in common, from 0 to 1."""
    mine, theirs = trigrams(one), trigrams(other)
    return len(mine & theirs) / len(mine | theirs)


def _on_postgresql(db: Session, slipped: Slipped) -> dict[str, set[str]]:
    db.execute(sa.text(f"SET LOCAL pg_trgm.similarity_threshold = {_SIMILAR}"))
    values: dict[str, Any] = {"slips": " ".join(_all(slipped))}
    for place, token in enumerate(slipped):
        least, most = len(token) - _LONGER, len(token) + _LONGER
        values |= {f"token{place}": token, f"least{place}": least, f"most{place}": most}
    found = db.execute(_known(len(slipped)), values).all()
    return {
        token: {word for n, word in found if n in (place, -1)}
        for place, token in enumerate(slipped)
    }


def _all(slipped: Slipped) -> list[str]:
    return sorted(set().union(*slipped.values()))


@lru_cache(maxsize=50)
def _known(count: int) -> sa.CompoundSelect[Any]:
    """Words alike to one of so many tokens, each with its place; those a slip away with -1.

    One statement: a trip to the database costs about as much as finding one of them.
    """
    word = TERMS.c.word
    # One text: a list of hundreds takes long to send.
    given = sa.func.string_to_array(sa.bindparam("slips", type_=sa.Text), " ")
    parts = [sa.select(sa.literal_column("-1"), word).where(word == sa.func.any(given))]
    for place in range(count):
        token = sa.bindparam(f"token{place}", type_=sa.Text)
        least, most = (sa.bindparam(f"{one}{place}", type_=sa.Integer) for one in ("least", "most"))
        alike = (
            sa.select(sa.literal_column(str(place)).label("place"), word)
            .where(word.bool_op("%")(token), sa.func.length(word).between(least, most))
            .order_by(sa.func.similarity(word, token).desc(), word)
            .limit(_LOOKED_AT)
        )
        parts.append(sa.select(alike.subquery()))
    return sa.union_all(*parts)


def _on_sqlite(db: Session, slipped: Slipped) -> dict[str, set[str]]:
    given = sa.func.json_each(json.dumps(_all(slipped))).table_valued("value")
    query = sa.select(_TERM.c.word).where(_TERM.c.word.in_(sa.select(given.c.value)))
    known = set(db.scalars(query))
    return {token: known.union(_by_fts5(db, token)) for token in slipped}


def _by_fts5(db: Session, token: str) -> list[str]:
    parts = sorted(trigrams(token))
    # The first says one letter alone: of all words it has most, and tells least.
    fewest, parts = math.ceil(_SIMILAR * len(parts)) - 1, parts[1:]
    first, last = len(token) - _LONGER, len(token) + _LONGER + 1
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
