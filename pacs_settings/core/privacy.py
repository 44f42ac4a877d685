"""Privacy: what other users may find and see of an account, decided in one function."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from pacs_settings.core import audit, phones
from pacs_settings.core.accounts import numbers
from pacs_settings.core.db import hold, reading, writing
from pacs_settings.core.greetings import full_name
from pacs_settings.core.search import index
from pacs_settings.core.tables import Account, PhysicianNumber, Region

_ACCOUNT: Any = Account.__table__  # type: ignore[attr-defined]
_NUMBER: Any = PhysicianNumber.__table__  # type: ignore[attr-defined]
_FACTS = sa.select(
    *_ACCOUNT.c["id", "title", "first_name", "last_name", "username", "mobile_phone"],
    *_ACCOUNT.c["contact_public", "email_public", "mobile_public"],
    col(Region.phone_country),
).join(Region, col(Region.id) == _ACCOUNT.c.region_id)
# Made once: to make a statement takes longer than to run it.
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_ANY = _FACTS.where(_ACCOUNT.c.id.in_(_IDS))
_FOUND = _ANY.where(index.FOUND)
_NUMBERS = (
    sa.select(*_NUMBER.c["account_id", "kind", "value"])
    .where(_NUMBER.c.account_id.in_(_IDS))
    .order_by(_NUMBER.c.id)
)


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
        [(_, switches, person)] = _people(db, _ANY, [account_id], whole=True)
    return switches, person


def cards(db: Session, ids: Sequence[int]) -> dict[int, PublicCard]:
    """What others see now of those of these accounts that can be found at all."""
    shown = {id: card(person, switches) for id, switches, person in _people(db, _FOUND, ids)}
    return {id: card for id, card in shown.items() if card.found_by != "nobody"}


def _people(
    db: Session, query: sa.Select[Any], ids: Sequence[int], *, whole: bool = False
) -> list[tuple[int, Switches, Person]]:
    """Switches and facts; unless they are wanted whole, what is private is not even formatted."""
    rows, numbers_of = db.execute(query, {"ids": ids}).all(), _numbers(db, ids)
    found = []
    for row in rows:
        switches = Switches(row.contact_public, row.email_public, row.mobile_public)
        mobile = row.mobile_phone if whole or switches.mobile else None
        person = Person(
            name=full_name(row),
            numbers=tuple(numbers_of.get(row.id, ())) if whole or switches.contact else (),
            email=row.username,
            mobile=phones.display(mobile, row.phone_country) if mobile else "",
        )
        found.append((row.id, switches, person))
    return found


def _numbers(db: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for row in db.execute(_NUMBERS, {"ids": ids}):
        shown = numbers.display(numbers.NumberKind(row.kind), row.value)
        found.setdefault(row.account_id, []).append(shown)
    return found


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
