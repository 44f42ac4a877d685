"""The directory of the demo domain: it knows one person, and exists with demo data only."""

from collections.abc import Iterable
from functools import lru_cache

from pacs_settings.config import config
from pacs_settings.core import demo
from pacs_settings.core.accounts import passwords, usernames
from pacs_settings.core.ports import DirectoryRefused, Identity
from pacs_settings.core.tables import Domain

LEA = Identity(demo.DIRECTORY_GUID, "Léa", "Dubois")


@lru_cache(maxsize=1)
def _hash() -> str:
    return passwords.hash_password(demo.PASSWORD)


class DemoDirectory:
    """A Directory that knows only the demo account of its domain."""

    def __init__(self, domain: Domain) -> None:
        if not config().demo:
            raise DirectoryRefused("unreachable")
        self.domain = domain

    def check(self, username: str, password: str) -> Identity:
        """Raise DirectoryRefused `wrong` unless it is that person with that password."""
        known = usernames.key(username) == usernames.key(demo.DIRECTORY_USERNAME)
        if not passwords.verify(password, _hash() if known else None):
            raise DirectoryRefused("wrong")
        return LEA

    def gone(self, guids: Iterable[str]) -> set[str]:
        """Everybody but her."""
        return {guid for guid in guids if guid != LEA.guid}
