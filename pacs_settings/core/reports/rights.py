"""Who may edit the reports of a source: both the account's own right and one for the source."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import audit
from pacs_settings.core.accounts import known
from pacs_settings.core.db import hold, reading, writing
from pacs_settings.core.errors import NotYours, Refused
from pacs_settings.core.tables import Account, Report, ReportRight, Source


@dataclass(frozen=True)
class Right:
    """Somebody who may edit the reports of a source."""

    username: str
    source: str


def listed() -> list[Right]:
    """All who may edit reports somewhere, by source and address."""
    query = (
        sa.select(col(Account.username), col(Source.name))
        .select_from(ReportRight)
        .join(Account, col(Account.id) == col(ReportRight.account_id))
        .join(Source, col(Source.id) == col(ReportRight.source_id))
        .where(col(Account.may_edit_reports).is_(True))
        .order_by(col(Source.name), col(Account.username))
    )
    with reading() as db:
        return [Right(username, source) for username, source in db.execute(query)]


def give(username: str, source: str) -> None:
    """Let somebody edit reports of a source; raises Refused `account_unknown`, `source_unknown`."""
    _change(username, source, True)


def take(username: str, source: str) -> None:
    """Have somebody edit reports of a source no more; raises Refused like `give`."""
    _change(username, source, False)


def sources_of(account_id: int) -> sa.Select[int]:
    """The sources whose reports an account may edit, as part of a statement."""
    return (
        sa.select(col(ReportRight.source_id))
        .join(Account, col(Account.id) == col(ReportRight.account_id))
        .where(col(Account.id) == account_id, col(Account.may_edit_reports).is_(True))
    )


def may(account_id: int, report_id: int) -> bool:
    """Whether an account may edit a report; also False where there is no such report."""
    with reading() as db:
        return bool(db.scalar(sa.select(_may(account_id, report_id))))


def hold_report(db: Session, account_id: int, report_id: int) -> tuple[Account, Report]:
    """Both, held until the end of the transaction; raises NotYours without the right."""
    account = hold(db, Account, account_id)
    if not db.scalar(sa.select(_may(account_id, report_id))):
        raise NotYours
    return account, hold(db, Report, report_id)


def _may(account_id: int, report_id: int) -> sa.ColumnElement[bool]:
    theirs = (
        col(Report.id) == report_id,
        col(Report.source_id).in_(sources_of(account_id)),
    )
    return sa.exists().where(*theirs)


def _change(username: str, source: str, may: bool) -> None:
    with writing() as db:
        account = hold(db, Account, known.find(db, username))
        row = db.exec(select(Source).where(Source.name == source)).one_or_none()
        if row is None:
            raise Refused("source_unknown", "source")
        key = (account.id, row.id)
        there = db.get(ReportRight, key)
        before = {"source": row.id, "may": bool(there and account.may_edit_reports)}
        if may:
            db.merge(ReportRight(account_id=account.id or 0, source_id=row.id or 0))
            account.may_edit_reports = True
            db.add(account)
        elif there:
            db.delete(there)
        if before["may"] != may:
            after = {"account": account.id, "source": row.id, "may": may}
            audit.record(db, None, "account:reports:right", before, after)
