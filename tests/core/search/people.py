"""Colleagues of a test's own, and what somebody finds."""

from typing import Any

from pacs_settings.core import db
from pacs_settings.core.search import find
from pacs_settings.core.tables import Account
from tests import factories


def colleague(first: str = "Robin", last: str = "Willems", **values: Any) -> Account:
    """An active account; found by name unless told otherwise."""
    return factories.account(first_name=first, last_name=last, **values)


def look(typed: str, of: str = factories.AN) -> find.Answer:
    """What somebody finds, without being counted."""
    with db.reading() as session:
        return find.look(session, factories.own(factories.person(of)), typed)


def names(typed: str) -> list[str]:
    """The names found, in order."""
    return [one.card.name for one in look(typed).people]
