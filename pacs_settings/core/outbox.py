"""Messages that must leave: written with what they tell, sent by the worker, tried again."""

import json
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import mail_links, mails, ports, secrets
from pacs_settings.core.clock import now
from pacs_settings.core.db import reading, writing
from pacs_settings.core.tables import Account, OutboxMessage, Region
from pacs_settings.core.user_agents import describe

MOST_TRIES = 8
BATCH = 20
PURPOSE = "outbox"


class TooLate(ValueError):
    """A code that is not valid any more is not worth sending."""


class FromWhere(Protocol):
    """Anything that knows the address and browser something was done from."""

    @property
    def address(self) -> str:
        """IP address."""

    @property
    def user_agent(self) -> str:
        """What the browser says of itself."""


def put_alert(
    db: Session,
    account: Account,
    template: str,
    where: FromWhere,
    detail: str = "",
    method: str = "",
) -> None:
    """Tell the owner that something about the account changed: when, from where, what to do.

    With a link that locks the account, so that whoever did not do it can stop it at once.
    """
    token = mail_links.make(db, account.id or 0, mail_links.LOCK)
    values = _facts(where) | {"detail": detail, "method": method}
    _put(db, account, template, values, {"token": token})


def put_code(
    db: Session,
    account: Account,
    channel: str,
    to: str,
    where: FromWhere,
    code: str,
    until: datetime,
) -> None:
    """Send a one-time code by `channel` (mail or sms); it is not kept longer than it is valid."""
    values = _facts(where) | {"until": until.isoformat()}
    _put(db, account, "code", values, {"code": code}, channel, to)


def put_link(db: Session, account: Account, template: str, where: FromWhere, token: str) -> None:
    """Mail a link of `mail_links`."""
    _put(db, account, template, _facts(where), {"token": token})


def put_mail(db: Session, account: Account, template: str, where: FromWhere, **values: str) -> None:
    """Mail something that holds no secret."""
    _put(db, account, template, _facts(where) | values, {})


def _facts(where: FromWhere) -> dict[str, Any]:
    browser, system = describe(where.user_agent)
    return {
        "at": now().isoformat(),
        "address": where.address,
        "browser": browser,
        "system": system,
    }


def _put(
    db: Session,
    account: Account,
    template: str,
    values: dict[str, Any],
    secret: dict[str, str],
    channel: str = "mail",
    to: str = "",
) -> None:
    db.add(
        OutboxMessage(
            message_id=f"{secrets.new_id()}@pacs-settings",
            account_id=account.id or 0,
            channel=channel,
            to=to or account.username,
            template=template,
            values=values,
            sealed=secrets.seal(PURPOSE, json.dumps(secret)) if secret else "",
        )
    )


def send_due(mailer: ports.Mailer, texter: ports.Texter) -> int:
    """Send what is due and return how much left; what fails is tried again later."""
    due = sa.and_(
        col(OutboxMessage.sent_at).is_(None),
        col(OutboxMessage.next_try) <= now(),
        col(OutboxMessage.tries) < MOST_TRIES,
    )
    query = select(OutboxMessage.id).where(due).order_by(col(OutboxMessage.id)).limit(BATCH)
    with reading() as db:
        ids = [found for found in db.exec(query) if found is not None]
    return sum(_send(mailer, texter, message_id) for message_id in ids)


def _send(mailer: ports.Mailer, texter: ports.Texter, row_id: int) -> bool:
    with reading() as db:
        row = db.get_one(OutboxMessage, row_id)
        account = db.get_one(Account, row.account_id)
        zone = db.get_one(Region, account.region_id).time_zone
    if not _claim(row):
        return False
    problem = ""
    try:
        _hand_over(mailer, texter, row, account, zone)
    except (OSError, LookupError, ValueError) as failure:
        # One message that cannot be written must not keep all others back.
        problem = type(failure).__name__
    _note(row_id, problem, again=problem not in ("", TooLate.__name__))
    return not problem


def _note(row_id: int, problem: str, again: bool) -> None:
    done: dict[str, Any] = {"sent_at": None if problem else now(), "problem": problem}
    if not again:  # a code or a link is in the message now, and shall be nowhere else
        done |= {"sealed": "", "tries": MOST_TRIES if problem else col(OutboxMessage.tries)}
    with writing() as db:
        db.execute(sa.update(OutboxMessage).where(col(OutboxMessage.id) == row_id).values(done))


def _hand_over(
    mailer: ports.Mailer, texter: ports.Texter, row: OutboxMessage, account: Account, zone: str
) -> None:
    if _too_late(row):
        raise TooLate
    values = row.values
    if row.sealed:
        values = values | json.loads(secrets.unseal(PURPOSE, row.sealed))
    to = row.to or account.username
    if row.channel == "sms":
        texter.send_text(row.message_id, to, mails.text_message(account, row.template, values))
        return
    mail = mails.render(account, zone, row.template, values)
    mailer.send(row.message_id, to, mail.subject, mail.body)


def _too_late(row: OutboxMessage) -> bool:
    until = str(row.values.get("until", ""))
    return bool(until) and datetime.fromisoformat(until) <= now()


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
    # A code is worth little after some minutes: its first tries come closer together.
    pause = timedelta(seconds=(5 if row.template == "code" else 30) * 2**tries)
    claimed = sa.update(OutboxMessage).where(untouched).values(tries=tries, next_try=now() + pause)
    with writing() as db:
        return db.execute(claimed).rowcount == 1  # type: ignore[attr-defined,no-any-return]
