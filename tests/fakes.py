"""Stand-ins for what is behind the ports of core."""

from collections.abc import Iterable

from pacs_settings.core.ports import DirectoryRefused, Identity, Letter, Reason
from pacs_settings.core.tables import Domain


class FakeDirectory:
    """A directory that knows one password, or always refuses for one reason."""

    def __init__(
        self, password: str = "", reason: Reason = "wrong", guid: str = "a person"
    ) -> None:
        self.password = password
        self.reason: Reason = reason
        self.guid = guid
        self.asked: list[str] = []
        self.away: set[str] = set()

    def __call__(self, domain: Domain) -> "FakeDirectory":
        """Stand for the adapter's class as well as for its instance."""
        return self

    def check(self, username: str, password: str) -> Identity:
        """Note who was asked for; refuse all but the one password."""
        self.asked.append(username)
        if not self.password or password != self.password:
            raise DirectoryRefused(self.reason)
        return Identity(self.guid)

    def gone(self, guids: Iterable[str]) -> set[str]:
        """Those of `away`."""
        return self.away.intersection(guids)


class FakeTexter:
    """Keeps the text messages that were sent."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.sent: list[tuple[str, str]] = []

    def send_text(self, message_id: str, to: str, text: str) -> None:
        """Keep or refuse."""
        if self.failures:
            self.failures -= 1
            raise ConnectionRefusedError
        self.sent.append((to, text))


class FakeMailer:
    """Keeps what was sent; the first `failures` messages do not leave."""

    def __init__(self, failures: int = 0, failure: BaseException | None = None) -> None:
        self.failures = failures
        self.failure = failure or ConnectionRefusedError()
        self.sent: list[tuple[str, str, str, str]] = []
        self.letters: list[Letter] = []

    def send(self, message_id: str, to: str, letter: Letter) -> None:
        """Keep or refuse."""
        if self.failures:
            self.failures -= 1
            raise self.failure
        self.letters.append(letter)
        self.sent.append((message_id, to, letter.subject, letter.body))
