"""The audit trail: who did what, with what before and after."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from pacs_settings.core.clock import now
from pacs_settings.core.quick import insert
from pacs_settings.core.tables import AuditEntry

_TABLE: sa.Table = AuditEntry.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Actor:
    """Whoever acts: an account in one of its sessions."""

    account_id: int
    session_id: str
    address: str = ""
    user_agent: str = ""


def record(
    db: Session | sa.Connection,
    actor: Actor | None,
    tag: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Add an entry, in the transaction of what it tells; tags read `account:totp:enabled`."""
    row = {
        "at": now(),
        "actor_id": actor.account_id if actor else None,
        "session_id": actor.session_id if actor else "",
        "address": actor.address if actor else "",
        "tag": tag,
        "before": before or {},
        "after": after or {},
    }
    # Written only, so not worth an object of the session.
    insert(db.connection() if isinstance(db, Session) else db, _TABLE, row)
