"""The index as tables: derived from accounts, so outside of what is copied and compared.

`search_word` and `search_address` hold what is public and nothing else. The database itself keeps
`search_term` (the distinct words, with a trigram index) in step with the first, and notes in
`search_stale` whose account was changed; see the migration that makes them.
"""

import sqlalchemy as sa

PREFIX = "search_"
metadata = sa.MetaData()


def _text(length: int) -> sa.types.TypeEngine[str]:
    """Text in the order of code points on every database."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


WORDS = sa.Table(
    "search_word",
    metadata,
    sa.Column("word", _text(40), primary_key=True),
    sa.Column("name", _text(640), primary_key=True),  # all words, in the order of last names
    sa.Column("account_id", sa.Integer, primary_key=True, autoincrement=False),
)
ADDRESSES = sa.Table(
    "search_address",
    metadata,
    sa.Column("value", _text(254), primary_key=True),  # e-mail address, or E.164
    sa.Column("account_id", sa.Integer, primary_key=True, autoincrement=False),
)
TERMS = sa.Table(
    "search_term",
    metadata,
    sa.Column("word", _text(40), primary_key=True),
    sa.Column("uses", sa.Integer),
)
STALE = sa.Table(
    "search_stale",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("account_id", sa.Integer),
)
