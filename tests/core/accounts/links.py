"""Links that set a password, and their codes, as their readers use them."""

from collections.abc import Callable

from pacs_settings.core import db, mail_links
from pacs_settings.core.accounts import password_link, passwords
from pacs_settings.core.mail_links import RESET
from pacs_settings.core.tables import Account, AccountState
from tests import factories, seen
from tests.factories import AN, HERE

NEW = "seven quiet elephants"


def link(username: str = AN, purpose: str = RESET) -> str:
    """A link as it was mailed."""
    with db.writing() as session:
        return mail_links.make(session, factories.own(factories.person(username)), purpose)


def code(token: str, purpose: str = RESET) -> str:
    """The code that is sent for a link."""
    password_link.send_code(token, purpose, HERE)
    [(_to, text)] = seen.post().texts
    return seen.code_in(text)


def put(token: str, digits: str, new: str = NEW, again: str = "", purpose: str = RESET) -> None:
    assert password_link.set_password(token, purpose, digits, new, again or new, HERE) is None


def refused(work: Callable[[], object]) -> tuple[str, str]:
    found = seen.refusal(work)
    return found.code, found.field


def fits(password: str, username: str = AN) -> bool:
    return passwords.verify(password, factories.person(username).password_hash)


def invited(**values: object) -> Account:
    return factories.account(state=AccountState.INVITED, password_hash=None, **values)
