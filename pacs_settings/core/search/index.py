"""The index of what is public, kept in step with accounts in the transaction that changes them.

Triggers of the database note whose account or number was changed, whoever changed it; before our
transactions commit, and before anything is looked for, what they noted is worked off.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.dml import UpdateBase

from pacs_settings.core.db import ON_ENGINE, alone
from pacs_settings.core.search import folding
from pacs_settings.core.search.tables import ADDRESSES, STALE, WORDS
from pacs_settings.core.tables import Account, AccountState, PhysicianNumber

Entries = tuple[list[dict[str, Any]], list[dict[str, Any]]]

PORTION = 5000  # accounts that are indexed at a time
FLAG = "search_stale"
_ACCOUNT: Any = Account.__table__  # type: ignore[attr-defined]
_NUMBER: Any = PhysicianNumber.__table__  # type: ignore[attr-defined]
_WATCHED = {_ACCOUNT.name, _NUMBER.name}
_FACTS = _ACCOUNT.c[
    "id", "first_name", "last_name", "username_key", "mobile_phone", "contact_public",
    "email_public", "mobile_public",
]  # fmt: skip
# A lock is temporary, so it hides nobody; but who is locked before activation is invited still.
FOUND = sa.and_(
    _ACCOUNT.c.service_desk.is_(False),
    sa.or_(
        _ACCOUNT.c.state == AccountState.ACTIVE,
        sa.and_(
            _ACCOUNT.c.state == AccountState.LOCKED,
            sa.or_(_ACCOUNT.c.domain_id.is_not(None), _ACCOUNT.c.password_hash.is_not(None)),
        ),
    ),
)


def is_stale(db: sa.Connection) -> bool:
    """Whether anything was changed that the index does not know yet."""
    return bool(db.scalar(sa.select(sa.exists(sa.select(STALE.c.id)))))


def catch_up(db: sa.Connection) -> None:
    """Work off what was changed, in this transaction."""
    if not is_stale(db):
        return
    alone(db, "search index")  # else two could wait for each other's words
    while found := _taken(db):
        _index(db, found)


def rebuild(db: sa.Connection) -> int:
    """Make the index anew; how many accounts may be found."""
    alone(db, "search index", patient=True)
    if db.dialect.name == "sqlite":  # KiB: words come in no order, so pages are met again and again
        db.exec_driver_sql("PRAGMA cache_size = -200000")
    for table in (STALE, WORDS, ADDRESSES):
        db.execute(table.delete())
    count, last = 0, 0
    while rows := _rows(db, _ACCOUNT.c.id > last):
        for table, entries in zip((WORDS, ADDRESSES), _entries(db, rows), strict=True):
            _put(db, table, entries)
        count, last = count + sum(map(_public, rows)), rows[-1].id
    if db.dialect.name == "sqlite":
        db.exec_driver_sql("PRAGMA cache_size = -2000")  # as it was
    return count


def contents(db: sa.Connection) -> list[tuple[Any, ...]]:
    """All that is in the index, in order."""
    return [tuple(row) for table in (WORDS, ADDRESSES) for row in _sorted(db, table)]


def _sorted(db: sa.Connection, table: sa.Table) -> Iterable[sa.Row[Any]]:
    return db.execute(table.select().order_by(*table.primary_key)).all()


def _taken(db: sa.Connection) -> list[int]:
    """The accounts of some notes, which are taken away."""
    query = sa.select(STALE).order_by(STALE.c.id).limit(PORTION)
    notes = db.execute(query).all()
    if notes:
        db.execute(STALE.delete().where(STALE.c.id.in_([note.id for note in notes])))
    return sorted({note.account_id for note in notes})


def _index(db: sa.Connection, ids: list[int]) -> None:
    """Put these accounts into the index as they are now."""
    wanted = _entries(db, _rows(db, _ACCOUNT.c.id.in_(ids)))
    for table, rows in zip((WORDS, ADDRESSES), wanted, strict=True):
        mine = table.select().where(table.c.account_id.in_(ids))
        there = {tuple(row) for row in db.execute(mine)}
        new = [row for row in rows if tuple(row.values()) not in there]
        old = there - {tuple(row.values()) for row in rows}
        for row in sorted(old):
            db.execute(table.delete().where(*map(sa.ColumnElement.__eq__, table.c, row)))
        _put(db, table, new)


def _rows(db: sa.Connection, which: sa.ColumnElement[bool]) -> list[sa.Row[Any]]:
    query = sa.select(*_FACTS).where(which, FOUND).order_by(_ACCOUNT.c.id).limit(PORTION)
    return list(db.execute(query))


def _public(row: sa.Row[Any]) -> bool:
    return bool(row.contact_public or row.email_public or (row.mobile_public and row.mobile_phone))


def _entries(db: sa.Connection, rows: list[sa.Row[Any]]) -> Entries:
    """What the index says of accounts, in the order of its columns."""
    named = [row.id for row in rows if row.contact_public]
    query = sa.select(*_NUMBER.c["account_id", "value"]).where(_NUMBER.c.account_id.in_(named))
    numbers: dict[int, list[str]] = {}
    for account_id, value in db.execute(query.order_by(_NUMBER.c.id)):
        numbers.setdefault(account_id, []).append(value)
    found = [word for row in rows for word in _words(row, numbers.get(row.id, []))]
    return found, [address for row in rows for address in _addresses(row)]


def _words(row: sa.Row[Any], numbers: list[str]) -> Iterable[dict[str, Any]]:
    if not row.contact_public:
        return
    name = [*folding.words(row.last_name), *folding.words(row.first_name)]
    name = [*name[: folding.MOST_WORDS], *numbers[: folding.MOST_NUMBERS]]
    for word in dict.fromkeys(name):
        yield {"word": word, "name": " ".join(name), "account_id": row.id}


def _addresses(row: sa.Row[Any]) -> Iterable[dict[str, Any]]:
    if row.email_public:
        yield {"value": row.username_key, "account_id": row.id}
    if row.mobile_public and row.mobile_phone:
        yield {"value": row.mobile_phone, "account_id": row.id}


def _put(db: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows: on PostgreSQL in one statement, since its triggers run for each statement."""
    if not rows:
        return
    if db.dialect.name != "postgresql":
        places = ", ".join("?" * len(table.c))
        values = [tuple(row.values()) for row in rows]  # in the order of the columns
        db.exec_driver_sql(f"INSERT INTO {table.name} VALUES ({places})", values)  # noqa: S608
        return
    columns = {column.name: [row[column.name] for row in rows] for column in table.c}
    db.execute(_in_one_statement(table), columns)


def _in_one_statement(table: sa.Table) -> sa.Insert:
    lists = [sa.bindparam(column.name, type_=ARRAY(column.type)) for column in table.c]
    rows = sa.func.unnest(*lists).table_valued(*table.c.keys()).render_derived()
    return table.insert().from_select(list(table.c.keys()), sa.select(rows))


def _watch(engine: sa.Engine) -> None:
    """Have each transaction that changes accounts or numbers work off the notes it leaves."""

    @sa.event.listens_for(engine, "after_execute")
    def _done(connection: sa.Connection, statement: Any, *_rest: Any) -> None:
        if isinstance(statement, UpdateBase) and getattr(statement.table, "name", "") in _WATCHED:
            connection.info[FLAG] = True

    @sa.event.listens_for(engine, "commit")
    def _committing(connection: sa.Connection) -> None:
        if connection.info.pop(FLAG, False):
            catch_up(connection)

    @sa.event.listens_for(engine, "rollback")
    def _undone(connection: sa.Connection) -> None:
        connection.info.pop(FLAG, None)


ON_ENGINE.append(_watch)
