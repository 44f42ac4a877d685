"""Texts: `t` for pages, in the language of the build; `say` for the answers of handlers."""

from pacs_settings.access.principal import language
from pacs_settings.config import config
from pacs_settings.core.errors import Refused
from pacs_settings.locale import text


def t(key: str, **values: object) -> str:
    """A text in the language of this build; values may be vars."""
    return text(config().lang, key, **values)


def say(key: str, **values: object) -> str:
    """A text in the language of whoever sent the event being handled."""
    return text(language(), key, **values)


def words(refused: Refused) -> str:
    """A refusal as a sentence."""
    return say(f"refused.{refused.code}", **refused.values)


def leave_texts() -> dict[str, str]:
    """The words of the question before unsaved changes are left."""
    return {
        "title": t("leave.title"),
        "text": t("leave.text"),
        "stayText": t("leave.stay"),
        "leaveText": t("leave.leave"),
    }
