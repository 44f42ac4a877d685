"""Sends what the outbox holds: at least once, each try of a message under the same Message-ID.

A portion is claimed in one transaction, sent, and what came of it noted in others. In between a
worker may die: then what it has not noted is due again when the claim is over, and what the other
side had accepted of it is offered once more (docs/adr/0011).
"""

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from pacs_settings.core import mails, ports, secrets
from pacs_settings.core.clock import now
from pacs_settings.core.db import free, reading, transaction
from pacs_settings.core.outbox import PURPOSE, RETURNS, Channel
from pacs_settings.core.tables import Account, OutboxMessage, Region

MOST_TRIES = 24
LONGEST_PAUSE = timedelta(hours=4)  # between two tries; so the last is some three days later
CLAIM = timedelta(seconds=60)
PORTION = {
    Channel.MAIL: 10,
    Channel.SMS: 5,
    Channel.NOTICE: 20,
    Channel.ARCHIVE: 5,
    Channel.RESULT: 10,
}
NOTED_TOGETHER = 10  # so many at most are offered once more where a worker dies
log = logging.getLogger(__name__)

_OUTBOX: sa.Table = OutboxMessage.__table__  # type: ignore[attr-defined]
_ACCOUNTS: sa.Table = Account.__table__  # type: ignore[attr-defined]
_REGIONS: sa.Table = Region.__table__  # type: ignore[attr-defined]
_DUE = (
    sa.select(_OUTBOX.c.id)
    .where(_OUTBOX.c.channel == sa.bindparam("channel"), _OUTBOX.c.next_try <= sa.bindparam("now"))
    .order_by(_OUTBOX.c.next_try, _OUTBOX.c.id)
    .limit(sa.bindparam("most"))
)
_FREE = free(_DUE)
_CLAIM = (
    sa.update(_OUTBOX)
    .where(_OUTBOX.c.id.in_(sa.bindparam("ids", expanding=True)))
    .values(tries=_OUTBOX.c.tries + 1, next_try=sa.bindparam("until"))
)
_CLAIMED: sa.Select[*tuple[Any, ...]] = (
    sa.select(
        *_OUTBOX.c["id", "account_id", "message_id", "channel", "to"],
        *_OUTBOX.c["template", "values", "sealed", "tries"],
        *_ACCOUNTS.c["username", "title", "first_name", "last_name", "gender", "language"],
        _REGIONS.c.time_zone,
    )
    .join(_ACCOUNTS, _ACCOUNTS.c.id == _OUTBOX.c.account_id)
    .join(_REGIONS, _REGIONS.c.id == _ACCOUNTS.c.region_id)
    .where(_OUTBOX.c.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(_OUTBOX.c.id)
)
_SENT = (
    sa.update(_OUTBOX)
    .where(_OUTBOX.c.id.in_(sa.bindparam("ids", expanding=True)))
    # A code or a link is in the message now, and shall be nowhere else.
    .values(sent_at=sa.bindparam("at"), next_try=None, problem="", sealed="")
)


class TooLate(ValueError):
    """A code that is not valid any more is not worth sending."""


@dataclass(frozen=True)
class Failure:
    """Why a message did not leave; `tries` counts this one unless it was not really tried."""

    row: Any
    problem: str
    final: bool = False
    tried: bool = True
    away: bool = False


@dataclass
class Portion:
    """What came of the messages that were claimed together."""

    sent: list[int] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    away: str = ""

    def add(self, other: "Portion") -> None:
        """Also what came of others."""
        self.sent += other.sent
        self.failed += other.failed

    @property
    def count(self) -> int:
        """How many left."""
        return len(self.sent)

    @property
    def handled(self) -> int:
        """How many left or were tried in vain."""
        return len(self.sent) + sum(failure.tried for failure in self.failed)


def send_due(mailer: ports.Mailer, texter: ports.Texter) -> int:
    """One portion of each channel; how many left."""
    return sum(
        send_portion(channel, mailer, texter).count
        for channel in (Channel.MAIL, Channel.SMS, Channel.NOTICE)
    )


def send_portion(channel: Channel, mailer: ports.Mailer, texter: ports.Texter) -> Portion:
    """Send what is due on one channel, oldest first; what fails is tried again later."""
    rows = _claim(channel)
    whole, away = Portion(), dict[str, str]()
    over = time.monotonic() + CLAIM.total_seconds() / 2
    hand_over = _way(channel, mailer, texter)
    for first in range(0, len(rows), NOTED_TOGETHER):
        part = Portion()
        try:
            _send(rows[first : first + NOTED_TOGETHER], hand_over, part, away, over)
        finally:
            _note(part)
        whole.add(part)
    _hold_back(whole)
    whole.away = away.get("", "")
    return whole


def _claim(channel: Channel) -> Sequence[Any]:
    """Take a portion for this worker alone, before anything is sent."""
    moment = now()
    with reading() as db:  # looked at without holding up whoever writes
        values = {"channel": channel, "now": moment, "most": 1}
        if db.execute(_DUE, values).first() is None:
            return []
    with transaction() as db:
        values = {"channel": channel, "now": moment, "most": PORTION[channel]}
        ids = db.scalars(_FREE, values).all()
        if not ids:
            return []
        db.execute(_CLAIM, {"ids": ids, "until": moment + CLAIM})
        return db.execute(_CLAIMED, {"ids": ids}).all()


def _way(channel: Channel, mailer: ports.Mailer, texter: ports.Texter) -> Callable[[Any], None]:
    if channel in RETURNS:
        return ports.returns.get(channel, _no_way)
    return _texting(texter) if channel == Channel.SMS else _mailing(mailer)


def _no_way(_row: Any) -> None:
    raise ports.Away("no way back is set up")


def _send(
    rows: Sequence[Any],
    hand_over: Callable[[Any], None],
    portion: Portion,
    away: dict[str, str],
    over: float,
) -> None:
    """Hand rows over until it is late; `away` is why, by queue, nothing more is tried."""
    for row in rows:
        queue = _queue(row)
        if queue in away or time.monotonic() > over:  # another worker may have it before long
            portion.failed.append(Failure(row, away.get(queue, ""), tried=False))
            continue
        try:
            hand_over(row)
        except ports.Away as failure:
            away[queue] = str(failure)
            portion.failed.append(Failure(row, away[queue], away=True))
        except ports.NotAccepted as refused:
            portion.failed.append(Failure(row, str(refused), final=refused.final))
        except (OSError, LookupError, ValueError) as failure:
            # One message that cannot be written must not keep all others back.
            name = type(failure).__name__
            portion.failed.append(Failure(row, name, final=isinstance(failure, TooLate)))
        else:
            portion.sent.append(row.id)


def _queue(row: Any) -> str:
    """Of one server, which may be away: reports go back to many, all else leaves by one."""
    return str(row.to) if row.channel in RETURNS else ""


def _note(portion: Portion) -> None:
    with transaction() as db:
        if portion.sent:
            db.execute(_SENT, {"ids": portion.sent, "at": now()})
        for failure in portion.failed:
            changes = _after(failure)
            db.execute(sa.update(_OUTBOX).where(_OUTBOX.c.id == failure.row.id).values(changes))
    for failure in portion.failed:
        if failure.tried:
            _tell(failure)


def _hold_back(portion: Portion) -> None:
    """Try nothing else of a queue before what its server is away for: others have their turn."""
    for failure in portion.failed:
        row = failure.row
        if not (failure.away and _queue(row)):
            continue
        until = now() + pause(row.template, row.tries)
        waiting = sa.and_(
            _OUTBOX.c.channel == row.channel, _OUTBOX.c.to == row.to, _OUTBOX.c.next_try < until
        )
        with transaction() as db:
            db.execute(sa.update(_OUTBOX).where(waiting).values(next_try=until))


def _after(failure: Failure) -> dict[str, Any]:
    row = failure.row
    if not failure.tried:
        return {"tries": row.tries - 1, "next_try": now()}
    if failure.final or row.tries >= MOST_TRIES:
        return {"problem": failure.problem, "sealed": "", "next_try": None}
    return {"problem": failure.problem, "next_try": now() + pause(row.template, row.tries)}


def pause(template: str, tries: int) -> timedelta:
    """How long to wait after so many tries: twice as long each time, up to four hours.

    A code is worth little after some minutes: its first tries come closer together.
    """
    first = timedelta(seconds=5 if template == "code" else 30)
    return min(first * 2 ** min(tries, 20), LONGEST_PAUSE)


def _tell(failure: Failure) -> None:
    final = failure.final or failure.row.tries >= MOST_TRIES
    log.log(
        logging.ERROR if final else logging.WARNING,
        "message %s %s: %s",
        failure.row.message_id,
        "is given up" if final else "is tried again later",
        failure.problem,
    )


def _texting(texter: ports.Texter) -> Callable[[Any], None]:
    def hand_over(row: Any) -> None:
        text = mails.text_message(row.language, row.template, _values(row))
        texter.send_text(row.message_id, row.to, text)

    return hand_over


def _mailing(mailer: ports.Mailer) -> Callable[[Any], None]:
    def hand_over(row: Any) -> None:
        letter = mails.render(row, row.time_zone, row.template, _values(row))
        mailer.send(row.message_id, row.to or row.username, letter)

    return hand_over


def _values(row: Any) -> dict[str, Any]:
    until = str(row.values.get("until", ""))
    if until and datetime.fromisoformat(until) <= now():
        raise TooLate
    if not row.sealed:
        return dict(row.values)
    return {**row.values, **json.loads(secrets.unseal(PURPOSE, row.sealed))}
