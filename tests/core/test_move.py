"""Carrying everything over to another database."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from pacs_settings.core import db, demo, migrate, move
from pacs_settings.core.accounts import history
from pacs_settings.core.tables import Account, Means, Outcome
from tests import factories
from tests.conftest import free_port, using
from tests.factories import AN, HERE


@pytest.fixture
def full(template_file: Path, tmp_path: Path) -> str:
    """The address of an SQLite file with something in it."""
    path = tmp_path / "full.db"
    path.write_bytes(template_file.read_bytes())
    url = f"sqlite:///{path}"
    with using(url):
        someone = factories.person(AN)
        factories.device(someone)
        factories.session(someone)
        with db.writing() as session:
            for _ in range(3):
                where = factories.own(someone)
                history.record(session, where, HERE, Means.PASSWORD, Outcome.FAILURE, "wrong")
    return url


def test_everything_is_there_and_as_it_was(full: str, empty_database: str) -> None:
    with using(full):
        before = factories.everything()
    copied = move.move(full, empty_database)
    assert (copied["account"], copied["sign_in_attempt"]) == (5, 3)
    with using(empty_database):
        assert factories.everything() == before


def test_it_goes_on_from_there(full: str, empty_database: str) -> None:
    move.move(full, empty_database)
    with using(empty_database):
        someone = factories.account()
        assert factories.own(someone) > 5
        assert demo.load_into_empty() is False
        assert history.latest(factories.own(factories.person(AN)))


def test_what_is_in_use_is_left_alone(full: str, empty_database: str) -> None:
    migrate.upgrade(empty_database)
    with using(empty_database):
        demo.load_into_empty()
        factories.change(AN, work_phone="+3212345678")
        before = factories.everything()
    with pytest.raises(move.MoveRefused, match="already"):
        move.move(full, empty_database)
    with using(empty_database):
        assert factories.everything() == before


def test_there_must_be_something_to_copy(tmp_path: Path, empty_database: str) -> None:
    with pytest.raises(move.MoveRefused, match="no database of ours"):
        move.move(f"sqlite:///{tmp_path}/misspelt.db", empty_database)


def test_all_or_nothing(full: str, empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = move._copy

    def fail_late(reads: sa.Connection, writes: sa.Connection, table: sa.Table) -> int:
        if table.name == "sign_in_attempt":
            raise ZeroDivisionError
        return copy(reads, writes, table)

    monkeypatch.setattr(move, "_copy", fail_late)
    with pytest.raises(ZeroDivisionError):
        move.move(full, empty_database)
    with using(empty_database):
        assert factories.rows(Account) == []


def test_by_command_line(
    full: str, empty_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with using(empty_database):
        assert move.main([full]) == 0
        assert "5 account\n" in capsys.readouterr().out
        assert move.main([full]) == 1
        assert "rows in" in capsys.readouterr().err
        assert move.main([]) == 2
    with using(f"postgresql://portal:secret@127.0.0.1:{free_port()}/pacs"):
        assert move.main([full]) == 1
    told = capsys.readouterr().err
    assert "refused" in told
    assert "secret" not in told
