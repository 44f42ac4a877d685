"""The e-mail about a study or a report, as text and as HTML, in its reader's language."""

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from pacs_settings.config import config
from pacs_settings.core import dates
from pacs_settings.core.greetings import greeting
from pacs_settings.core.ports import Letter
from pacs_settings.core.studies import notices
from pacs_settings.core.tables import ReportStatus, StudyKind
from pacs_settings.core.words import one_line
from pacs_settings.locale import text

TEMPLATES = frozenset({"study", "report", "test"})
UNSUBSCRIBE = "/link/unsubscribe/"


def render(person: Any, template: str, values: dict[str, Any]) -> Letter:
    """The e-mail; its subject tells the source and nothing about the patient.

    `values` are those of `notices`; a test e-mail has those of an invented patient.
    """
    language = person.language
    # A name at a source becomes part of a header.
    values = {k: one_line(v) if isinstance(v, str) else v for k, v in values.items()}
    kind = StudyKind(values.get("kind") or template)
    what = _what(kind, values)
    stop = _stop(person.account_id, kind, values)
    told = {
        "language": language,
        "greeting": greeting(person),
        "test": text(language, "mail.notice.test") if template == "test" else "",
        "sentence": text(language, f"mail.notice.{what}.body", source=values["source"]),
        "facts": _facts(language, values),
        "url": _url(values),
        "open": text(language, "mail.notice.open"),
        "stop": stop,
        "stop_sentence": text(language, f"mail.notice.stop_{kind}", source=values["source"]),
        "stop_link": text(language, "mail.notice.stop"),
        "signature": text(language, "mail.signature"),
    }
    subject = text(language, f"mail.notice.{what}.subject", source=values["source"])
    if template == "test":
        subject = text(language, "mail.notice.test_subject", subject=subject)
    return Letter(
        subject, _plain(language, told), _template().render(subject=subject, **told), _headers(stop)
    )


def _what(kind: StudyKind, values: dict[str, Any]) -> str:
    if kind == StudyKind.STUDY:
        return "study"
    status = values.get("status") or ReportStatus.FINAL
    return "report" if status == ReportStatus.FINAL else f"report_{status}"


def _facts(language: str, values: dict[str, Any]) -> list[tuple[str, str]]:
    day = date.fromisoformat(values["date"]) if values["date"] else None
    known = {
        "patient": values["initials"],
        "exam": values["description"],
        "date": dates.day(day, language) if day else "",
        "source": values["source"],
    }
    return [
        (text(language, f"mail.notice.{name}"), value or text(language, "mail.notice.not_given"))
        for name, value in known.items()
    ]


def _plain(language: str, told: dict[str, Any]) -> str:
    def line(name: str, value: str) -> str:
        return text(language, "mail.notice.fact", name=name, value=value)

    parts = [
        told["greeting"],
        told["test"],
        told["sentence"],
        "\n".join(line(*fact) for fact in told["facts"]),
        line(told["open"], told["url"]),
        told["signature"],
        f"{told['stop_sentence']} {line(told['stop_link'], told['stop'])}",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _url(values: dict[str, Any]) -> str:
    """Where the study is looked at; without a viewer, the portal."""
    if not config().study_url or not values["uid"]:
        return config().base_url
    return config().study_url.replace("{uid}", quote(values["uid"], safe=""))


def _stop(account_id: int, kind: StudyKind, values: dict[str, Any]) -> str:
    token = notices.token(account_id, values["mapping"], kind)
    return f"{config().routes_url or config().base_url}{UNSUBSCRIBE}{token}"


def _headers(stop: str) -> dict[str, str]:
    host = (urlsplit(config().base_url).hostname or "").replace(":", "-")
    return {
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": f"<notices.{host}>",
    }


@lru_cache(maxsize=1)
def _template() -> Template:
    folder = FileSystemLoader(Path(__file__).parent / "templates")
    return Environment(
        loader=folder, autoescape=select_autoescape(), undefined=StrictUndefined, trim_blocks=True
    ).get_template("notice.html")
