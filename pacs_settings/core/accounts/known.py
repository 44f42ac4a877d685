"""The account that somebody of the service desk names."""

import sqlalchemy as sa
from sqlmodel import Session, col

from pacs_settings.core.accounts import usernames
from pacs_settings.core.db import holding
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Account


def find(db: Session | sa.Connection, typed: str) -> int:
    """The account of a typed address, held; raises Refused `account_unknown`."""
    try:
        key = usernames.key(usernames.normalise(typed))
    except usernames.UsernameRefused:
        raise Refused("account_unknown", "username") from None
    query = sa.select(col(Account.id)).where(col(Account.username_key) == key)
    found = db.scalar(holding(query))
    if found is None:
        raise Refused("account_unknown", "username")
    return int(found)
