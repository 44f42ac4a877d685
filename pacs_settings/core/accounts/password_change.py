"""Changing one's own password: local accounts only, other sessions end, the owner is told."""

from sqlmodel import Session

from pacs_settings.core import audit, mail_links, outbox
from pacs_settings.core.accounts import credentials, fresh_proof, passwords, sessions
from pacs_settings.core.accounts.password_rules import (
    PasswordContext,
    PasswordPolicy,
    PasswordRefused,
    check,
    policy,
)
from pacs_settings.core.db import hold, reading, writing
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Account, Domain, Method, Region


class DirectoryPassword(Refused):
    """The password is kept by the directory of a domain."""

    def __init__(self, domain: str) -> None:
        super().__init__("directory_password", domain=domain)


def rules(account_id: int) -> tuple[PasswordPolicy, PasswordContext]:
    """The rules for this account's next password, and the words it must not be made of."""
    with reading() as db:
        return rules_for(db, db.get_one(Account, account_id))


def change(actor: audit.Actor, current: str, new: str, again: str) -> None:
    """Replace the password; raises Refused with the field at fault.

    Costs two hashes, and a third one is saved: the new one is made only after all rules hold.
    """
    with reading() as db:
        account = db.get_one(Account, actor.account_id)
        _refuse_directory(db, account)
        asked, context = rules_for(db, account)
    fresh_proof.check_password(actor, current, "current", "wrong_current_password")
    refuse_unfit(new, again, asked, context, old=current)
    _store(actor, passwords.hash_password(new), account.password_hash)


def refuse_unfit(
    new: str, again: str, asked: PasswordPolicy, context: PasswordContext, old: str = ""
) -> None:
    """Raise Refused `password_*` with the field at fault unless all rules hold."""
    try:
        check(new, again, asked, context, old=old)
    except PasswordRefused as refused:
        field = "again" if refused.code == "mismatch" else "new"
        limits = {"minimum": asked.minimum, "maximum": asked.maximum}
        raise Refused(f"password_{refused.code}", field, **limits) from None


def rules_for(db: Session, account: Account) -> tuple[PasswordPolicy, PasswordContext]:
    """The same, for an account at hand."""
    region = db.get_one(Region, account.region_id)
    asked = policy(
        account.second_factor != Method.NONE,
        region.strong_authentication,
        region.password_minimum,
    )
    return asked, PasswordContext((account.first_name, account.last_name, account.username))


def _refuse_directory(db: Session, account: Account) -> None:
    if account.domain_id is not None:
        raise DirectoryPassword(db.get_one(Domain, account.domain_id).name)


def _store(actor: audit.Actor, new_hash: str, old_hash: str | None) -> None:
    with writing() as db:
        account = hold(db, Account, actor.account_id)
        if account.password_hash != old_hash:
            raise Refused("changed_meanwhile", "current")
        account.password_hash = new_hash
        db.add(account)
        sessions.end_others(db, actor, "password_changed")
        credentials.changed(db, actor.account_id)
        mail_links.forget(db, actor.account_id)
        audit.record(db, actor, "account:password:changed")
        outbox.put_alert(db, account, "password_changed", actor)
