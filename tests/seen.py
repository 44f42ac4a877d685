"""What others get to see of what core does: readers of mails, thieves of databases, callers."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from sqlmodel import SQLModel

from pacs_settings.core import db, delivery
from pacs_settings.core.errors import Refused
from pacs_settings.core.outbox import Channel
from tests.fakes import FakeMailer, FakeTexter


@dataclass
class Post:
    """Mails (to, subject, body) and text messages (to, text), oldest first."""

    mails: list[tuple[str, str, str]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)

    def to(self, address: str) -> list[str]:
        """The bodies of the mails to an address."""
        return [body for to, _subject, body in self.mails if to == address]


def post() -> Post:
    """Have everything delivered that is due, and return it."""
    mailer, texter = FakeMailer(), FakeTexter()
    while any(delivery.send_portion(way, mailer, texter).handled for way in Channel):
        pass
    return Post([mail[1:] for mail in mailer.sent], texter.sent)


def code_in(text: str) -> str:
    """The only six digits in a message."""
    [code] = re.findall(r"(?<!\d)\d{6}(?!\d)", text)
    return str(code)


def links_in(text: str) -> dict[str, str]:
    """The tokens of the links in a mail, by purpose."""
    return dict(re.findall(r"/link/(\w+)/([\w-]+)", text))


def stored() -> str:
    """All that is in the database, as text."""
    with db.engine().connect() as connection:
        return "\n".join(
            f"{table.name}: {tuple(row)}"
            for table in SQLModel.metadata.sorted_tables
            for row in connection.execute(table.select())
        )


def refusal(work: Callable[[], object]) -> Refused:
    """How core refuses to do it."""
    with pytest.raises(Refused) as refused:
        work()
    return refused.value
