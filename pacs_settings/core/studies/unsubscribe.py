"""The link of an e-mail that turns just its switch off, without signing in (RFC 8058)."""

import sqlalchemy as sa

from pacs_settings.core import audit
from pacs_settings.core.clock import now
from pacs_settings.core.db import transaction
from pacs_settings.core.errors import Refused
from pacs_settings.core.studies import notices
from pacs_settings.core.tables import Mapping, StudyKind

_MAPPINGS: sa.Table = Mapping.__table__  # type: ignore[attr-defined]
_COLUMN = {StudyKind.STUDY: _MAPPINGS.c.on_study, StudyKind.REPORT: _MAPPINGS.c.on_report}


def stop(token: str, address: str) -> StudyKind:
    """Turn the switch of a link off and say which it was; once more does nothing.

    Raises Refused `unsubscribe_invalid`.
    """
    found = notices.read(token)
    if found is None:
        raise Refused("unsubscribe_invalid")
    mapping_id, kind, signature = found
    mine = _MAPPINGS.c.id == mapping_id
    with transaction() as db:
        account_id = db.scalar(sa.select(_MAPPINGS.c.account_id).where(mine))
        if account_id is None or not notices.signed(account_id, mapping_id, kind, signature):
            raise Refused("unsubscribe_invalid")
        column = _COLUMN[kind]
        turned = sa.update(_MAPPINGS).where(mine, column.is_(True))
        values = {column.name: False, "changed_at": now()}
        if db.execute(turned.values(values)).rowcount:
            told = {"account": account_id, "mapping": mapping_id}
            actor = audit.Actor(account_id, "", address)
            before, after = {**told, "on": True}, {**told, "on": False}
            audit.record(db, actor, f"mapping:{kind}:unsubscribed", before, after)
    return kind
