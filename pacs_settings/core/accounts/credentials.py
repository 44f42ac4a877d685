"""What must not outlive a change of password or second factor."""

import sqlalchemy as sa
from sqlmodel import Session, col

from pacs_settings.core.tables import Challenge, PendingSignIn, RememberedBrowser


def changed(db: Session, account_id: int) -> None:
    """Forget remembered browsers, sign-ins under way and codes that were sent."""
    # Somebody who has proven the old password must not get in with just a code.
    for table in (RememberedBrowser, PendingSignIn, Challenge):
        db.execute(sa.delete(table).where(col(table.account_id) == account_id))
