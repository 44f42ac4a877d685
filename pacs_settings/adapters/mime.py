"""A letter as the bytes that leave."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from pacs_settings.config import config
from pacs_settings.core.clock import now
from pacs_settings.core.ports import Letter

_SEVEN_BITS = SMTP.clone(cte_type="7bit")  # passes every server, whatever it has agreed to
_LONG_LINES = _SEVEN_BITS.clone(max_line_length=998)  # a link in a header stays in one piece


def message(message_id: str, to: str, letter: Letter) -> bytes:
    """The whole message; text first, HTML as its alternative (RFC 2046, 5.1.4)."""
    mail = EmailMessage(policy=_SEVEN_BITS)
    mail["Message-ID"] = f"<{message_id}>"
    mail["Date"] = format_datetime(now())
    mail["From"] = config().mail_from
    mail["To"] = to
    mail["Subject"] = letter.subject
    mail["Auto-Submitted"] = "auto-generated"
    for name, value in letter.headers.items():
        mail[name] = value
    mail.set_content(letter.body)
    if letter.html:
        mail.add_alternative(letter.html, subtype="html")
    return mail.as_bytes(policy=_LONG_LINES)
