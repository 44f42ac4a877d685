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
    def address(self) -> str:
        """IP address."""

    @property
    def user_agent(self) -> str:
        """What the browser says of itself."""


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
    if not _claim(row):
        return False
    problem = ""
    try:
        mail = mails.render(account, zone, row.template, row.values)
        mailer.send(row.message_id, account.username, mail.subject, mail.body)
    except (OSError, LookupError, ValueError) as failure:
        # One message that cannot be written must not keep all others back.
        problem = type(failure).__name__
    done = {"sent_at": None if problem else now(), "problem": problem}
    with writing() as db:
        db.execute(sa.update(OutboxMessage).where(col(OutboxMessage.id) == row_id).values(done))
    return not problem


def _claim(row: OutboxMessage) -> bool:
    """Take the message for this try; false where another worker was faster.

    The next try is set beforehand, so that a worker that dies leaves the message to be sent later.
    """
    untouched = sa.and_(
        col(OutboxMessage.id) == row.id,
        col(OutboxMessage.tries) == row.tries,
        col(OutboxMessage.sent_at).is_(None),
        col(OutboxMessage.next_try) <= now(),
    )
    tries = row.tries + 1
    later = now() + timedelta(seconds=30 * 2**tries)
    claimed = sa.update(OutboxMessage).where(untouched).values(tries=tries, next_try=later)
    with writing() as db:
        return db.execute(claimed).rowcount == 1  # type: ignore[attr-defined,no-any-return]
