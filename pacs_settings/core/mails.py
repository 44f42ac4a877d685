"""Mails in words: the account's language, the right form of address, its own time zone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from pacs_settings.config import config
from pacs_settings.core.tables import Account, Gender
from pacs_settings.locale import text


@dataclass(frozen=True)
class Mail:
    """A rendered message."""

    subject: str
    body: str


def greeting(account: Account) -> str:
    """The first line: by title where there is one, else by gender, else by full name."""
    name = f"{account.first_name} {account.last_name}"
    if account.title:
        key, name = "titled", f"{account.title} {account.last_name}"
    elif account.gender in (Gender.FEMALE, Gender.MALE):
        key, name = str(account.gender), account.last_name
    else:
        key = "neutral"
    return text(account.language, f"mail.greeting.{key}", name=name)


def render(account: Account, time_zone: str, template: str, values: dict[str, Any]) -> Mail:
    """Subject and body of an alert; the subject holds no secret and nothing about a patient."""
    language = account.language
    moment = datetime.fromisoformat(values["at"]).astimezone(ZoneInfo(time_zone))
    facts = text(
        language,
        "mail.facts",
        at=format_datetime(moment, "full", locale=language),
        address=values["address"] or text(language, "unknown"),
        browser=_browser(language, values),
    )
    parts = [
        greeting(account),
        text(language, f"mail.{template}.body", detail=values.get("detail", "")),
        facts,
        text(language, "mail.not_you", url=f"{config().base_url}/settings/security"),
        text(language, "mail.signature"),
    ]
    return Mail(text(language, f"mail.{template}.subject"), "\n\n".join(parts) + "\n")


def _browser(language: str, values: dict[str, Any]) -> str:
    found = [values[name] for name in ("browser", "system") if values.get(name)]
    return ", ".join(found) or text(language, "unknown")
