"""Privacy: what other users may find and see of an account, decided in one function."""

from dataclasses import asdict, dataclass

from sqlmodel import col, select

from pacs_settings.core import audit, phones
from pacs_settings.core.accounts import numbers
from pacs_settings.core.db import hold, reading, writing
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
        account = db.get_one(Account, account_id)
        country = db.get_one(Region, account.region_id).phone_country
        query = select(PhysicianNumber).where(PhysicianNumber.account_id == account_id)
        rows = list(db.exec(query.order_by(col(PhysicianNumber.id))))
    shown = tuple(numbers.display(numbers.NumberKind(row.kind), row.value) for row in rows)
    mobile = phones.display(account.mobile_phone, country) if account.mobile_phone else ""
    name = f"{account.title} {account.first_name} {account.last_name}".strip()
    return _switches(account), Person(name, shown, account.username, mobile)


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
