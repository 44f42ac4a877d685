"""People of a test's own, and what the server has sent them: files in its outbox."""

import json
import re
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from itertools import count
from typing import TypeVar

from tests.conftest import Server
from tests.e2e.steps import SOFIE, execute, look_up

PATIENCE = 30  # seconds; the worker looks twice a second, a busy machine less often
MESSAGES = """SELECT id, message_id FROM outbox_message WHERE template = :template AND id > :after
    AND ("to" = :to OR channel = 'notice' AND account_id IN
        (SELECT id FROM account WHERE username = :to))"""  # notices are addressed when they leave
T = TypeVar("T")
_numbers = count(1)


def until(look: Callable[[], T]) -> T:
    """What `look` returns as soon as that is something."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return found


@dataclass(frozen=True)
class Message:
    """A mail, or a text message, which has no subject."""

    subject: str
    text: str

    @property
    def code(self) -> str:
        """The one-time password in it."""
        return re.findall(r"\b\d{6}\b", self.text)[0]

    def link(self, purpose: str) -> str:
        """The link in it that serves a purpose."""
        return re.findall(rf"http\S+/link/{purpose}/\S+", self.text)[0]


@dataclass
class Inbox:
    """What is sent to one address or number from now on, one kind after the other."""

    server: Server
    to: str
    read: dict[str, int] = field(default_factory=dict)
    start: int = 0

    def __post_init__(self) -> None:
        self.start = look_up(self.server, "SELECT coalesce(max(id), 0) FROM outbox_message")

    def next(self, template: str) -> Message:
        """The next message of a kind, once it has left."""
        row_id, name = until(lambda: self._row(template))
        self.read[template] = row_id
        mail, text = (
            self.server.folder / "outbox" / f"{name}{end}" for end in (".eml", ".sms.json")
        )
        until(lambda: mail.exists() or text.exists())
        if text.exists():
            return Message("", json.loads(text.read_text())["text"])
        sent = message_from_bytes(mail.read_bytes(), policy=policy.default)
        assert sent["To"] == self.to
        plain = sent.get_body(("plain",))
        assert plain is not None
        return Message(sent["Subject"], plain.get_content())

    def code(self) -> str:
        """The next one-time password."""
        return self.next("code").code

    def _row(self, template: str) -> tuple[int, str] | None:
        wanted = {
            "to": self.to,
            "template": template,
            "after": self.read.get(template, self.start),
        }
        with sqlite3.connect(self.server.database, timeout=10) as database:
            query = database.execute(f"{MESSAGES} ORDER BY id", wanted)
            row = query.fetchone()
        return (row[0], row[1].partition("@")[0]) if row else None


@dataclass
class Person:
    """An account of a test's own."""

    server: Server
    username: str
    mobile: str
    mails: Inbox = field(init=False)
    texts: Inbox = field(init=False)

    def __post_init__(self) -> None:
        self.mails, self.texts = (Inbox(self.server, to) for to in (self.username, self.mobile))

    def change(self, **values: object) -> None:
        """Change the account behind the server's back."""
        for name, value in values.items():
            execute(
                self.server,
                f"UPDATE account SET {name} = ? WHERE username = ?",
                value,
                self.username,
            )

    def count(self, table: str) -> int:
        """How many rows of a table are the account's."""
        mine = "SELECT id FROM account WHERE username = ?"
        return int(
            look_up(
                self.server,
                f"SELECT count(*) FROM {table} WHERE account_id = ({mine})",
                self.username,
            )
        )

    def age(self) -> None:
        """Let six minutes pass since the owner has proven to be there."""
        execute(
            self.server,
            "UPDATE sign_in_session SET proven_at = datetime('now', '-6 minutes') WHERE account_id ="
            " (SELECT id FROM account WHERE username = ?)",
            self.username,
        )


def somebody(server: Server, like: str = SOFIE, **values: object) -> Person:
    """A new account like one of the demo accounts; with the same password."""
    number = next(_numbers)
    username, mobile = f"doctor{number}@demo.example", f"+3247099{number:04}"
    own = {"username": username, "username_key": username, "mobile_phone": mobile} | values
    with sqlite3.connect(server.database, timeout=10) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(account)")]
        kept = ", ".join("?" if name in own else name for name in columns if name != "id")
        names = ", ".join(name for name in columns if name != "id")
        statement = f"INSERT INTO account ({names}) SELECT {kept} FROM account WHERE username = ?"
        database.execute(statement, [*(own[name] for name in columns if name in own), like])
    return Person(server, username, str(own["mobile_phone"] or ""))
