"""Statements compiled once: for what runs at each click, or by the thousand.

There the machinery around a statement costs several times the statement itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from pacs_settings.core.db import engine

Row = tuple[Any, ...]
Values = dict[str, Any]
_OTHERS = "other_"  # begins the parameters of the second of two rows


@dataclass(frozen=True)
class _Compiled:
    """A statement as one database takes it, with what its types do to values and columns."""

    text: str
    order: Callable[[Values], Row] | None
    fixed: Values
    writers: tuple[tuple[str, Callable[[Any], Any]], ...]
    readers: tuple[tuple[int, Callable[[Any], Any]], ...]

    def arrange(self, given: Values) -> Any:
        """The values as this database's driver takes them: by place or by name."""
        values = {**self.fixed, **given}
        for name, write in self.writers:
            values[name] = write(values[name])
        return self.order(values) if self.order else values

    def read(self, row: Row) -> Row:
        """The columns of a row as their types say."""
        if not self.readers:
            return row
        read_row = list(row)
        for place, read in self.readers:
            read_row[place] = read(row[place])
        return tuple(read_row)


class Quick:
    """A statement with named parameters; columns come back as their types say."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._for: dict[str, _Compiled] = {}

    def one(self, **values: str | int) -> Row | None:
        """The first row, or None; on a connection of its own, and only read."""
        dialect = engine().dialect
        compiled = self._compiled(dialect)
        try:
            row = _fetched(compiled.text, compiled.arrange(values))
        except dialect.loaded_dbapi.Error as failure:
            # Like those of every other statement, so that there is one kind to answer for.
            raise sa.exc.OperationalError(compiled.text, None, failure, True) from failure
        return compiled.read(row) if row else None

    def all(self, db: sa.Connection, **values: Any) -> list[Row]:
        """All rows; part of a transaction."""
        compiled = self._compiled(db.dialect)
        cursor = _executed(db, compiled, values)
        rows = [compiled.read(row) for row in cursor.fetchall()]
        cursor.close()
        return rows

    def first(self, db: sa.Connection, **values: Any) -> Row | None:
        """The first row, or None; part of a transaction."""
        rows = self.all(db, **values)
        return rows[0] if rows else None

    def run(self, db: sa.Connection, **values: Any) -> int:
        """How many rows were changed; part of a transaction."""
        cursor = _executed(db, self._compiled(db.dialect), values)
        changed = cursor.rowcount
        cursor.close()
        return int(changed)

    def _compiled(self, dialect: sa.Dialect) -> _Compiled:
        found = self._for.get(dialect.name)
        if found is None:
            found = self._for[dialect.name] = _compile(self._statement, dialect)
        return found


def insert(db: sa.Connection, table: sa.Table, row: Values) -> int:
    """Insert a row; its id."""
    found = _insert(table, tuple(row), None).first(db, **row)
    assert found
    return int(found[0])


def add(db: sa.Connection, table: sa.Table, row: Values) -> None:
    """Insert a row whose id nobody asks for."""
    _plain(table, tuple(row)).run(db, **row)


def insert_with(
    db: sa.Connection, table: sa.Table, row: Values, other: sa.Table, its: Values, refers: str
) -> None:
    """Insert a row, and one of another table whose column `refers` is its id.

    By one statement where each is a trip to a server.
    """
    if db.dialect.name != "postgresql":
        add(db, other, its | {refers: insert(db, table, row)})
        return
    both = _both(table, tuple(row), other, tuple(its), refers)
    both.run(db, **row, **{_OTHERS + name: value for name, value in its.items()})


def insert_unless_there(db: sa.Connection, table: sa.Table, row: Values) -> Any:
    """One atomic statement: insert `row` and return its key; None where a key of it is taken."""
    found = insert_and_read(db, table, row)
    return found[0] if found else None


def insert_and_read(
    db: sa.Connection, table: sa.Table, row: Values, *others: sa.ColumnElement[Any], **values: Any
) -> Row | None:
    """Like `insert_unless_there`, and what else is to be known, by the same statement."""
    return _insert(table, tuple(row), db.dialect.name, others).first(db, **row, **values)


@lru_cache(maxsize=128)
def _insert(
    table: sa.Table,
    columns: tuple[str, ...],
    unless_there: str | None,
    others: tuple[sa.ColumnElement[Any], ...] = (),
) -> Quick:
    kinds: dict[str | None, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
    statement = kinds.get(unless_there, sa.insert)(table)
    if unless_there:
        statement = statement.on_conflict_do_nothing()
    returned = (*table.primary_key.columns, *others)
    return Quick(statement.values(_marks(table, columns)).returning(*returned))


@lru_cache(maxsize=128)
def _plain(table: sa.Table, columns: tuple[str, ...]) -> Quick:
    return Quick(sa.insert(table).values(_marks(table, columns)))


@lru_cache(maxsize=128)
def _both(
    table: sa.Table, columns: tuple[str, ...], other: sa.Table, its: tuple[str, ...], refers: str
) -> Quick:
    row = sa.insert(table).values(_marks(table, columns)).returning(table.c.id).cte("row")
    marks = _marks(other, its, _OTHERS).values()
    return Quick(sa.insert(other).from_select([*its, refers], sa.select(*marks, row.c.id)))


def _marks(table: sa.Table, columns: tuple[str, ...], prefix: str = "") -> Values:
    return {name: sa.bindparam(prefix + name, type_=table.c[name].type) for name in columns}


def _compile(statement: Any, dialect: sa.Dialect) -> _Compiled:
    compiled = statement.compile(dialect=dialect)
    writers, fixed = {}, {}
    for name, bind in compiled.binds.items():
        write = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if write:
            writers[name] = write
        if not bind.required:
            fixed[name] = bind.value
    readers = enumerate(
        column.type.dialect_impl(dialect).result_processor(dialect, None)
        for column in statement.exported_columns
    )
    return _Compiled(
        compiled.string,
        _in_order(compiled.positiontup) if compiled.positional else None,
        fixed,
        tuple(writers.items()),
        tuple((place, read) for place, read in readers if read),
    )


def _in_order(names: Sequence[str]) -> Callable[[Values], Row]:
    if len(names) < 2:  # of one name `itemgetter` makes no tuple
        return lambda values: tuple(values[name] for name in names)
    return itemgetter(*names)


def _executed(db: sa.Connection, compiled: _Compiled, values: Values) -> Any:
    raw = db.connection
    cursor = raw.cursor()
    try:
        cursor.execute(compiled.text, compiled.arrange(values))
    except db.dialect.loaded_dbapi.Error as failure:
        base = db.dialect.loaded_dbapi.Error
        gone = db.dialect.is_disconnect(failure, raw.driver_connection, cursor)  # type: ignore[arg-type]
        if gone:
            db.invalidate(failure)
        raise sa.exc.DBAPIError.instance(
            compiled.text, None, failure, base, True, gone, db.dialect
        ) from failure
    return cursor


def _fetched(statement: str, values: Any) -> Any:
    connection = engine().raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(statement, values)
        row = cursor.fetchone()
        connection.rollback()
    except Exception:
        connection.invalidate()
        raise
    connection.close()
    return row
