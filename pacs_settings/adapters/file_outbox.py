"""Messages as files, `*.eml` and `*.sms.json`, for machines without a mail server."""

import json
from pathlib import Path

from pacs_settings.adapters import mime
from pacs_settings.core.ports import Letter


class FileOutbox:
    """A Mailer and Texter that writes each message to a folder, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def send(self, message_id: str, to: str, letter: Letter) -> None:
        """Write the message; the same Message-ID gives the same file. Raises OSError."""
        self._write(message_id, ".eml", mime.message(message_id, to, letter))

    def send_text(self, message_id: str, to: str, text: str) -> None:
        """Write a text message as JSON with `to` and `text`. Raises OSError."""
        told = json.dumps({"to": to, "text": text}, ensure_ascii=False)
        self._write(message_id, ".sms.json", told.encode())

    def _write(self, message_id: str, suffix: str, content: bytes) -> None:
        name = message_id.partition("@")[0]
        part = self.folder / f"{name}.part"
        part.write_bytes(content)
        part.replace(self.folder / f"{name}{suffix}")
