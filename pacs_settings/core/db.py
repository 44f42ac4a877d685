"""Engine, transactions and column types; nothing here is bound to one database."""

import select
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlmodel import Session, SQLModel

from pacs_settings.config import config

Row = TypeVar("Row", bound=SQLModel)
Query = TypeVar("Query", bound=sa.Select[Any])
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """A moment: timezone-aware UTC in Python on every database (SQLite forgets the zone)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse naive moments, store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Give back UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Seconds and milliseconds after which PostgreSQL is as good as away; as with SQLite, who waits for
# another writer gives up after five seconds.
_CONNECTION = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "application_name": "pacs_settings",
}
IDLE = 10.0  # seconds after which a connection may have been dropped without a word
_SESSION = {
    "timezone": "UTC",
    "lock_timeout": 5_000,
    "statement_timeout": 15_000,
    "idle_in_transaction_session_timeout": 60_000,
}


def _configure_sqlite(engine: sa.Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours, see _begin
        for pragma in (
            "busy_timeout=5000",
            "synchronous=FULL",  # a spent one-time code stays spent after a power cut
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        _write_ahead(connection)

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A writer takes the lock at once: upgrading a read lock later can fail without waiting.
        writes = connection.get_execution_options().get("writes", False)
        driver: Any = connection.connection.driver_connection
        driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")


def _write_ahead(connection: Any) -> None:
    """Turn the write-ahead log on, which stays on.

    SQLite refuses at once, whatever the busy timeout, while somebody else does the same: two
    processes that begin on a new file.
    """
    ends = time.monotonic() + 5
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.02)
        else:
            return


def make_engine(url: str) -> sa.Engine:
    """An engine for `url`, with what each database needs set on it."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(address)
    return _postgresql(address)


def _postgresql(address: sa.URL) -> sa.Engine:
    """Whatever waits for PostgreSQL waits for a known time; what its address says counts more."""
    options = " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
    asked = address.query.get("options", "")
    options = " ".join([options, asked] if isinstance(asked, str) else [options, *asked])
    limits = {name: value for name, value in _CONNECTION.items() if name not in address.query}
    engine = sa.create_engine(
        address.set(drivername="postgresql+psycopg"),
        connect_args={**limits, "options": options},
        hide_parameters=True,
        pool_size=10,
        max_overflow=20,
        pool_timeout=10,
        pool_use_lifo=True,
    )
    _ask_the_idle(engine)
    return engine


def _ask_the_idle(engine: sa.Engine) -> None:
    """Ask a connection whether it is one still, where that is in doubt.

    Not each time, as `pool_pre_ping` does: that is one trip more for each of thousands.
    """

    @sa.event.listens_for(engine, "checkin")
    def _given_back(_connection: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def _taken(connection: Any, record: Any, _proxy: Any) -> None:
        idle = time.monotonic() - record.info.get("used", 0.0) > IDLE
        if not idle and not _readable(connection):
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            raise sa.exc.DisconnectionError from None  # the pool takes another one


def _readable(connection: Any) -> bool:
    """Whether its server has said something unasked, such as goodbye."""
    watched = select.poll()
    watched.register(connection.fileno(), select.POLLIN)
    return bool(watched.poll(0))


def _sqlite(address: sa.URL) -> sa.Engine:
    if address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        address,
        connect_args={"check_same_thread": False},
        hide_parameters=True,
        pool_use_lifo=True,  # a connection's page cache still knows what it wrote itself
    )
    _configure_sqlite(engine)
    return engine


ON_ENGINE: list[Callable[[sa.Engine], None]] = []
"""What listens to the engine of this process, whoever uses it."""


@lru_cache(maxsize=1)
def engine() -> sa.Engine:
    """The engine of this process."""
    made = make_engine(config().database_url)
    for listen in ON_ENGINE:
        listen(made)
    return made


@lru_cache(maxsize=1)
def _writing_engine() -> sa.Engine:
    return engine().execution_options(writes=True)


def reads_at_once() -> bool:
    """Whether one indexed read is a matter of this process alone, without network or waiting."""
    return engine().dialect.name == "sqlite"


class Unusable(ValueError):
    """The database cannot be used; says why, without its password."""


def check() -> None:
    """Raise Unusable unless the database answers and takes every text."""
    try:
        with engine().connect() as connection:
            if reads_at_once():
                return
            encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    except sa.exc.SQLAlchemyError as failure:
        raise Unusable(told(failure)) from None
    except OSError as failure:  # no folder for a file
        raise Unusable(str(failure)) from None
    if encoding != "UTF8":
        raise Unusable(f"its encoding is {encoding}; make one with ENCODING 'UTF8'")


def told(failure: sa.exc.SQLAlchemyError) -> str:
    """What a log may say of a failure: how and where, never a value of a row."""
    original: Any = getattr(failure, "orig", None)
    if original is None:
        return type(failure).__name__
    if not getattr(original, "sqlstate", None):  # SQLite, or no connection: those tell no value
        return " ".join(str(original).split())
    where = (original.diag.table_name, original.diag.constraint_name)
    return " ".join(filter(None, (type(original).__name__, original.sqlstate, *where)))


def forget_engine() -> None:
    """Close the pool and forget the engine; only tests and forks do."""
    if engine.cache_info().currsize:
        engine().dispose()
    engine.cache_clear()
    _writing_engine.cache_clear()


@contextmanager
def reading() -> Iterator[Session]:
    """A session that only reads."""
    with Session(engine(), expire_on_commit=False) as session:
        yield session


@contextmanager
def writing() -> Iterator[Session]:
    """One transaction: all that is done in it is committed together, or nothing is."""
    with Session(_writing_engine(), expire_on_commit=False) as session, session.begin():
        yield session


def transaction() -> AbstractContextManager[sa.Connection]:
    """One transaction without objects: for what happens at each click and must be quick."""
    return _writing_engine().begin()


def hold(session: Session, table: type[Row], key: object) -> Row:
    """The row with this key, which nobody else can change before this transaction ends.

    Whoever decides by what a row says holds it first and looks afterwards. Always the account
    before anything that belongs to it, so that no two wait for each other. Others may still write
    rows that refer to it, such as its sessions.
    """
    return session.get_one(table, key, with_for_update={"key_share": True})


def holding(query: Query) -> Query:
    """The query, whose rows nobody else can change before this transaction ends."""
    return query.with_for_update(key_share=True).execution_options(populate_existing=True)


def free(query: Query) -> Query:
    """The query, whose rows are held; those that somebody else holds are left out."""
    return query.with_for_update(skip_locked=True)


def sweep(session: Session, table: type[SQLModel], over: sa.ColumnElement[bool]) -> None:
    """Delete rows whose time is over; those that somebody is busy with are left for later."""
    key = sa.inspect(table).primary_key
    free = sa.select(*key).where(over).with_for_update(skip_locked=True)
    session.execute(sa.delete(table).where(sa.tuple_(*key).in_(free)))


def alone(connection: sa.Connection | Session, what: str, *, patient: bool = False) -> None:
    """Have nobody else do `what` before this transaction ends; writers of SQLite are alone anyway.

    For what no row can be held for, since it may not be there yet. `patient` lifts the limits of
    time from the transaction: tables may be large, and others busy.
    """
    if _dialect(connection).name != "postgresql":
        return
    limits = ("lock_timeout", "statement_timeout") if patient else ()
    for name in limits:
        connection.execute(sa.text(f"SET LOCAL {name} = 0"))
    key = sa.func.hashtextextended(f"pacs_settings:{what}", 0)
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def insert_or_update(
    session: Session,
    table: sa.Table,
    row: dict[str, Any],
    key: list[str],
    changes: dict[str, Any],
) -> None:
    """One atomic statement: insert `row`, or apply `changes` where `key` is already taken."""
    insert = _insert(_dialect(session).name, table)
    session.execute(insert.on_conflict_do_update(index_elements=key, set_=changes), row)


def _insert(dialect: str, table: sa.Table) -> Any:
    insert: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table)


def _dialect(connection: sa.Connection | Session) -> sa.Dialect:
    if isinstance(connection, Session):
        return connection.get_bind().dialect
    return connection.dialect
