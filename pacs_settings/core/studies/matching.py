"""Whom a physician number belongs to, and under which mapping of theirs a study arrives."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from pacs_settings.core.accounts import numbers
from pacs_settings.core.accounts.numbers import NumberKind, NumberRefused
from pacs_settings.core.clock import now
from pacs_settings.core.quick import Quick, insert_unless_there
from pacs_settings.core.tables import Account, AccountState, Fate, Mapping, PhysicianNumber

_NUMBERS: sa.Table = PhysicianNumber.__table__  # type: ignore[attr-defined]
_ACCOUNTS: sa.Table = Account.__table__  # type: ignore[attr-defined]
_MAPPINGS: sa.Table = Mapping.__table__  # type: ignore[attr-defined]
_HERE = (
    _MAPPINGS.c.source_id == sa.bindparam("source_id"),
    _MAPPINGS.c.name_at_source == sa.bindparam("name_at_source"),
)
_HOLDERS = Quick(
    sa.select(
        *_NUMBERS.c["kind", "value", "id"],
        *_ACCOUNTS.c["id", "state", "default_on_study", "default_on_report"],
        *_MAPPINGS.c["id", "on_study", "on_report"],
    )
    .join(_ACCOUNTS, _ACCOUNTS.c.id == _NUMBERS.c.account_id)
    .outerjoin(
        _MAPPINGS,
        sa.and_(
            _MAPPINGS.c.account_id == _ACCOUNTS.c.id,
            _MAPPINGS.c.physician_number_id == _NUMBERS.c.id,
            *_HERE,
        ),
    )
    .where(_NUMBERS.c.stable == sa.bindparam("stable"))
)
_LINE = Quick(
    sa.select(*_MAPPINGS.c["id", "on_study", "on_report"]).where(
        _MAPPINGS.c.account_id == sa.bindparam("account_id"),
        _MAPPINGS.c.physician_number_id == sa.bindparam("physician_number_id"),
        *_HERE,
    )
)
_WRITES_TO = (AccountState.ACTIVE, AccountState.LOCKED)  # a lock is over soon


@dataclass(frozen=True)
class Number:
    """A number of a source as it is compared: the kind it must be of, and its stable part."""

    value: str
    stable: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """The mapping a study arrives under."""

    id: int
    on_study: bool
    on_report: bool


@dataclass(frozen=True)
class Holder:
    """Who has a number, with the mapping for the source that tells, where there is one."""

    number_id: int
    account_id: int
    state: str
    default_on_study: bool
    default_on_report: bool
    line: Line | None

    @property
    def writes(self) -> bool:
        """Whether e-mails reach them."""
        return self.state in _WRITES_TO


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


def holder(db: sa.Connection, number: Number, source_id: int, name: str) -> Holder | Fate:
    """Who has the number: whoever has just this one, else the only one with its stable part."""
    if not number.kinds:
        return Fate.UNKNOWN
    rows = _HOLDERS.all(db, stable=number.stable, source_id=source_id, name_at_source=name)
    found = [(value, _holder(*rest)) for kind, value, *rest in rows if kind in number.kinds]
    holders = [who for value, who in found if value == number.value] or [who for _, who in found]
    if len({who.account_id for who in holders}) > 1:
        return Fate.AMBIGUOUS
    return holders[0] if holders else Fate.UNKNOWN


def _holder(*who: Any) -> Holder:
    *facts, mapping_id, on_study, on_report = who
    number_id, account_id, state, default_on_study, default_on_report = facts
    line = Line(mapping_id, on_study, on_report) if mapping_id else None
    return Holder(number_id, account_id, state, default_on_study, default_on_report, line)


def line(db: sa.Connection, known: Holder, source_id: int, name: str) -> Line:
    """The holder's mapping for a source and a name there; a new one gets the holder's defaults."""
    if known.line:
        return known.line
    pair: dict[str, Any] = {
        "account_id": known.account_id,
        "source_id": source_id,
        "name_at_source": name,
        "physician_number_id": known.number_id,
    }
    moment = now()
    switches = {"on_study": known.default_on_study, "on_report": known.default_on_report}
    insert_unless_there(
        db, _MAPPINGS, {**pair, **switches, "created_at": moment, "changed_at": moment}
    )
    return Line(*_LINE.all(db, **pair)[0])
