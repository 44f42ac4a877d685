"""Every text of screen and mail, by key; one .po file a language, of mails only for some."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.pofile import read_po

from pacs_settings.config import LANGUAGES, MAIL_LANGUAGES

FALLBACK = "en"


@lru_cache(maxsize=len(MAIL_LANGUAGES))
def catalog(language: str) -> dict[str, str]:
    """All texts of a language by key."""
    path = Path(__file__).parent / f"{language}.po"
    with path.open("rb") as file:
        entries = read_po(file, locale=language)
    return {str(entry.id): str(entry.string) for entry in entries if entry.id and entry.string}


def text(language: str, key: str, **values: Any) -> str:
    """The text of `key`, with `{name}` filled in; raises KeyError for a key nobody wrote.

    With a value `count`, the key's form for that number is taken: `key.one`, `key.other`.
    """
    language = language if language in MAIL_LANGUAGES else FALLBACK
    found = catalog(language).get(_form(language, key, values))
    if found is None:
        found = catalog(FALLBACK)[_form(FALLBACK, key, values)]
    return found.format(**values) if values else found


def _form(language: str, key: str, values: dict[str, Any]) -> str:
    if "count" not in values:
        return key
    return f"{key}.{Locale(language).plural_form(values['count'])}"


def choose(cookie: str | None, accept_language: str | None) -> str:
    """The language to speak: the one chosen, else the first of Accept-Language that we have."""
    if cookie in LANGUAGES:
        return str(cookie)
    wanted = [_preference(part) for part in (accept_language or "")[:500].split(",")]
    for quality, language in sorted(wanted, key=lambda entry: -entry[0]):
        if language in LANGUAGES and quality > 0:  # 0 means: not this one
            return language
    return FALLBACK


def _preference(part: str) -> tuple[float, str]:
    tag, _, quality = "".join(part.split()).partition(";q=")
    try:
        weight = float(quality) if quality else 1.0
    except ValueError:
        weight = 0.0
    return weight, tag.split("-")[0].casefold()
