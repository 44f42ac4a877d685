"""A letter as the bytes that leave.

By the older half of the standard library's e-mail package: the newer one parses every header that
it is given, and takes five times as long.
"""

from binascii import b2a_qp
from email.header import Header
from email.message import Message
from email.policy import Compat32
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache
from typing import Any

from pacs_settings.config import config
from pacs_settings.core import secrets
from pacs_settings.core.clock import now
from pacs_settings.core.ports import Letter


class _AsGiven(Compat32):
    """Headers leave as `_header` made them: of a link in two pieces some programs take the first.

    Looking for places to fold costs more than the rest of a message, too.
    """

    def fold_binary(self, name: str, value: Any) -> bytes:
        """One header, ASCII already."""
        return f"{name}: {value}\n".replace("\n", self.linesep).encode("ascii")


_IN_A_FILE = _AsGiven()
_ON_THE_WIRE = _IN_A_FILE.clone(linesep="\r\n")


def message(message_id: str, to: str, letter: Letter, *, on_the_wire: bool = False) -> bytes:
    """The whole message; text first, HTML as its alternative (RFC 2046, 5.1.4).

    Raises ValueError where a header would be more than one.
    """
    mail = _content(letter)
    headers = {
        "Message-ID": f"<{message_id}>",
        "Date": format_datetime(now()),
        "From": _sender(config().mail_from),
        "To": to,
        "Subject": letter.subject,
        "Auto-Submitted": "auto-generated",
        **letter.headers,
    }
    for name, value in headers.items():
        mail[name] = _header(name, value)
    return mail.as_bytes(policy=_ON_THE_WIRE if on_the_wire else _IN_A_FILE)


def _content(letter: Letter) -> Message:
    text = _part("plain", letter.body)
    if not letter.html:
        text["MIME-Version"] = "1.0"
        return text
    both = Message(policy=_IN_A_FILE)
    both["MIME-Version"] = "1.0"
    both["Content-Type"] = f'multipart/alternative; boundary="={secrets.new_id()}="'
    both.attach(text)
    both.attach(_part("html", letter.html))
    return both


def _part(kind: str, content: str) -> Message:
    """In seven bits, which pass every server, whatever it has agreed to."""
    part = Message(policy=_IN_A_FILE)
    part["Content-Type"] = f'text/{kind}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "quoted-printable"
    part.set_payload(b2a_qp(content.encode()).decode("ascii"))
    return part


@lru_cache(maxsize=8)
def _sender(given: str) -> str:
    return formataddr(parseaddr(given))


def _header(name: str, value: str) -> str:
    if "\n" in value or "\r" in value:
        raise ValueError(f"{name} is more than a line")
    return value if value.isascii() else Header(value, "utf-8", header_name=name).encode()
