"""Whom a physician number belongs to, and under which mapping of theirs a study arrives."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from pacs_settings.core.accounts import numbers
from pacs_settings.core.accounts.numbers import NumberKind, NumberRefused
from pacs_settings.core.clock import now
from pacs_settings.core.db import insert_unless_there
from pacs_settings.core.tables import Account, AccountState, Fate, Mapping, PhysicianNumber

_NUMBERS: sa.Table = PhysicianNumber.__table__  # type: ignore[attr-defined]
_ACCOUNTS: sa.Table = Account.__table__  # type: ignore[attr-defined]
_MAPPINGS: sa.Table = Mapping.__table__  # type: ignore[attr-defined]
_HOLDERS = (
    sa.select(
        _NUMBERS.c.id,
        _NUMBERS.c.value,
        _NUMBERS.c.account_id,
        _ACCOUNTS.c.state,
        _ACCOUNTS.c.default_on_study,
        _ACCOUNTS.c.default_on_report,
    )
    .join(_ACCOUNTS, _ACCOUNTS.c.id == _NUMBERS.c.account_id)
    .where(
        _NUMBERS.c.stable == sa.bindparam("stable"),
        _NUMBERS.c.kind.in_(sa.bindparam("kinds", expanding=True)),
    )
)
_LINE = sa.select(_MAPPINGS.c.id, _MAPPINGS.c.on_study, _MAPPINGS.c.on_report).where(
    _MAPPINGS.c.account_id == sa.bindparam("account_id"),
    _MAPPINGS.c.source_id == sa.bindparam("source_id"),
    _MAPPINGS.c.name_at_source == sa.bindparam("name_at_source"),
    _MAPPINGS.c.physician_number_id == sa.bindparam("physician_number_id"),
)
_WRITES_TO = (AccountState.ACTIVE, AccountState.LOCKED)  # a lock is over soon


@dataclass(frozen=True)
class Number:
    """A number of a source as it is compared: the kind it must be of, and its stable part."""

    value: str
    stable: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Holder:
    """Who has a number."""

    number_id: int
    account_id: int
    writes: bool
    default_on_study: bool
    default_on_report: bool


@dataclass(frozen=True)
class Line:
    """The mapping a study arrives under."""

    id: int
    on_study: bool
    on_report: bool


@lru_cache(maxsize=4096)
def read(typed: str, kinds: tuple[str, ...]) -> Number:
    """A number as a source writes it; one that fits no kind is kept as it is, for the desk."""
    fits: dict[str, list[str]] = {}
    value = ""
    for kind in map(NumberKind, kinds):
        try:
            value = numbers.normalise(kind, typed)
        except NumberRefused:
            continue
        fits.setdefault(numbers.stable_part(kind, value), []).append(kind)
    if not fits:
        kept = typed[:20]
        return Number(kept, kept, ())
    stable, found = next(iter(fits.items()))
    return Number(value, stable, tuple(found))


def holder(db: sa.Connection, number: Number) -> Holder | Fate:
    """Who has the number: whoever has just this one, else the only one with its stable part."""
    if not number.kinds:
        return Fate.UNKNOWN
    rows = db.execute(_HOLDERS, {"stable": number.stable, "kinds": number.kinds}).all()
    rows = [row for row in rows if row.value == number.value] or rows
    if len({row.account_id for row in rows}) > 1:
        return Fate.AMBIGUOUS
    if not rows:
        return Fate.UNKNOWN
    row = rows[0]
    return Holder(
        row.id,
        row.account_id,
        row.state in _WRITES_TO,
        row.default_on_study,
        row.default_on_report,
    )


def line(db: sa.Connection, known: Holder, source_id: int, name: str) -> Line:
    """The holder's mapping for a source and a name there; a new one gets the holder's defaults."""
    pair: dict[str, Any] = {
        "account_id": known.account_id,
        "source_id": source_id,
        "name_at_source": name,
        "physician_number_id": known.number_id,
    }
    found = db.execute(_LINE, pair).one_or_none()
    if found:
        return Line(*found)
    moment = now()
    switches = {"on_study": known.default_on_study, "on_report": known.default_on_report}
    insert_unless_there(
        db, _MAPPINGS, {**pair, **switches, "created_at": moment, "changed_at": moment}
    )
    return Line(*db.execute(_LINE, pair).one())
