"""Near spelling: words of about the same length that share enough trigrams, or are a slip away.

A slip is a letter added, left out, mistaken, or swapped with the next. A word that is a slip away
may share few trigrams, and of a million people thousands of words do: those are looked up by name.
"""

import json
import math
from string import ascii_lowercase

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session

from pacs_settings.core.search.tables import TERMS

SHORTEST = 4  # characters; below that everything is near to something
MOST = 12  # words that are taken for what was meant
OF_A_LENGTH = 1_000_000_000  # identifiers on SQLite, by which words of a length are together
_LOOKED_AT = 100  # words of the database that are looked at
_SIMILAR = (
    0.42  # three trigrams of four letters, five of nine: with fewer, thousands of words are alike
)
_LONGER = 2  # letters that a similar word is longer or shorter at most
_TRIGRAM = sa.table("search_trigram", sa.column("rowid"), sa.column("search_trigram"))
_TERM = sa.table("search_term", sa.column("id"), sa.column("word"))


def near(db: Session, token: str) -> list[str]:
    """Known words that are spelled like a token, the nearest first, without itself."""
    if len(token) < SHORTEST or token.isdigit():
        return []
    on_sqlite = db.get_bind().dialect.name == "sqlite"
    similar, among = (_by_fts5, _among_json) if on_sqlite else (_by_pg_trgm, _among_array)
    known = {word for word in similar(db, token) if similarity(token, word) >= _SIMILAR}
    known |= set(among(db, sorted(slips(token))))
    ranked = sorted((-similarity(token, word), word) for word in known - {token})
    return [word for _, word in ranked[:MOST]]


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


def _by_pg_trgm(db: Session, token: str) -> list[str]:
    db.execute(sa.text(f"SET LOCAL pg_trgm.similarity_threshold = {_SIMILAR}"))
    word = TERMS.c.word
    of_lengths = sa.func.length(word).between(len(token) - _LONGER, len(token) + _LONGER)
    query = sa.select(word).where(word.bool_op("%")(token), of_lengths)
    likeness = sa.func.similarity(word, token)
    return list(db.scalars(query.order_by(likeness.desc(), word).limit(_LOOKED_AT)))


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


def _among_array(db: Session, words: list[str]) -> list[str]:
    word = TERMS.c.word
    return list(
        db.scalars(sa.select(word).where(word == sa.func.any(sa.literal(words, ARRAY(sa.Text)))))
    )


def _among_json(db: Session, words: list[str]) -> list[str]:
    given = sa.func.json_each(json.dumps(words)).table_valued("value")
    return list(
        db.scalars(sa.select(_TERM.c.word).where(_TERM.c.word.in_(sa.select(given.c.value))))
    )
