"""The one place that knows what time it is, so that tests can move it."""

from datetime import UTC, datetime, timedelta

_offset = timedelta(0)


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC) + _offset


def shift(by: timedelta) -> None:
    """Move the clock of this process; only tests do."""
    global _offset
    _offset = by
