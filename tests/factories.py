"""Makes what tests need in the database, and a few ways of looking at what core does there."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar

import pyotp
import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from pacs_settings.core import audit, clock, db, secrets
from pacs_settings.core.accounts import history, numbers, passwords, sessions, usernames
from pacs_settings.core.accounts.second_factor import totp
from pacs_settings.core.accounts.second_factor.totp import PURPOSE
from pacs_settings.core.tables import (
    Account,
    AccountState,
    GroupPractice,
    Mapping,
    Means,
    Method,
    PhysicianNumber,
    Region,
    Source,
    TotpDevice,
)

AN = "an.peeters@demo.example"
JAN = "jan.claes@demo.example"
LEA = "lea.dubois@uz-demo.example"
SOFIE = "sofie.maes@demo.example"
PASSWORD = "radiology-demo-2026"
HERE = history.Visit("192.0.2.1", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0")

T = TypeVar("T")
Row = TypeVar("Row", bound=SQLModel)
_serial = count(1)


def person(username: str = AN) -> Account:
    """The account as it is stored now."""
    with db.reading() as session:
        query = select(Account).where(Account.username_key == usernames.key(username))
        return session.exec(query).one()


def own(account: Account) -> int:
    """The identifier of a stored account."""
    assert account.id is not None
    return account.id


def store(row: Row) -> Row:
    """Store a row as it is and return it."""
    with db.writing() as session:
        session.add(row)
    return row


def change(username: str, **values: Any) -> Account:
    """Change columns of an account directly, as the service desk's database would."""
    row = person(username)
    for name, value in values.items():
        setattr(row, name, value)
    return store(row)


def region(**values: Any) -> Region:
    """A region of its own, with the product's defaults unless told otherwise."""
    return store(Region(name=f"Region {next(_serial)}", **values))


def account(**values: Any) -> Account:
    """An active local account of its own, whose password is PASSWORD."""
    username = values.pop("username", f"person{next(_serial)}@demo.example")
    where = values.pop("region_id", None) or region().id
    defaults = {
        "username_key": usernames.key(username),
        "first_name": "Robin",
        "last_name": "Willems",
        "state": AccountState.ACTIVE,
        "password_hash": passwords.hash_password(PASSWORD),
        "region_id": where,
    }
    return store(Account(username=username, **(defaults | values)))


def session(of: Account, visit: history.Visit = HERE) -> str:
    """Sign the account in, past all steps; the value of the session's cookie."""
    with db.writing() as transaction:
        where = transaction.get_one(Region, of.region_id)
        return sessions.start(transaction, of, where, Means.PASSWORD, visit)


def actor(of: Account, cookie: str = "") -> audit.Actor:
    """Whoever acts in a session of the account, which is opened unless one is given."""
    session_id = (cookie or session(of)).partition(".")[0]
    return audit.Actor(own(of), session_id, HERE.address, HERE.user_agent)


def device(of: Account, name: str = "Phone") -> tuple[int, str]:
    """A proven authenticator: its identifier and its secret."""
    secret = pyotp.random_base32()
    sealed = secrets.seal(PURPOSE, secret)
    row = TotpDevice(account_id=own(of), name=name, sealed_secret=sealed, confirmed_at=clock.now())
    stored = store(row).id or 0
    change(of.username, second_factor=Method.AUTHENTICATOR)
    return stored, secret


def code(secret: str, steps: int = 0) -> str:
    """What an authenticator shows now, or some steps from now."""
    return pyotp.TOTP(secret).generate_otp(
        int(clock.now().timestamp()) // totp.STEP_SECONDS + steps
    )


def number(of: Account) -> PhysicianNumber:
    """A physician number nobody else has."""
    value = numbers.riziv(200_000 + next(_serial), 4)
    return store(numbers.row(own(of), numbers.NumberKind.RIZIV, value))


def source(name: str = "") -> Source:
    """A source of its own."""
    return store(Source(name=name or f"Source {next(_serial)}"))


def group(name: str) -> GroupPractice:
    """A group practice of its own."""
    return store(GroupPractice(name=name))


def mapping(of: Account, at: Source, under: PhysicianNumber, **values: Any) -> Mapping:
    """A line of the account."""
    values = {"name_at_source": "WILLEMS Robin"} | values
    return store(
        Mapping(
            account_id=own(of),
            source_id=at.id or 0,
            physician_number_id=under.id or 0,
            **values,
        )
    )


def rows(table: type[Row], *where: sa.ColumnElement[bool]) -> list[Row]:
    """All stored rows of a table, oldest first."""
    with db.reading() as session:
        key = col(next(iter(table.__table__.primary_key)))  # type: ignore[attr-defined]
        return list(session.exec(select(table).where(*where).order_by(key)))


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """The SQL that is sent to the database meanwhile, without BEGIN."""
    sent: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, text: str, values: Any, *_rest: Any) -> None:
        if not text.startswith("BEGIN"):
            sent.append((text, values))

    sa.event.listen(db.engine(), "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(db.engine(), "before_cursor_execute", note)


def plan(query: str, values: Any) -> str:
    """How the database would find what a statement asks for, were there many rows."""
    with db.engine().connect() as connection:
        if connection.dialect.name == "postgresql":
            for way in ("seqscan", "sort"):  # which small tables would be read by
                connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
            steps = connection.exec_driver_sql(f"EXPLAIN {query}", values)
        else:
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values)
        return "\n".join(row[-1] for row in steps)


def everything() -> str:
    """All that is stored, as text."""
    tables = SQLModel.metadata.sorted_tables
    with db.engine().connect() as connection:
        found = [str(row) for table in tables for row in connection.execute(table.select())]
    return "\n".join(sorted(found))


def held(work: Callable[[], object]) -> threading.Thread:
    """Begin `work` in a thread, and wait until it waits for what another transaction holds."""
    before = _waiting()
    thread = threading.Thread(target=work)
    thread.start()
    deadline = time.monotonic() + 30
    while _waiting() == before and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.005)
    return thread


def _waiting() -> int:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with db.engine().connect() as connection:
        return int(connection.exec_driver_sql(query).scalar() or 0)


def together(*works: Callable[[], T]) -> list[T | Exception]:
    """Run all at the same moment, each in a thread; what each returned or raised, in order."""
    start = threading.Barrier(len(works))
    ends: list[T | Exception] = [RuntimeError("did not run")] * len(works)

    def run(place: int, work: Callable[[], T]) -> None:
        start.wait(30)
        try:
            ends[place] = work()
        except Exception as failure:
            ends[place] = failure

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return ends
