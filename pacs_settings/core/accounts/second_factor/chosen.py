"""The one second factor that an account has chosen, and what goes when it chooses another."""

import sqlalchemy as sa
from sqlmodel import Session, col

from pacs_settings.core import audit, outbox
from pacs_settings.core.accounts import credentials
from pacs_settings.core.accounts.second_factor import allowed, recovery
from pacs_settings.core.db import hold, writing
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Account, Method, Passkey, Region, TotpDevice

STORED: dict[Method, type[TotpDevice] | type[Passkey]] = {
    Method.AUTHENTICATOR: TotpDevice,
    Method.PASSKEY: Passkey,
}


def choose(db: Session, actor: audit.Actor, account: Account, method: Method) -> None:
    """Use a method that was just proven, in place of the former one; tells what went.

    Raises Refused `method_not_allowed`. The account's row must be locked by the caller.
    """
    allowed.check(db.get_one(Region, account.region_id), method)
    former = Method(account.second_factor)
    if former == method:
        return
    replace(db, actor, account, method)
    if former != Method.NONE:
        outbox.put_alert(db, account, "factor_removed", actor, method=str(former))


def do_without(actor: audit.Actor) -> None:
    """Use no second factor; raises Refused `last_factor` where the region asks for one."""
    with writing() as db:
        account = hold(db, Account, actor.account_id)
        refuse_last(db, account, 0)
        choose(db, actor, account, Method.NONE)


def refuse_last(db: Session, account: Account, count: int) -> None:
    """Refuse to remove the last of `count` devices where the region asks for a second factor.

    It would leave none, or a weaker one; another must be set up first. Raises `last_factor`.
    """
    region = db.get_one(Region, account.region_id)
    if count <= 1 and Method.NONE not in allowed.methods(region):
        raise Refused("last_factor")


def replace(db: Session, actor: audit.Actor, account: Account, method: Method) -> None:
    """Set the method without a word; the devices of all others go."""
    before = {"method": str(account.second_factor)}
    put(db, account, method)
    audit.record(db, actor, "account:factor:chosen", before, {"method": str(method)})


def put(db: Session, account: Account, method: Method) -> None:
    """Set the method and drop what belongs to all others; nobody is told and nothing audited."""
    account_id = account.id or 0
    for kind, table in STORED.items():
        if kind != method:
            db.execute(sa.delete(table).where(col(table.account_id) == account_id))
    if method == Method.NONE:
        recovery.forget(db, account_id)
    account.second_factor = method
    db.add(account)
    credentials.changed(db, account_id)
