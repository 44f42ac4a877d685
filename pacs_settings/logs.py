"""What must not be in a log: the values that a client sent, its cookies, and floods."""

import logging
import re
import time
import traceback
from typing import Any

from sqlalchemy.exc import OperationalError, SQLAlchemyError

from pacs_settings.core import db

# The framework writes what it could not handle with its payload and headers, and its exceptions
# quote it too; names and places are enough to find a fault.
SPEAKERS = ("reflex", "reflex_base", "socketio", "engineio", "asyncio", "granian", "_granian")
LONGEST = 500  # characters of a message
MOST = 60  # records a minute of what any client can cause
_VALUES = re.compile(
    r"(Event data: |Failed to deserialize event data: |with value |Error processing event queue"
    r" entry for |Event data must be a dictionary, but received |exception="
    r"|callable raised an exception).*",
    re.DOTALL,
)


class Bound(logging.Filter):
    """Lets only so many records of a minute through; more of them tell nothing new."""

    def __init__(self) -> None:
        super().__init__()
        self._minute, self._count = 0, 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        minute = int(time.monotonic() // 60)
        self._count = self._count + 1 if minute == self._minute else 1
        self._minute = minute
        return self._count <= MOST


def bound_libraries() -> None:
    """Have the libraries' loggers write no floods; all those that there are by now."""
    bound = Bound()
    for name in [*logging.root.manager.loggerDict, *SPEAKERS]:
        if name.partition(".")[0] in SPEAKERS:
            logging.getLogger(name).addFilter(bound)


def quiet_values() -> None:
    """Have the libraries' records made without values, whatever handler writes them."""
    made = logging.getLogRecordFactory()
    if getattr(made, "without_values", False):
        return

    def make(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = made(*args, **kwargs)
        if str(record.name).partition(".")[0] in SPEAKERS:
            _strip(record)
        elif record.exc_info and _of_database(record.exc_info[1]):
            _tell_of_database(record)
        return record

    make.without_values = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make)


def _strip(record: logging.LogRecord) -> None:
    """Cut the values off; never drops a record."""
    _replace(record, _VALUES.sub(r"\1…", record.getMessage())[:LONGEST])


def _replace(record: logging.LogRecord, told: str) -> None:
    if record.exc_info and record.exc_info[1]:
        told += "\n" + _places(record.exc_info[1])
    record.msg, record.args, record.exc_info = told, (), None


def _tell_of_database(record: logging.LogRecord) -> None:
    """PostgreSQL quotes what it does not take; one that is away needs a line, not a hundred."""
    failure = record.exc_info[1] if record.exc_info else None
    told = record.getMessage()
    if isinstance(failure, OperationalError):
        record.exc_info, told = None, f"{told}: {db.told(failure)}"
    _replace(record, told)


def _of_database(exception: BaseException | None) -> bool:
    return any(isinstance(cause, SQLAlchemyError) for cause in _causes(exception))


def _places(exception: BaseException) -> str:
    """Where an exception and what led to it were raised, without what they say."""
    told = []
    for cause in _causes(exception):
        frames = "".join(traceback.format_tb(cause.__traceback__))
        details = f": {db.told(cause)}" if isinstance(cause, SQLAlchemyError) else ""
        told.append(f"{frames}{type(cause).__name__}{details}")
    return "\n".join(told)


def _causes(exception: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while exception is not None and exception not in found:
        found.insert(0, exception)
        exception = exception.__cause__ or exception.__context__
    return found
