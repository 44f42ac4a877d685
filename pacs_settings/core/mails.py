"""Mails in words: the account's language, the right form of address, its own time zone."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pacs_settings.config import config
from pacs_settings.core import dates, mail_links, notice_mails
from pacs_settings.core.greetings import Addressed, greeting
from pacs_settings.core.ports import Letter
from pacs_settings.locale import text

LINKS = {"reset": mail_links.RESET, "invitation": mail_links.ACTIVATION}


def render(person: Addressed, time_zone: str, template: str, values: dict[str, Any]) -> Letter:
    """The mail in words; the subject holds no secret and nothing about a patient."""
    if template in notice_mails.TEMPLATES:
        return notice_mails.render(person, template, values)
    language = person.language
    parts = [
        greeting(person),
        _words(language, f"mail.{template}.body", values),
        *_code(language, values),
        *_link(language, template, values),
        text(language, "mail.facts", **_facts(language, time_zone, values)),
        *_not_you(language, template, values),
        text(language, "mail.signature"),
    ]
    return Letter(text(language, f"mail.{template}.subject"), "\n\n".join(parts) + "\n")


def text_message(language: str, template: str, values: dict[str, Any]) -> str:
    """A text message: short, since one of more than 160 characters costs twice."""
    return text(language, f"sms.{template}", code=values["code"])


def _words(language: str, key: str, values: dict[str, Any]) -> str:
    method = values.get("method")
    detail = text(language, f"security.method.{method}") if method else values.get("detail", "")
    return text(language, key, detail=detail)


def _code(language: str, values: dict[str, Any]) -> list[str]:
    if "code" not in values:
        return []
    left = datetime.fromisoformat(values["until"]) - datetime.fromisoformat(values["at"])
    minutes = max(1, round(left.total_seconds() / 60))
    return [values["code"], text(language, "mail.code_valid", count=minutes)]


def _link(language: str, template: str, values: dict[str, Any]) -> list[str]:
    purpose = LINKS.get(template)
    return [_url(purpose, values["token"])] if purpose else []


def _not_you(language: str, template: str, values: dict[str, Any]) -> list[str]:
    """What to do about it: alerts have a link that locks the account, the rest a sentence."""
    if template in LINKS or "code" in values or "token" not in values:
        return [text(language, "mail.not_asked")]
    url = f"{config().base_url}/settings/security"
    lock = _url(mail_links.LOCK, values["token"])
    return [text(language, "mail.not_you", url=url), text(language, "mail.lock", url=lock)]


def _url(purpose: str, token: str) -> str:
    # In development the routes have an address of their own.
    return f"{config().routes_url or config().base_url}{mail_links.PATHS[purpose]}{token}"


def _facts(language: str, time_zone: str, values: dict[str, Any]) -> dict[str, str]:
    moment = datetime.fromisoformat(values["at"]).astimezone(ZoneInfo(time_zone))
    return {
        "at": dates.moment(moment, language),
        "address": values["address"] or text(language, "unknown"),
        "browser": _browser(language, values),
    }


def _browser(language: str, values: dict[str, Any]) -> str:
    found = [values[name] for name in ("browser", "system") if values.get(name)]
    return ", ".join(found) or text(language, "unknown")
