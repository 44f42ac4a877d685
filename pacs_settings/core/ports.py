"""What core needs of the outside world; adapters stand behind, plugged in at start."""

from collections.abc import Callable
from typing import Protocol

from pacs_settings.core.tables import Domain


class DirectoryRefused(Exception):
    """A directory said no; `reason` is one of wrong, unreachable and the directory's own."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Directory(Protocol):
    """A directory that knows passwords."""

    def check(self, username: str, password: str) -> None:
        """Return where the password is right; raise DirectoryRefused otherwise."""


class Mailer(Protocol):
    """A way for mail to leave."""

    def send(self, message_id: str, to: str, subject: str, body: str) -> None:
        """Hand over one message; raises OSError where it did not leave."""


directories: dict[str, Callable[[Domain], Directory]] = {}
