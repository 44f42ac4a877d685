"""A letter as the bytes that leave.

By the older half of the standard library's e-mail package: the newer one parses every header that
it is given, and takes five times as long.
"""

from email.charset import QP, Charset
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr

from pacs_settings.config import config
from pacs_settings.core.clock import now
from pacs_settings.core.ports import Letter

_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP  # seven bits pass every server, whatever it has agreed to
# No header is folded but by us: of a link in two pieces some programs take the first.
_IN_A_FILE = compat32.clone(max_line_length=None)
_ON_THE_WIRE = _IN_A_FILE.clone(linesep="\r\n")


def message(message_id: str, to: str, letter: Letter, *, on_the_wire: bool = False) -> bytes:
    """The whole message; text first, HTML as its alternative (RFC 2046, 5.1.4).

    Raises ValueError where a header would be more than one.
    """
    mail = _content(letter)
    headers = {
        "Message-ID": f"<{message_id}>",
        "Date": format_datetime(now()),
        "From": formataddr(parseaddr(config().mail_from)),
        "To": to,
        "Subject": letter.subject,
        "Auto-Submitted": "auto-generated",
        **letter.headers,
    }
    for name, value in headers.items():
        mail[name] = _header(name, value)
    return mail.as_bytes(policy=_ON_THE_WIRE if on_the_wire else _IN_A_FILE)


def _content(letter: Letter) -> Message:
    text = MIMEText(letter.body, "plain", _UTF8)  # type: ignore[arg-type]
    if not letter.html:
        return text
    both = MIMEMultipart("alternative")
    both.attach(text)
    both.attach(MIMEText(letter.html, "html", _UTF8))  # type: ignore[arg-type]
    return both


def _header(name: str, value: str) -> str:
    if "\n" in value or "\r" in value:
        raise ValueError(f"{name} is more than a line")
    return value if value.isascii() else Header(value, "utf-8", header_name=name).encode()
