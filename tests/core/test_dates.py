"""Dates as readers of a language write them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from pacs_settings.core import dates


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "2 March 2026"),
        ("nl", "2 maart 2026"),
        ("fr", "2 mars 2026"),
        ("de", "2. März 2026"),
    ],
)
def test_a_day_comes_before_its_month(language: str, expected: str) -> None:
    assert dates.day(date(2026, 3, 2), language) == expected


def test_a_moment_says_its_time_zone() -> None:
    at = datetime(2026, 3, 2, 15, 45, tzinfo=ZoneInfo("Europe/Brussels"))
    told = dates.moment(at, "en")
    for part in ("Monday", "2 March 2026", "15:45", "Central European"):
        assert part in told
