"""Dates as readers of a language write them."""

from datetime import date, datetime

from babel.dates import format_date, format_datetime

_LOCALES = {"en": "en_GB"}  # readers are European: the day comes first


def day(on: date, language: str) -> str:
    """A day, with the month as a word."""
    return format_date(on, "long", locale=_LOCALES.get(language, language))


def moment(at: datetime, language: str) -> str:
    """A moment with its day of the week and time zone, in the zone of `at`."""
    return format_datetime(at, "full", locale=_LOCALES.get(language, language))
