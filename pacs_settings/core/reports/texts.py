"""The plain structured text of a report."""

import hashlib
import json
import unicodedata
from dataclasses import dataclass

from pacs_settings.core.errors import Refused

LONGEST = 20_000  # characters of a part


@dataclass(frozen=True)
class Text:
    """Findings and conclusion; paragraphs are lines."""

    findings: str = ""
    conclusion: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is written."""
        return not (self.findings or self.conclusion)

    @property
    def sha256(self) -> str:
        """SHA-256 in hex, the same for the same text."""
        told = json.dumps([self.findings, self.conclusion], ensure_ascii=False)
        return hashlib.sha256(told.encode()).hexdigest()


def read(typed: object) -> Text:
    """What a browser sent; raises Refused `report_too_long`, `report_unreadable`."""
    if not isinstance(typed, dict):
        raise Refused("report_unreadable")
    return Text(*(_part(name, typed.get(name, "")) for name in ("findings", "conclusion")))


def _part(name: str, typed: object) -> str:
    if not isinstance(typed, str):
        raise Refused("report_unreadable", name)
    if len(typed) > LONGEST:
        raise Refused("report_too_long", name, most=LONGEST)
    lines = typed.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n")
    seen = (c for c in unicodedata.normalize("NFC", lines) if c in "\n\t" or _shown(c))
    return "\n".join(line.rstrip() for line in "".join(seen).split("\n")).strip("\n")


def _shown(character: str) -> bool:
    """Whether it is no control; marks that join or turn the writing direction are text."""
    return unicodedata.category(character) not in ("Cc", "Cs", "Co", "Cn")
