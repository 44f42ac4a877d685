"""Engine, transactions, column types, and what the constraints hold."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlmodel import Session

from pacs_settings.core import clock, db
from pacs_settings.core.quick import Quick
from pacs_settings.core.tables import Account, PhysicianNumber, Region, Throttle
from tests import factories
from tests.conftest import free_port, using
from tests.factories import AN
from tests.postgres import OTHERS, Postgres

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.only_on("sqlite", "pragmas are its own")
@pytest.mark.parametrize(
    ("pragma", "value"),
    [("foreign_keys", 1), ("journal_mode", "wal"), ("synchronous", 2), ("busy_timeout", 5000)],
)
def test_every_connection_is_set_up(pragma: str, value: object) -> None:
    with db.engine().connect() as one, db.engine().connect() as other:
        for connection in (one, other):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


@pytest.mark.only_on("postgresql", "it is another process, for which one may wait for ever")
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("lock_timeout", "5s"),
        ("statement_timeout", "15s"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("timezone", "UTC"),
        ("application_name", "pacs_settings"),
        ("transaction_isolation", "read committed"),
    ],
)
def test_nobody_waits_for_ever(setting: str, value: str) -> None:
    with db.engine().connect() as one, db.engine().connect() as other:
        for connection in (one, other):
            assert connection.exec_driver_sql(f"SHOW {setting}").scalar() == value


def test_a_key_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(sa.exc.IntegrityError):
        factories.store(PhysicianNumber(account_id=987654, kind="riziv", value="12345622004"))


def test_what_belongs_to_an_account_goes_with_it() -> None:
    someone = factories.account()
    factories.number(someone)
    factories.session(someone)
    with db.writing() as session:
        session.delete(session.get_one(Account, someone.id))
    left = factories.rows(
        PhysicianNumber,
        PhysicianNumber.account_id == someone.id,  # type: ignore[arg-type]
    )
    assert left == []


@pytest.mark.parametrize(("column", "value"), [("gender", "unknown"), ("state", "gone")])
def test_a_column_of_few_values_takes_no_other(column: str, value: str) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        factories.change(AN, **{column: value})


def test_a_username_is_there_once() -> None:
    with pytest.raises(sa.exc.IntegrityError):
        factories.account(username="AN.Peeters@demo.example")


def test_a_moment_comes_back_in_utc() -> None:
    moment = datetime(2026, 7, 1, 12, 30, 15, 123456, tzinfo=timezone(timedelta(hours=2)))
    factories.change(AN, locked_until=moment)
    back = factories.person(AN).locked_until
    assert back == moment
    assert back is not None
    assert back.tzinfo is UTC


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(sa.exc.StatementError, match="time zone"):
        factories.change(AN, locked_until=datetime(2026, 7, 1))


def test_no_moment_stays_none() -> None:
    factories.change(AN, locked_until=None)
    assert factories.person(AN).locked_until is None


def test_a_transaction_is_whole_or_nothing() -> None:
    with pytest.raises(ZeroDivisionError), db.writing() as session:
        session.add(Region(name="Half"))
        session.flush()
        raise ZeroDivisionError
    assert not [row for row in factories.rows(Region) if row.name == "Half"]


def test_writers_wait_for_each_other_and_lose_nothing() -> None:
    account_id = factories.own(factories.person(AN))

    def work() -> None:
        for _ in range(10):
            with db.writing() as session:
                row = db.hold(session, Account, account_id)
                row.wrong_codes += 1
                session.add(row)

    assert factories.together(*[work] * 4) == [None] * 4
    assert factories.person(AN).wrong_codes == 40


def test_a_reader_does_not_wait_for_a_writer() -> None:
    with db.writing() as session:
        session.add(Region(name="Not yet"))
        session.flush()
        assert "Not yet" not in [row.name for row in factories.rows(Region)]


def _count(session: Session, step: int) -> None:
    moment = clock.now()
    db.insert_or_update(
        session,
        Throttle.__table__,  # type: ignore[attr-defined]
        {"key": "one", "failures": step, "last_failure": moment, "blocked_until": moment},
        ["key"],
        {"failures": Throttle.failures + step},
    )


def test_insert_or_update_is_one_statement() -> None:
    with factories.statements() as sent, db.writing() as session:
        _count(session, 2)
        _count(session, 3)
    assert len(sent) == 2
    [row] = factories.rows(Throttle)
    assert row.failures == 5


def test_the_folder_of_a_database_is_made(tmp_path) -> None:
    path = tmp_path / "new" / "folder" / "x.db"
    engine = db.make_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    engine.dispose()
    assert path.exists()


def test_forgetting_the_engine_makes_a_new_one() -> None:
    before = db.engine()
    assert db.engine() is before
    db.forget_engine()
    assert db.engine() is not before


_WHO = Quick(
    sa.select(Account.username, Account.created_at, Account.contact_public).where(
        Account.username_key == sa.bindparam("key")
    )
)


def test_a_quick_statement_gives_what_the_types_say() -> None:
    row = _WHO.one(key="an.peeters@demo.example")
    assert row is not None
    name, created, public = row
    assert name == "an.peeters@demo.example"
    assert created.tzinfo is UTC
    assert public is True


def test_a_quick_statement_finds_nothing_and_takes_nothing_for_sql() -> None:
    assert _WHO.one(key="nobody@demo.example") is None
    assert _WHO.one(key="' OR '1'='1") is None


def test_a_quick_statement_gives_its_connection_back_and_sees_what_was_written() -> None:
    for number in range(30):  # more than the pool has
        with db.writing() as session:
            session.execute(sa.update(Account).values(contact_public=bool(number % 2)))
        row = _WHO.one(key="an.peeters@demo.example")
        assert row is not None
        assert row[2] is bool(number % 2)
    assert db.engine().pool.checkedout() == 0


# A database that is away.


def unreachable(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "file").touch()
    return {
        "sqlite": f"sqlite:///{tmp_path}/file/below/x.db",
        "postgresql": f"postgresql://portal:secret@127.0.0.1:{free_port()}/pacs",
    }


def test_a_database_that_answers_is_fit() -> None:
    db.check()


def test_one_that_does_not_answer_is_named_without_its_password(
    database_kind: str, tmp_path: Path
) -> None:
    url = unreachable(tmp_path)[database_kind]
    with using(url), pytest.raises(db.Unusable) as unfit:
        db.check()
    told = str(unfit.value)
    assert "secret" not in told
    assert "\n" not in told
    assert {"sqlite": "file", "postgresql": "refused"}[database_kind] in told


@pytest.mark.only_on("postgresql", "SQLite has one encoding")
def test_one_that_cannot_take_every_text_is_refused(postgresql: Postgres) -> None:
    with postgresql.connect() as connection:
        connection.execute("CREATE DATABASE small TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    with using(postgresql.url("small")), pytest.raises(db.Unusable, match="LATIN1"):
        db.check()
    postgresql.drop("small")


@pytest.mark.only_on("postgresql", "a file does not go away")
def test_one_that_drops_connections_is_reached_again(postgresql: Postgres, database: str) -> None:
    assert _WHO.one(key=AN)
    with postgresql.connect() as other:
        other.execute(OTHERS, [make_url(database).database])
    assert _WHO.one(key=AN)
    assert factories.person(AN)


@pytest.mark.only_on("postgresql", "a file does not go away")
def test_every_statement_fails_in_one_way(tmp_path: Path) -> None:
    with using(unreachable(tmp_path)["postgresql"]):
        for ask in (lambda: _WHO.one(key=AN), lambda: factories.person(AN)):
            with pytest.raises(sa.exc.OperationalError) as failure:
                ask()
            assert "refused" in db.told(failure.value)


def test_a_wrong_statement_gives_its_connection_back() -> None:
    wrong = Quick(sa.select(sa.literal_column("nothing_of_this_name")))
    for _ in range(40):  # more than the pool has
        with pytest.raises(sa.exc.OperationalError):
            wrong.one()
    assert db.engine().pool.checkedout() == 0


def test_what_a_log_may_say_holds_no_value() -> None:
    with pytest.raises(sa.exc.IntegrityError) as failure:
        factories.account(username=AN)
    told = db.told(failure.value)
    assert "account" in told
    assert "peeters" not in told
    assert db.told(sa.exc.TimeoutError()) == "TimeoutError"
