"""Privacy: what other users may find and see of an account, decided in one function."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import audit, phones
from pacs_settings.core.accounts import numbers
from pacs_settings.core.db import hold, reading, writing
from pacs_settings.core.search import index
from pacs_settings.core.tables import Account, PhysicianNumber, Region


@dataclass(frozen=True)
class Switches:
    """The three privacy switches."""

    contact: bool
    email: bool
    mobile: bool


@dataclass(frozen=True)
class PublicCard:
    """What a colleague sees; empty fields are not shown.

    `found_by` is "search" (names and numbers), "exact" (only the full e-mail address or mobile
    number that is public) or "nobody".
    """

    found_by: str
    name: str = ""
    numbers: tuple[str, ...] = ()
    email: str = ""
    mobile: str = ""


@dataclass(frozen=True)
class Person:
    """The facts about an account from which a card is made."""

    name: str
    numbers: tuple[str, ...]
    email: str
    mobile: str


def card(person: Person, switches: Switches) -> PublicCard:
    """What others see of a person under these switches; the only place that decides it."""
    email = person.email if switches.email else ""
    mobile = person.mobile if switches.mobile else ""
    if switches.contact:
        return PublicCard("search", person.name, person.numbers, email, mobile)
    return PublicCard("exact" if email or mobile else "nobody", email=email, mobile=mobile)


def load(account_id: int) -> tuple[Switches, Person]:
    """The switches as saved, and the facts for a preview."""
    with reading() as db:
        [(account, person)] = _people(db, [account_id])
    return _switches(account), person


def cards(db: Session, ids: Sequence[int]) -> dict[int, PublicCard]:
    """What others see now of those of these accounts that can be found at all."""
    found = _people(db, ids, index.FOUND)
    shown = {account.id or 0: card(person, _switches(account)) for account, person in found}
    return {id: card for id, card in shown.items() if card.found_by != "nobody"}


def _people(
    db: Session, ids: Sequence[int], *where: sa.ColumnElement[bool]
) -> list[tuple[Account, Person]]:
    country = col(Region.phone_country)
    query = sa.select(Account, country).join(Region, col(Region.id) == col(Account.region_id))
    found = db.execute(query.where(col(Account.id).in_(ids), *where)).all()
    numbers_of = _numbers(db, ids)
    return [(one, _person(one, numbers_of.get(one.id or 0, []), where)) for one, where in found]


def _numbers(db: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    query = select(PhysicianNumber).where(col(PhysicianNumber.account_id).in_(ids))
    found: dict[int, list[str]] = {}
    for row in db.exec(query.order_by(col(PhysicianNumber.id))):
        shown = numbers.display(numbers.NumberKind(row.kind), row.value)
        found.setdefault(row.account_id, []).append(shown)
    return found


def _person(account: Account, shown: list[str], country: str) -> Person:
    mobile = phones.display(account.mobile_phone, country) if account.mobile_phone else ""
    name = f"{account.title} {account.first_name} {account.last_name}".strip()
    return Person(name, tuple(shown), account.username, mobile)


def save(actor: audit.Actor, switches: Switches) -> Switches:
    """Store the three switches together and return them."""
    with writing() as db:
        account = hold(db, Account, actor.account_id)
        before = _switches(account)
        account.contact_public = switches.contact
        account.email_public = switches.email
        account.mobile_public = switches.mobile
        db.add(account)
        if before != switches:
            audit.record(db, actor, "account:privacy:changed", asdict(before), asdict(switches))
    return switches


def _switches(account: Account) -> Switches:
    return Switches(account.contact_public, account.email_public, account.mobile_public)
