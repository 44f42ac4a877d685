"""Mail as files, one `*.eml` a message, for machines without a mail server."""

from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from pacs_settings.core.clock import now

SENDER = "no-reply@pacs-settings.example"


class FileOutbox:
    """A Mailer that writes each message to a folder, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def send(self, message_id: str, to: str, subject: str, body: str) -> None:
        """Write the message; the same Message-ID gives the same file. Raises OSError."""
        mail = EmailMessage()
        mail["Message-ID"] = f"<{message_id}>"
        mail["Date"] = format_datetime(now())
        mail["From"] = SENDER
        mail["To"] = to
        mail["Subject"] = subject
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(body)
        target = self.folder / f"{message_id.partition('@')[0]}.eml"
        part = target.with_suffix(".part")
        part.write_bytes(bytes(mail))
        part.replace(target)
