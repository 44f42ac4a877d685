"""The audit trail."""

from datetime import timedelta

import pytest

from pacs_settings.core import audit, clock, db
from pacs_settings.core.tables import AuditEntry
from tests import factories
from tests.factories import AN

pytestmark = pytest.mark.usefixtures("database")


def test_an_entry_tells_who_from_where_when_and_what() -> None:
    actor = factories.actor(factories.person(AN))
    with db.writing() as session:
        audit.record(session, actor, "account:test:done", {"was": 1}, {"is": [2, "é"]})
    [entry] = factories.rows(AuditEntry)
    assert (entry.actor_id, entry.session_id) == (actor.account_id, actor.session_id)
    assert (entry.address, entry.tag) == (actor.address, "account:test:done")
    assert (entry.before, entry.after) == ({"was": 1}, {"is": [2, "é"]})
    assert timedelta(0) <= clock.now() - entry.at < timedelta(minutes=1)


def test_the_system_itself_is_nobody() -> None:
    with db.writing() as session:
        audit.record(session, None, "system:test")
    [entry] = factories.rows(AuditEntry)
    assert (entry.actor_id, entry.session_id, entry.address) == (None, "", "")
    assert (entry.before, entry.after) == ({}, {})


def test_an_entry_goes_with_the_transaction_it_tells_of() -> None:
    with pytest.raises(ZeroDivisionError), db.writing() as session:
        audit.record(session, None, "system:test")
        session.flush()
        raise ZeroDivisionError
    assert factories.rows(AuditEntry) == []
