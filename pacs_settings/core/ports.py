"""What core needs of the outside world; adapters stand behind, plugged in at start."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pacs_settings.core.tables import Domain

Reason = Literal[
    "wrong",
    "unreachable",
    "disabled",
    "must_change",
    "expired",
    "account_expired",
    "locked",
    "logon_hours",
    "workstation",
]


class DirectoryRefused(Exception):
    """A directory said no.

    Every reason but `wrong`, `unreachable` and `locked` takes the right password to hear.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Identity:
    """Who somebody is to a directory, whatever the name or address is by now.

    What else it knows serves a new account only; `mobile` as the directory writes it.
    """

    guid: str
    first_name: str = ""
    last_name: str = ""
    mobile: str = ""


class Directory(Protocol):
    """A directory that knows passwords."""

    def check(self, username: str, password: str) -> Identity:
        """Say whose password this is; raise DirectoryRefused where it is not right."""

    def gone(self, guids: Iterable[str]) -> set[str]:
        """Of these people, those who may not sign in any more: disabled, expired, removed.

        Raises DirectoryRefused `unreachable` where the directory cannot say.
        """


class Away(OSError):
    """The other side cannot be reached, or takes nothing from us now; says why in few words."""


class NotAccepted(Exception):
    """The other side does not take this very message; `final` where it never will."""

    def __init__(self, reply: str, *, final: bool) -> None:
        super().__init__(reply)
        self.final = final


@dataclass(frozen=True)
class Letter:
    """An e-mail in words; `headers` beside those that every mail has."""

    subject: str
    body: str
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Mailer(Protocol):
    """A way for mail to leave."""

    def send(self, message_id: str, to: str, letter: Letter) -> None:
        """Hand over one message; raises Away, NotAccepted, or OSError where it did not leave."""


class Texter(Protocol):
    """A way for text messages to leave."""

    def send_text(self, message_id: str, to: str, text: str) -> None:
        """Hand over one message to an E.164 number; raises OSError where it did not leave."""


directories: dict[str, Callable[[Domain], Directory]] = {}

# How a version of a report goes back, by channel: takes the message's row; raises as mailers do.
returns: dict[str, Callable[[Any], None]] = {}
