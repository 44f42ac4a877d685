"""The index says what accounts say, whoever changes them and however."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from pacs_settings.core import db, demo, desk, personal, privacy
from pacs_settings.core.accounts import numbers
from pacs_settings.core.desk import Invitation
from pacs_settings.core.privacy import Switches
from pacs_settings.core.search import index
from pacs_settings.core.search.tables import STALE, TERMS
from pacs_settings.core.studies import unmatched
from pacs_settings.core.tables import Account, AccountState, PhysicianNumber
from tests import factories
from tests.core.search.people import names
from tests.factories import AN, LEA

pytestmark = pytest.mark.usefixtures("database")


def terms(connection: sa.Connection) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(TERMS.select().order_by(TERMS.c.word))]


def in_step() -> bool:
    """Whether the index is what it would be if it were made anew; it is left as it was."""
    with db.engine().execution_options(writes=True).connect() as connection:
        connection.begin()
        assert connection.scalar(sa.select(sa.func.count()).select_from(STALE)) == 0
        kept = index.contents(connection), {row[-2:] for row in terms(connection)}
        index.rebuild(connection)
        anew = index.contents(connection), {row[-2:] for row in terms(connection)}
        connection.rollback()
    return kept == anew


def changed(session: Session, username: str, **values: object) -> None:
    session.execute(sa.update(Account).where(Account.username == username).values(**values))  # type: ignore[arg-type]


def by_orm_update() -> None:
    with db.writing() as session:
        changed(session, LEA, last_name="Durand", contact_public=True)


def by_core_update() -> None:
    with db.transaction() as connection:
        table = Account.__table__  # type: ignore[attr-defined]
        connection.execute(sa.update(table).where(table.c.username == LEA).values(state="disabled"))


def number_moves() -> None:
    with db.writing() as session:
        row = session.get_one(PhysicianNumber, factories.rows(PhysicianNumber)[0].id)
        row.account_id = factories.own(factories.person(LEA))
        session.add(row)


def number_goes() -> None:
    with db.writing() as session:
        session.delete(session.get_one(PhysicianNumber, factories.rows(PhysicianNumber)[0].id))


def save_privacy() -> None:
    privacy.save(factories.actor(factories.person(AN)), Switches(False, True, True))


def save_personal() -> None:
    typed = {"gender": "other", "work_phone": "", "language": "nl"}
    personal.save(factories.actor(factories.person(AN)), typed)


def invite() -> None:
    desk.invite(Invitation("nora@demo.example", "Nora", "Nieuw", "Flanders", "0470 99 88 77"))


def activate() -> None:
    invite()
    factories.change("nora@demo.example", state=AccountState.ACTIVE, password_hash="x")


def link_number() -> None:
    unmatched.link_number(LEA, "riziv", numbers.riziv(199_999, 4))


def account_goes() -> None:
    with db.writing() as session:
        session.delete(session.get_one(Account, factories.own(factories.account())))


def lock_and_unlock() -> None:
    factories.change(AN, state=AccountState.LOCKED)
    desk.unlock(AN)


def renamed_twice() -> None:
    factories.change(LEA, last_name="Dupont")
    factories.change(LEA, first_name="Zoë", username_key="zoe@uz-demo.example", email_public=True)


ACTS: list[Callable[[], object]] = [
    by_orm_update, by_core_update, number_moves, number_goes, save_privacy, save_personal, invite,
    activate, link_number, account_goes, lock_and_unlock, renamed_twice,
]  # fmt: skip


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_every_act_keeps_it_in_step(act: Callable[[], object]) -> None:
    assert in_step()
    act()
    assert in_step()


def test_demo_data_is_in_it() -> None:
    assert not demo.load_into_empty()
    assert names("dubois") == ["Dr Léa Dubois"]


def test_every_column_that_counts_is_watched() -> None:
    """The triggers name each column of accounts by which the index is made."""
    migration = Path("alembic/versions/0007_find_colleagues.py").read_text()
    watched = set(re.findall(r"\w+", migration.partition("WATCHED = (")[2].partition(")")[0]))
    used = {column.name for column in index._FACTS} - {"id"}
    used |= {c.name for c in sa.sql.visitors.iterate(index.FOUND) if isinstance(c, sa.Column)}
    assert used <= watched


def test_nothing_is_left_when_it_is_undone() -> None:
    with pytest.raises(ZeroDivisionError), db.writing() as session:
        account = session.get_one(Account, factories.own(factories.person(LEA)))
        account.last_name = "Ongedaan"
        session.add(account)
        session.flush()
        raise ZeroDivisionError
    assert in_step()
    assert names("dubois") == ["Dr Léa Dubois"]


def test_it_holds_nothing_that_is_private() -> None:
    secret = factories.account(
        first_name="Geheim",
        last_name="Verborgen",
        contact_public=False,
        mobile_phone="+32470777777",
    )
    factories.number(secret)
    with db.engine().connect() as connection:
        told = str(index.contents(connection)) + str(terms(connection))
    for value in ("geheim", "verborgen", secret.username_key, "+32470777777"):
        assert value not in told


def test_words_that_nobody_has_any_more_are_forgotten() -> None:
    with db.engine().connect() as connection:
        before = terms(connection)
    factories.change(LEA, last_name="Uniekenaam")
    factories.change(LEA, last_name="Dubois")
    with db.engine().connect() as connection:
        assert {row[-2:] for row in terms(connection)} == {row[-2:] for row in before}
    assert names("uniekenaem") == []


def test_two_who_change_names_at_once_do_not_wait_in_a_ring() -> None:
    people = [factories.account(first_name="A", last_name=f"Z{n}") for n in range(4)]

    def rename(place: int, names: list[str]) -> None:
        for name in names:
            factories.change(people[place].username, last_name=name)

    ways = [["Aa", "Zz", "Mm"] * 5, ["Zz", "Aa", "Mm"] * 5, ["Mm", "Zz"] * 5, ["Aa Zz"] * 9]
    ends = factories.together(*[lambda n=n, w=w: rename(n, w) for n, w in enumerate(ways)])
    assert ends == [None] * 4
    assert in_step()


def test_very_long_names_fit() -> None:
    factories.account(first_name="ﷺ" * 100, last_name=" ".join("é" * 3 for _ in range(25)))
    assert in_step()
