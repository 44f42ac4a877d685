"""A letter as the bytes that leave."""

from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime

from pacs_settings.config import config
from pacs_settings.core.clock import now
from pacs_settings.core.ports import Letter


class _Policy(EmailPolicy):
    """Folds headers, but for one: of a link in two pieces some programs take the first."""

    def fold_binary(self, name: str, value: str) -> bytes:
        """The header as it leaves."""
        if name == "List-Unsubscribe":
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


# Seven bits pass every server, whatever it has agreed to.
_POLICY = _Policy(cte_type="7bit")
_ON_THE_WIRE = _POLICY.clone(linesep=SMTP.linesep)


def message(message_id: str, to: str, letter: Letter, *, on_the_wire: bool = False) -> bytes:
    """The whole message; text first, HTML as its alternative (RFC 2046, 5.1.4)."""
    mail = EmailMessage(policy=_ON_THE_WIRE if on_the_wire else _POLICY)
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
    return mail.as_bytes()
