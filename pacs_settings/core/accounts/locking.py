"""Locking one's own account at once, by the link that every alert carries."""

from pacs_settings.core import audit, mail_links, outbox
from pacs_settings.core.accounts import credentials, sessions
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.password_link import LinkPage
from pacs_settings.core.db import hold, reading, writing
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Account, AccountState


def page(token: str) -> LinkPage:
    """What the link's page shows; raises Refused `link_expired`."""
    with reading() as db:
        link = mail_links.find(db, token, mail_links.LOCK)
        if link is None:
            raise Refused("link_expired")
        account = db.get_one(Account, link.account_id)
    return LinkPage(account.username, bool(account.mobile_phone), 0)


def lock(token: str, visit: Visit) -> None:
    """Lock the account until the service desk unlocks it, and end all its sessions.

    Raises Refused `link_expired`.
    """
    with writing() as db:
        account_id = mail_links.use(db, token, mail_links.LOCK)
        if account_id is None:
            raise Refused("link_expired")
        account = hold(db, Account, account_id)
        if account.state == AccountState.DISABLED:
            return  # nobody gets in, and it must not become one that is unlocked
        account.state, account.locked_until = AccountState.LOCKED, None
        db.add(account)
        sessions.end_all(db, account_id, "locked")
        credentials.changed(db, account_id)
        mail_links.forget(db, account_id)
        actor = audit.Actor(account_id, "", visit.address, visit.user_agent)
        audit.record(db, actor, "account:locked")
        outbox.put_mail(db, account, "locked_by_owner", visit)
