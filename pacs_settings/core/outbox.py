"""Messages that must leave: written with what they tell, sent by the worker, tried again."""

from datetime import timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import mails, ports, secrets
from pacs_settings.core.clock import now
from pacs_settings.core.db import reading, writing
from pacs_settings.core.tables import Account, OutboxMessage, Region
from pacs_settings.core.user_agents import describe

MOST_TRIES = 8
BATCH = 20


class FromWhere(Protocol):
    """Anything that knows the address and browser something was done from."""

    @property
    def address(self) -> str: ...

    @property
    def user_agent(self) -> str: ...


def put_alert(
    db: Session, account: Account, template: str, where: FromWhere, detail: str = ""
) -> None:
    """Tell the owner that something about the account changed: when, from where, what to do."""
    browser, system = describe(where.user_agent)
    values: dict[str, Any] = {
        "at": now().isoformat(),
        "address": where.address,
        "browser": browser,
        "system": system,
        "detail": detail,
    }
    db.add(
        OutboxMessage(
            message_id=f"{secrets.new_id()}@pacs-settings",
            account_id=account.id or 0,
            template=template,
            values=values,
        )
    )


def send_due(mailer: ports.Mailer) -> int:
    """Send what is due and return how much left; what fails is tried again later."""
    due = sa.and_(
        col(OutboxMessage.sent_at).is_(None),
        col(OutboxMessage.next_try) <= now(),
        col(OutboxMessage.tries) < MOST_TRIES,
    )
    query = select(OutboxMessage.id).where(due).order_by(col(OutboxMessage.id)).limit(BATCH)
    with reading() as db:
        ids = [found for found in db.exec(query) if found is not None]
    return sum(_send(mailer, message_id) for message_id in ids)


def _send(mailer: ports.Mailer, row_id: int) -> bool:
    with reading() as db:
        row = db.get_one(OutboxMessage, row_id)
        account = db.get_one(Account, row.account_id)
        zone = db.get_one(Region, account.region_id).time_zone
    mail = mails.render(account, zone, row.template, row.values)
    problem = ""
    try:
        mailer.send(row.message_id, account.username, mail.subject, mail.body)
    except OSError as failure:
        problem = type(failure).__name__
    with writing() as db:
        row.tries += 1
        row.problem = problem
        if problem:
            row.next_try = now() + timedelta(seconds=30 * 2**row.tries)
        else:
            row.sent_at = now()
        db.merge(row)
    return not problem
