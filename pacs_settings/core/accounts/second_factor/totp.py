"""Authenticator apps: TOTP (RFC 6238), six digits, thirty seconds, each code good once."""

import io
from dataclasses import dataclass
from typing import Any

import pyotp
import segno
import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import audit, outbox, secrets
from pacs_settings.core.accounts import credentials
from pacs_settings.core.accounts.second_factor import allowed, chosen, names
from pacs_settings.core.accounts.second_factor.codes import digits
from pacs_settings.core.accounts.second_factor.factor import Attempt
from pacs_settings.core.clock import now
from pacs_settings.core.db import hold, reading, writing
from pacs_settings.core.errors import NotYours, Refused
from pacs_settings.core.tables import Account, Means, Method, Region, TotpDevice

ISSUER = "PACS settings"
MOST_DEVICES = 5
STEP_SECONDS = 30
TOLERANCE = 1  # steps before and after, for clocks that differ (RFC 6238, 5.2)
PURPOSE = "totp"


@dataclass(frozen=True)
class Enrolment:
    """A device to be linked: what its owner's phone reads."""

    device_id: int
    secret: str
    qr_svg: str


@dataclass(frozen=True)
class Device:
    """A linked device as its owner sees it."""

    id: int
    name: str
    linked_at: str


class Authenticator:
    """A SecondFactor that reads what an app shows."""

    means = Means.AUTHENTICATOR

    def ready(self, db: Session, account: Account) -> bool:
        """Whether the account has a proven device."""
        return _count(db, account.id or 0) > 0

    def begin(self, db: Session, attempt: Attempt) -> dict[str, Any]:
        """Nothing is sent: the app knows."""
        return {}

    def prove(self, db: Session, attempt: Attempt, answer: str) -> bool:
        """Whether a device shows this code now and it was never used before."""
        return spend(db, attempt.account_id, answer)


def devices(account_id: int) -> list[Device]:
    """The proven devices, oldest first; `linked_at` in ISO 8601."""
    query = select(TotpDevice).where(*_proven(account_id)).order_by(col(TotpDevice.id))
    with reading() as db:
        return [
            Device(
                row.id or 0,
                row.name,
                row.confirmed_at.isoformat() if row.confirmed_at else "",
            )
            for row in db.exec(query)
        ]


def begin(actor: audit.Actor) -> Enrolment:
    """A fresh secret for a device to be linked; replaces an earlier one that was never proven.

    Raises Refused `too_many_devices`, `method_not_allowed`.
    """
    secret = pyotp.random_base32(32)
    with writing() as db:
        account = _locked_account(db, actor.account_id)
        allowed.check(db.get_one(Region, account.region_id), Method.AUTHENTICATOR)
        _refuse_sixth(db, actor.account_id)
        db.execute(sa.delete(TotpDevice).where(*_unproven(actor.account_id)))
        row = TotpDevice(
            account_id=actor.account_id,
            name="",
            sealed_secret=secrets.seal(PURPOSE, secret),
        )
        db.add(row)
        db.flush()
    uri = pyotp.TOTP(secret).provisioning_uri(name=account.username, issuer_name=ISSUER)
    return Enrolment(row.id or 0, secret, _qr(uri))


def confirm(actor: audit.Actor, device_id: int, name: str, code: str) -> None:
    """Link the device that a code of its own proves, and use this method from now on.

    Raises Refused: `device_name`, `device_name_taken`, `wrong_code`, `too_many_devices`,
    `method_not_allowed`.
    """
    name = names.device_name(name)
    with writing() as db:
        account = _locked_account(db, actor.account_id)
        row = db.get(TotpDevice, device_id)
        if row is None or row.account_id != actor.account_id or row.confirmed_at is not None:
            raise NotYours
        _refuse_sixth(db, actor.account_id)
        _refuse_same_name(db, actor.account_id, name)
        if not _spend_on(db, row, digits(code)):
            raise Refused("wrong_code", "code")
        row.name, row.confirmed_at = name, now()
        db.add(row)
        chosen.choose(db, actor, account, Method.AUTHENTICATOR)
        credentials.changed(db, actor.account_id)
        audit.record(db, actor, "account:totp:enabled", after={"device": name})
        outbox.put_alert(db, account, "factor_added", actor, name)


def remove(actor: audit.Actor, device_id: int) -> None:
    """Remove one device; the last one only where the region lets the account do without.

    Raises Refused `last_factor`, NotYours.
    """
    with writing() as db:
        account = _locked_account(db, actor.account_id)
        row = db.get(TotpDevice, device_id)
        if row is None or row.account_id != actor.account_id or row.confirmed_at is None:
            raise NotYours
        chosen.refuse_last(db, account, _count(db, actor.account_id))
        db.delete(row)
        db.flush()
        audit.record(db, actor, "account:totp:disabled", before={"device": row.name})
        outbox.put_alert(db, account, "factor_removed", actor, row.name)
        credentials.changed(db, actor.account_id)
        if not _count(db, actor.account_id):
            chosen.replace(db, actor, account, Method.NONE)


def spend(db: Session, account_id: int, code: str) -> bool:
    """Whether a device of the account shows this code now and it was never used before."""
    rows = list(db.exec(select(TotpDevice).where(*_proven(account_id))))
    typed = digits(code)
    spent = [_spend_on(db, row, typed) for row in rows]  # all of them: one cost
    return any(spent)


def _proven(account_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(TotpDevice.account_id) == account_id,
        col(TotpDevice.confirmed_at).is_not(None),
    )


def _unproven(account_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(TotpDevice.account_id) == account_id,
        col(TotpDevice.confirmed_at).is_(None),
    )


def _qr(uri: str) -> str:
    """A QR code as an SVG document; its colours stay, since phones read dark on light best."""
    picture = io.BytesIO()
    segno.make(uri, error="m").save(
        picture, kind="svg", xmldecl=False, scale=4, border=4, dark="#000", light="#fff"
    )
    return picture.getvalue().decode()


def _spend_on(db: Session, device: TotpDevice, typed: str) -> bool:
    """Accept the code by moving the device's last step forward, in one atomic statement."""
    secret = pyotp.TOTP(secrets.unseal(PURPOSE, device.sealed_secret))
    step_now = int(now().timestamp()) // STEP_SECONDS
    for step in range(step_now - TOLERANCE, step_now + TOLERANCE + 1):
        if typed and secrets.same(secret.generate_otp(step), typed):
            unused = sa.and_(col(TotpDevice.id) == device.id, col(TotpDevice.last_step) < step)
            spent = db.execute(sa.update(TotpDevice).where(unused).values(last_step=step))
            return spent.rowcount == 1  # type: ignore[attr-defined]
    return False


def _locked_account(db: Session, account_id: int) -> Account:
    # Two at once must not both see another device left, or none that is being linked.
    return hold(db, Account, account_id)


def _count(db: Session, account_id: int) -> int:
    return db.scalar(sa.select(sa.func.count()).where(*_proven(account_id))) or 0


def _refuse_sixth(db: Session, account_id: int) -> None:
    if _count(db, account_id) >= MOST_DEVICES:
        raise Refused("too_many_devices", most=MOST_DEVICES)


def _refuse_same_name(db: Session, account_id: int, name: str) -> None:
    taken = sa.exists().where(*_proven(account_id), col(TotpDevice.name) == name)
    if db.scalar(sa.select(taken)):
        raise Refused("device_name_taken", "name")
