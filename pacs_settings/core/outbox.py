"""Messages that must leave, written in the transaction of what they tell; `delivery` sends them."""

import json
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import sqlalchemy as sa
from sqlmodel import Session

from pacs_settings.core import mail_links, secrets
from pacs_settings.core.clock import now
from pacs_settings.core.quick import insert, insert_unless_there
from pacs_settings.core.tables import Account, OutboxMessage
from pacs_settings.core.user_agents import describe

PURPOSE = "outbox"
_TABLE: sa.Table = OutboxMessage.__table__  # type: ignore[attr-defined]
REPORT = "report_back"  # template of messages that are no mails


class Channel(StrEnum):
    """A way out; each has its own queue, so that codes never wait behind a flood of notices."""

    MAIL = "mail"
    SMS = "sms"
    NOTICE = "notice"
    ARCHIVE = "archive"
    RESULT = "result"


RETURNS = (Channel.ARCHIVE, Channel.RESULT)  # reports that go back; each source is a queue there


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
    channel: Channel,
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


def put_notice(db: sa.Connection, account_id: int, template: str, values: dict[str, Any]) -> int:
    """Mail what a source has told; the row's id."""
    return insert(db, _TABLE, notice(account_id, template, values))


def notice(account_id: int, template: str, values: dict[str, Any]) -> dict[str, Any]:
    """The row of such a mail. Without objects: they come by the thousand."""
    return _row(_new_message_id(), account_id, Channel.NOTICE, "", template, values)


def put_return(
    db: Session, channel: Channel, account_id: int, source_id: int, values: dict[str, int]
) -> None:
    """Have a version of a report go back to its source, once for each channel (of RETURNS)."""
    name = return_name(channel, values["version"])
    row = _row(name, account_id, channel, str(source_id), REPORT, values)
    insert_unless_there(db.connection(), _TABLE, row)


def return_name(channel: Channel, version_id: int) -> str:
    """The one name of the message by which a version goes back."""
    return f"{channel}-{version_id}@pacs-settings"


def _row(
    name: str, account_id: int, channel: Channel, to: str, template: str, values: dict[str, Any]
) -> dict[str, Any]:
    moment = now()
    return {
        "message_id": name,
        "account_id": account_id,
        "channel": channel,
        "to": to,
        "template": template,
        "values": values,
        "sealed": "",
        "created_at": moment,
        "next_try": moment,
        "tries": 0,
        "problem": "",
    }


def _new_message_id() -> str:
    return f"{secrets.new_id()}@pacs-settings"


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
    channel: Channel = Channel.MAIL,
    to: str = "",
) -> None:
    db.add(
        OutboxMessage(
            message_id=_new_message_id(),
            account_id=account.id or 0,
            channel=channel,
            to=to or account.username,
            template=template,
            values=values,
            sealed=secrets.seal(PURPOSE, json.dumps(secret)) if secret else "",
        )
    )
