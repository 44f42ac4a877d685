"""Mappings: which studies reach an account, and which of them send an e-mail."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from pacs_settings.core import audit
from pacs_settings.core.accounts import numbers
from pacs_settings.core.db import hold, reading, transaction, writing
from pacs_settings.core.errors import NotYours
from pacs_settings.core.greetings import full_name
from pacs_settings.core.quick import Quick
from pacs_settings.core.tables import (
    Account,
    GroupMember,
    GroupPractice,
    Mapping,
    PhysicianNumber,
    Source,
)

PAGE = 50
LONGEST_FILTER = 100  # characters
MOST_SHARED = 200  # lines of colleagues


class Switch(StrEnum):
    """The two switches of a line, and the two defaults for lines to come."""

    STUDY = "study"
    REPORT = "report"


class Order(StrEnum):
    """The columns that lines can be sorted by."""

    SOURCE = "source"
    NAME = "name"
    NUMBER = "number"
    GROUP = "group"


@dataclass(frozen=True)
class Line:
    """One mapping as shown; `suffix` tells lines of one source apart."""

    id: int
    source: str
    name: str
    number: str
    group: str
    on_study: bool
    on_report: bool
    suffix: str = ""


@dataclass(frozen=True)
class Page:
    """A page of lines, with the defaults; `total` counts what the filter lets through."""

    lines: list[Line]
    total: int
    number: int
    pages: int
    default_on_study: bool
    default_on_report: bool


_TABLE: sa.Table = Mapping.__table__  # type: ignore[attr-defined]
_MINE = sa.and_(_TABLE.c.id == sa.bindparam("line"), _TABLE.c.account_id == sa.bindparam("owner"))
_KNOWN = Quick(sa.select(sa.exists().where(_MINE)))
# Turn one's own switch unless it stands so already.
_TURN = {
    which: Quick(
        sa.update(_TABLE)
        .where(_MINE, column != sa.bindparam("on"))
        .values({column.name: sa.bindparam("on")})
    )
    for which, column in ((Switch.STUDY, _TABLE.c.on_study), (Switch.REPORT, _TABLE.c.on_report))
}
_LINES: sa.Select[*tuple[Any, ...]] = (
    sa.select(
        col(Mapping.id),
        col(Source.name).label("source"),
        col(Mapping.name_at_source).label("name"),
        col(PhysicianNumber.value).label("number"),
        col(PhysicianNumber.kind).label("kind"),
        sa.func.coalesce(col(GroupPractice.name), "").label("group"),
        col(Mapping.on_study),
        col(Mapping.on_report),
    )
    .join(Source, col(Source.id) == col(Mapping.source_id))
    .join(PhysicianNumber, col(PhysicianNumber.id) == col(Mapping.physician_number_id))
    .outerjoin(GroupPractice, col(GroupPractice.id) == col(Mapping.group_id))
)


def page(
    account_id: int,
    *,
    text: str = "",
    order: Order = Order.SOURCE,
    descending: bool = False,
    number: int = 1,
) -> Page:
    """A page (from 1) of the account's lines that contain `text`, sorted; defaults included."""
    with reading() as db:
        rows = db.execute(_LINES.where(col(Mapping.account_id) == account_id)).all()
        account = db.get_one(Account, account_id)
    lines = [line for line in _named(rows) if _contains(line, text)]
    lines.sort(key=lambda line: _sort_key(line, order), reverse=descending)
    pages = max(1, -(-len(lines) // PAGE))
    number = min(max(1, number), pages)
    shown = lines[(number - 1) * PAGE : number * PAGE]
    return Page(
        shown,
        len(lines),
        number,
        pages,
        account.default_on_study,
        account.default_on_report,
    )


def switch(actor: audit.Actor, mapping_id: int, which: Switch, on: bool) -> bool:
    """Turn one switch of one's own line and return what is stored; raises NotYours."""
    mine = {"line": mapping_id, "owner": actor.account_id}
    with transaction() as db:
        if _TURN[which].run(db, **mine, on=on):
            _audit_switch(db, actor, f"mapping:{which}:switched", mapping_id, not on, on)
        elif _KNOWN.all(db, **mine) == [(False,)]:
            raise NotYours
    return on


def switch_default(actor: audit.Actor, which: Switch, on: bool) -> bool:
    """Turn the default for lines that come later and return what is stored."""
    column = {Switch.STUDY: "default_on_study", Switch.REPORT: "default_on_report"}[which]
    with writing() as db:
        account = hold(db, Account, actor.account_id)
        before = getattr(account, column)
        if before != on:
            setattr(account, column, on)
            db.add(account)
            _audit_switch(db, actor, f"mapping:{which}:default", 0, before, on)
    return on


@dataclass(frozen=True)
class Shared:
    """A mapping of a colleague that is shared with a group practice of mine, and with whom."""

    id: int
    source: str
    owner: str
    number: str
    group: str


def shared(account_id: int) -> list[Shared]:
    """What colleagues share with the account's group practices, by group and source."""
    mine = sa.select(col(GroupMember.group_id)).where(col(GroupMember.account_id) == account_id)
    owner = [col(Account.title), col(Account.first_name), col(Account.last_name)]
    query = (
        _LINES.add_columns(*owner)
        .join(Account, col(Account.id) == col(Mapping.account_id))
        .where(col(Mapping.group_id).in_(mine), col(Mapping.account_id) != account_id)
        .order_by(col(GroupPractice.name), col(Source.name), col(Mapping.id))
        .limit(MOST_SHARED)
    )
    with reading() as db:
        rows = db.execute(query).all()
    return [_shared(row) for row in rows]


def _shared(row: Any) -> Shared:
    shown = numbers.display(numbers.NumberKind(row.kind), row.number)
    return Shared(row.id, row.source, full_name(row), shown, row.group)


def changed_since(account_ids: list[int], moment: datetime) -> set[tuple[int, datetime]]:
    """Accounts with lines that others than their owners made or changed since, and when."""
    changed = sa.select(col(Mapping.account_id), col(Mapping.changed_at)).where(
        col(Mapping.changed_at) >= moment, col(Mapping.account_id).in_(account_ids)
    )
    with reading() as db:
        return {(row.account_id, row.changed_at) for row in db.execute(changed)}


def _audit_switch(
    db: Session | sa.Connection,
    actor: audit.Actor,
    tag: str,
    line: int,
    before: bool,
    on: bool,
) -> None:
    where: dict[str, Any] = {"mapping": line} if line else {}
    audit.record(db, actor, tag, {**where, "on": before}, {**where, "on": on})


def _named(rows: Sequence[sa.Row[Any]]) -> list[Line]:
    """Lines with readable numbers; a source that occurs twice gets its number as suffix."""
    lines = []
    times = Counter(row.source for row in rows)
    for row in rows:
        shown = numbers.display(numbers.NumberKind(row.kind), row.number)
        suffix = shown if times[row.source] > 1 else ""
        lines.append(
            Line(
                row.id,
                row.source,
                row.name,
                shown,
                row.group,
                row.on_study,
                row.on_report,
                suffix,
            )
        )
    return lines


def _contains(line: Line, text: str) -> bool:
    words = text[:LONGEST_FILTER].casefold().split()
    digits = line.number.replace("-", "")
    hay = f"{line.source} {line.name} {line.number} {digits} {line.group}".casefold()
    return all(word in hay for word in words)


def _sort_key(line: Line, order: Order) -> tuple[str, str, str, int]:
    return (
        getattr(line, order).casefold(),
        line.source.casefold(),
        line.number,
        line.id,
    )
