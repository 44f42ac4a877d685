"""Changing one's own password: local accounts only, other sessions end, the owner is told."""

import sqlalchemy as sa
from sqlmodel import Session, col

from pacs_settings.core import audit, outbox
from pacs_settings.core.accounts import passwords, sessions, throttle
from pacs_settings.core.accounts.password_rules import (
    PasswordContext,
    PasswordPolicy,
    PasswordRefused,
    check,
    policy,
)
from pacs_settings.core.accounts.second_factor import totp
from pacs_settings.core.db import reading, writing
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Account, Domain, PendingSignIn, Region


class DirectoryPassword(Refused):
    """The password is kept by the directory of a domain."""

    def __init__(self, domain: str) -> None:
        super().__init__("directory_password", domain=domain)


def rules(account_id: int) -> tuple[PasswordPolicy, PasswordContext]:
    """The rules for this account's next password, and the words it must not be made of."""
    with reading() as db:
        return _rules(db, db.get_one(Account, account_id))


def change(actor: audit.Actor, current: str, new: str, again: str) -> None:
    """Replace the password; raises Refused with the field at fault.

    Costs two hashes, and a third one is saved: the new one is made only after all rules hold.
    """
    with reading() as db:
        account = db.get_one(Account, actor.account_id)
        _refuse_directory(db, account)
        asked, context = _rules(db, account)
    _prove_current(actor, account, current)
    try:
        check(new, again, asked, context, old=current)
    except PasswordRefused as refused:
        field = "again" if refused.code == "mismatch" else "new"
        limits = {"minimum": asked.minimum, "maximum": asked.maximum}
        raise Refused(f"password_{refused.code}", field, **limits) from None
    _store(actor, passwords.hash_password(new), account.password_hash)


def _refuse_directory(db: Session, account: Account) -> None:
    if account.domain_id is not None:
        raise DirectoryPassword(db.get_one(Domain, account.domain_id).name)


def _rules(db: Session, account: Account) -> tuple[PasswordPolicy, PasswordContext]:
    region = db.get_one(Region, account.region_id)
    asked = policy(
        totp.enrolled(db, account.id or 0),
        region.strong_authentication,
        region.password_minimum,
    )
    return asked, PasswordContext((account.first_name, account.last_name, account.username))


def _prove_current(actor: audit.Actor, account: Account, current: str) -> None:
    key = f"account:change:{account.id}"
    try:
        with writing() as db:
            throttle.reserve(db, [key])
    except throttle.TooManyTries as wait:
        raise Refused("too_many_tries", "current", seconds=wait.retry_in) from None
    if not passwords.verify(current, account.password_hash):
        raise Refused("wrong_current_password", "current")
    with writing() as db:
        throttle.settle(db, [key])


def _store(actor: audit.Actor, new_hash: str, old_hash: str | None) -> None:
    with writing() as db:
        account = db.get_one(Account, actor.account_id, with_for_update=True)
        if account.password_hash != old_hash:
            raise Refused("changed_meanwhile", "current")
        account.password_hash = new_hash
        db.add(account)
        sessions.end_others(db, actor, "password_changed")
        _forget_pending(db, actor.account_id)
        audit.record(db, actor, "account:password:changed")
        outbox.put_alert(db, account, "password_changed", actor)


def _forget_pending(db: Session, account_id: int) -> None:
    # Somebody who has proven the old password must not get in with just a code.
    db.execute(sa.delete(PendingSignIn).where(col(PendingSignIn.account_id) == account_id))
