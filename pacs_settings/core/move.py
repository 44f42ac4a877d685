"""Carry everything over into an empty database of another kind, such as from SQLite to PostgreSQL.

python -m pacs_settings.core.move sqlite:////srv/pacs/pacs_settings.db
"""

import sys
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import SQLModel

import pacs_settings.core.tables  # noqa: F401  (fills the metadata)
from pacs_settings.config import config
from pacs_settings.core import migrate
from pacs_settings.core.db import make_engine, told
from pacs_settings.core.search import index

PORTION = 1000  # rows held in memory


class MoveRefused(ValueError):
    """There is nothing to copy, or something where it should go; says which."""


def move(origin: str, target: str) -> dict[str, int]:
    """Copy all rows from one address to another in one transaction; how many, by table.

    Both are brought to the newest form first. Raises MoveRefused.
    """
    source, into = make_engine(origin), make_engine(target)
    try:
        if not sa.inspect(source).has_table("account"):
            raise MoveRefused("there is no database of ours to copy from")
        for url in (origin, target):
            migrate.upgrade(url)
        writing = into.execution_options(writes=True)
        with source.connect() as reads, writing.begin() as writes:
            copied = {
                table.name: _copy(reads, writes, table) for table in SQLModel.metadata.sorted_tables
            }
            index.rebuild(writes)
            return copied
    finally:
        source.dispose()
        into.dispose()


def _copy(reads: sa.Connection, writes: sa.Connection, table: sa.Table) -> int:
    if writes.execute(sa.select(sa.exists(table.select()))).scalar():
        raise MoveRefused(f"there are rows in {table.name} already")
    count = 0
    for rows in reads.execute(table.select()).mappings().partitions(PORTION):
        writes.execute(table.insert(), [dict(row) for row in rows])
        count += len(rows)
    key = table.autoincrement_column
    if count and key is not None and writes.dialect.name == "postgresql":
        # The next row gets the number after the highest one that was copied.
        counter = sa.func.pg_get_serial_sequence(table.name, key.name)
        writes.execute(sa.select(sa.func.setval(counter, sa.func.max(key))))
    return count


def main(arguments: Sequence[str]) -> int:
    """From the address given into that of `PACS_DATABASE_URL`; prints what was copied."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        for name, count in move(arguments[0], config().database_url).items():
            print(f"{count:8} {name}")
    except (MoveRefused, SQLAlchemyError) as failure:
        why = told(failure) if isinstance(failure, SQLAlchemyError) else failure
        print(f"Nothing was copied: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
