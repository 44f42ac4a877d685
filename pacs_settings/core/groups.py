"""Group practices: who belongs to them, and so sees what is shared with them."""

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import audit
from pacs_settings.core.accounts import known
from pacs_settings.core.db import alone, writing
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import GroupMember, GroupPractice

LONGEST_NAME = 120


def put(name: str, members: list[str]) -> None:
    """Make a group, or let it have just these members.

    Raises Refused `group_name`, `account_unknown`.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise Refused("group_name", "name")
    with writing() as db:
        alone(db, "groups")
        group_id = _id(db, name)
        mine = col(GroupMember.group_id) == group_id
        before = sorted(db.scalars(sa.select(col(GroupMember.account_id)).where(mine)))
        after = sorted({known.find(db, member) for member in sorted(members)})
        db.execute(sa.delete(GroupMember).where(mine))
        db.add_all([GroupMember(group_id=group_id, account_id=member) for member in after])
        audit.record(
            db,
            None,
            "group:changed",
            {"group": group_id, "members": before},
            {"group": group_id, "members": after},
        )


def _id(db: Session, name: str) -> int:
    row = db.exec(select(GroupPractice).where(GroupPractice.name == name)).one_or_none()
    if row is None:
        row = GroupPractice(name=name)
        db.add(row)
        db.flush()
    return row.id or 0
