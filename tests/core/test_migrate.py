"""Migrations lead to what the models say, and back."""

import os
import subprocess
import sys

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from pacs_settings.core import db, migrate
from pacs_settings.core.search import tables as search_tables
from pacs_settings.core.tables import Account
from tests import factories
from tests.conftest import ROOT, using
from tests.postgres import Postgres

VIRTUAL = {"sqlite": ["search_trigram"], "postgresql": []}


@pytest.fixture
def empty(empty_database: str) -> str:
    """The address of a database without tables."""
    return empty_database


def differences(url: str) -> list[object]:
    engine = db.make_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": migrate.ours}
        )
        found = compare_metadata(context, SQLModel.metadata)
    engine.dispose()
    return list(found)


def tables(url: str) -> set[str]:
    engine = db.make_engine(url)
    names = set(sa.inspect(engine).get_table_names())
    engine.dispose()
    return {name for name in names if not name.startswith("search_trigram_")}  # parts of one


def execute(url: str, statement: str) -> None:
    engine = db.make_engine(url)
    with engine.execution_options(writes=True).begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def test_an_empty_database_becomes_what_the_models_say(empty: str) -> None:
    migrate.upgrade(empty)
    assert differences(empty) == []
    derived = {*search_tables.metadata.tables} | {*VIRTUAL[db.make_engine(empty).dialect.name]}
    assert tables(empty) == set(SQLModel.metadata.tables) | derived | {"alembic_version"}


@pytest.mark.asvs("6.3.2")
def test_nobody_is_there_from_the_start(empty: str) -> None:
    migrate.upgrade(empty)
    engine = db.make_engine(empty)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM account").scalar() == 0
    engine.dispose()


@pytest.mark.parametrize(
    "drift",
    [
        "ALTER TABLE account DROP COLUMN wrong_codes",
        "ALTER TABLE account ADD COLUMN surplus INTEGER",
        "DROP INDEX ix_sign_in_attempt_history",
        "DROP TABLE known_browser",
    ],
)
def test_a_difference_would_be_seen(empty: str, drift: str) -> None:
    migrate.upgrade(empty)
    execute(empty, drift)
    assert differences(empty)


def test_a_type_that_differs_would_be_seen(empty: str) -> None:
    migrate.upgrade(empty)
    execute(empty, "ALTER TABLE account DROP COLUMN wrong_codes")
    execute(empty, "ALTER TABLE account ADD COLUMN wrong_codes VARCHAR(9) NOT NULL DEFAULT ''")
    assert "modify_type" in str(differences(empty))


def test_checks_and_cascades_are_in_the_database(empty: str) -> None:
    migrate.upgrade(empty)
    engine = db.make_engine(empty)
    look = sa.inspect(engine)
    for table in SQLModel.metadata.sorted_tables:
        checks = [c for c in table.constraints if isinstance(c, sa.CheckConstraint)]
        assert len(look.get_check_constraints(table.name)) == len(checks), table.name
        wanted = {(c.parent.name, c.ondelete or "") for c in table.foreign_keys}
        found = {
            (key["constrained_columns"][0], key["options"].get("ondelete", ""))
            for key in look.get_foreign_keys(table.name)
        }
        assert found == wanted, table.name
    engine.dispose()


def test_upgrading_twice_changes_nothing(empty: str) -> None:
    migrate.upgrade(empty)
    execute(empty, "INSERT INTO source (name) VALUES ('kept')")
    migrate.upgrade(empty)
    engine = db.make_engine(empty)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT name FROM source").scalar() == "kept"
    engine.dispose()


BEGIN = """
from pacs_settings.core import demo, migrate
print("ready", flush=True)
input()
migrate.upgrade()
demo.load_into_empty()
"""


def test_several_workers_may_begin_on_an_empty_database_at_once(empty: str) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", BEGIN],
            env={**os.environ, "PACS_DATABASE_URL": empty},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    assert [worker.stdout.readline() for worker in workers] == ["ready\n"] * 2  # type: ignore[union-attr]
    for worker in workers:
        worker.stdin.write("now\n")  # type: ignore[union-attr]
        worker.stdin.flush()  # type: ignore[union-attr]
    for worker in workers:
        worker.communicate(timeout=120)
    assert [worker.returncode for worker in workers] == [0, 0]
    assert differences(empty) == []
    with using(empty):
        assert len(factories.rows(Account)) == 5


def test_there_is_a_way_back_and_forth_again(empty: str) -> None:
    migrate.upgrade(empty)
    command.downgrade(migrate.alembic_config(empty), "base")
    assert tables(empty) == {"alembic_version"}
    migrate.upgrade(empty)
    assert differences(empty) == []


def test_the_database_of_this_process_is_the_default(database: str) -> None:
    migrate.upgrade()
    assert differences(database) == []


def test_each_migration_has_a_number_and_a_sentence() -> None:
    for path in (migrate.FOLDER / "versions").glob("*.py"):
        assert path.stem[:4].isdigit(), path.name
        assert path.read_text().startswith('"""'), path.name


@pytest.mark.parametrize("to", ["0001", "head"])
def test_who_is_in_a_directory_comes_and_goes_without_harm(database: str, to: str) -> None:
    command.downgrade(migrate.alembic_config(database), "0001")
    command.upgrade(migrate.alembic_config(database), to)
    engine = db.make_engine(database)
    with engine.connect() as connection:
        for table in ("account", "mapping", "physician_number"):  # the last two hang on the first
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar(), table
        names = {column["name"] for column in sa.inspect(connection).get_columns("account")}
    engine.dispose()
    assert ("directory_guid" in names) == (to == "head")


@pytest.mark.only_on("postgresql", "SQLite has no extensions")
def test_who_may_not_add_the_extension_is_told_what_to_do(empty: str, postgresql: Postgres) -> None:
    with postgresql.connect("empty") as owner:
        owner.execute("DROP ROLE IF EXISTS weak")
        owner.execute("CREATE ROLE weak LOGIN")
        owner.execute("GRANT ALL ON SCHEMA public TO weak")
        weak = empty.replace("//portal@", "//weak@")
        with pytest.raises(db.Unusable, match="CREATE EXTENSION pg_trgm"):
            migrate.upgrade(weak)
        owner.execute("CREATE EXTENSION pg_trgm")
        migrate.upgrade(weak)
        assert differences(weak) == []
        owner.execute("DROP OWNED BY weak CASCADE")
        owner.execute("DROP ROLE weak")
