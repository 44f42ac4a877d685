"""Authenticator apps: TOTP (RFC 6238), six digits, thirty seconds, each code good once."""

import io
import re
from dataclasses import dataclass

import pyotp
import segno
import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import audit, outbox, secrets
from pacs_settings.core.clock import now
from pacs_settings.core.db import reading, writing
from pacs_settings.core.errors import NotYours, Refused
from pacs_settings.core.tables import Account, Region, TotpDevice

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


def enrolled(db: Session, account_id: int) -> bool:
    """Whether the account has a proven device."""
    return db.scalar(sa.select(sa.exists().where(*_proven(account_id)))) or False


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
    """A fresh secret for a device to be linked; replaces an earlier one that was never proven."""
    secret = pyotp.random_base32(32)
    with writing() as db:
        account = db.get_one(Account, actor.account_id)
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
    """Link the device that a code of its own proves.

    Raises Refused: `device_name`, `device_name_taken`, `wrong_code`, `too_many_devices`.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= 60 or not name.isprintable():
        raise Refused("device_name", "name")
    with writing() as db:
        _lock_account(db, actor.account_id)
        row = db.get(TotpDevice, device_id)
        if row is None or row.account_id != actor.account_id or row.confirmed_at is not None:
            raise NotYours
        _refuse_sixth(db, actor.account_id)
        _refuse_same_name(db, actor.account_id, name)
        if not _spend_on(db, row, _digits(code)):
            raise Refused("wrong_code", "code")
        row.name, row.confirmed_at = name, now()
        db.add(row)
        audit.record(db, actor, "account:totp:enabled", after={"device": name})
        outbox.put_alert(db, db.get_one(Account, actor.account_id), "factor_added", actor, name)


def remove(actor: audit.Actor, device_id: int) -> None:
    """Remove one device; raises Refused `last_factor` where the region asks for one."""
    with writing() as db:
        _lock_account(db, actor.account_id)
        row = db.get(TotpDevice, device_id)
        if row is None or row.account_id != actor.account_id or row.confirmed_at is None:
            raise NotYours
        _refuse_last(db, actor.account_id, removed=1)
        _delete(db, actor, [row])


def remove_all(actor: audit.Actor) -> None:
    """Do without a second factor; raises Refused `last_factor` where the region asks for one."""
    with writing() as db:
        _lock_account(db, actor.account_id)
        rows = list(db.exec(select(TotpDevice).where(*_proven(actor.account_id))))
        _refuse_last(db, actor.account_id, removed=len(rows))
        _delete(db, actor, rows)


def spend(db: Session, account_id: int, code: str) -> bool:
    """Whether a device of the account shows this code now and it was never used before."""
    rows = list(db.exec(select(TotpDevice).where(*_proven(account_id))))
    digits = _digits(code)
    spent = [_spend_on(db, row, digits) for row in rows]  # all of them: one cost
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


def _digits(code: str) -> str:
    digits = re.sub(r"[\s\-]", "", code[:40])
    return digits if re.fullmatch(r"[0-9]{6}", digits) else ""


def _spend_on(db: Session, device: TotpDevice, digits: str) -> bool:
    """Accept the code by moving the device's last step forward, in one atomic statement."""
    secret = pyotp.TOTP(secrets.unseal(PURPOSE, device.sealed_secret))
    step_now = int(now().timestamp()) // STEP_SECONDS
    for step in range(step_now - TOLERANCE, step_now + TOLERANCE + 1):
        if digits and secrets.same(secret.generate_otp(step), digits):
            unused = sa.and_(col(TotpDevice.id) == device.id, col(TotpDevice.last_step) < step)
            spent = db.execute(sa.update(TotpDevice).where(unused).values(last_step=step))
            return spent.rowcount == 1  # type: ignore[attr-defined]
    return False


def _lock_account(db: Session, account_id: int) -> None:
    # Two removals at once must not both see another device left.
    db.get_one(Account, account_id, with_for_update=True)


def _count(db: Session, account_id: int) -> int:
    return db.scalar(sa.select(sa.func.count()).where(*_proven(account_id))) or 0


def _refuse_sixth(db: Session, account_id: int) -> None:
    if _count(db, account_id) >= MOST_DEVICES:
        raise Refused("too_many_devices", most=MOST_DEVICES)


def _refuse_same_name(db: Session, account_id: int, name: str) -> None:
    taken = sa.exists().where(*_proven(account_id), col(TotpDevice.name) == name)
    if db.scalar(sa.select(taken)):
        raise Refused("device_name_taken", "name")


def _refuse_last(db: Session, account_id: int, removed: int) -> None:
    account = db.get_one(Account, account_id)
    region = db.get_one(Region, account.region_id)
    if region.strong_authentication and _count(db, account_id) <= removed:
        raise Refused("last_factor")


def _delete(db: Session, actor: audit.Actor, rows: list[TotpDevice]) -> None:
    account = db.get_one(Account, actor.account_id)
    for row in rows:
        audit.record(db, actor, "account:totp:disabled", before={"device": row.name})
        outbox.put_alert(db, account, "factor_removed", actor, row.name)
        db.delete(row)
