"""What clients send stays out of the log, whichever way a library writes it."""

import io
import logging
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from pacs_settings import logs

SECRET = "hunter2-and-more"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a handler of its own writes while the records are made without values."""
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(logging.LogRecord)
    logs.quiet_values()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)
    logging.setLogRecordFactory(before)


@pytest.mark.parametrize(
    "told",
    [
        "Event data must be a dictionary, but received ['%s'] of type <class 'list'>.",
        "Received event data as a string. Event data: %s",
        "Received event from session x with no associated token. Event data: {'a': '%s'}",
        "Failed to deserialize event data: {'name': '%s'}.",
        "Error transforming event payload: Error transforming event argument 'a' with value '%s'",
        "Error processing event queue entry for Event(name='x', payload={'p': '%s'}) [txid=1]:",
        "Task exception was never retrieved\nfuture: <Task exception=ValueError('%s')>",
        "Application callable raised an exception\nTraceback …\nValueError: %s",
        "first line\nEvent data: \n%s\nlast line",
    ],
)
@pytest.mark.parametrize("name", ["reflex.app", "reflex_base.event.processor.event_processor"])
def test_values_are_cut_off(written: io.StringIO, told: str, name: str):
    logging.getLogger(name).warning(told, SECRET)
    logging.getLogger(name).warning(told % SECRET)
    text = written.getvalue()
    assert SECRET not in text
    assert text.count("…") >= 2
    assert text.startswith(told.partition(" ")[0])


@pytest.mark.parametrize("name", ["engineio.server", "socketio.server", "asyncio", "_granian.asgi"])
def test_exceptions_tell_where_but_not_what(written: io.StringIO, name: str):
    try:
        try:
            int(SECRET)
        except ValueError as fault:
            raise KeyError(SECRET) from fault
    except KeyError:
        logging.getLogger(name).exception("message handler error")
    text = written.getvalue()
    assert SECRET not in text
    assert "message handler error" in text
    assert "test_logs.py" in text
    assert text.index("ValueError") < text.index("KeyError")  # the cause comes first


def test_a_circle_of_causes_ends(written: io.StringIO):
    one, two = ValueError(SECRET), KeyError(SECRET)
    one.__cause__, two.__cause__ = two, one
    logging.getLogger("reflex").error("failed", exc_info=one)
    assert SECRET not in written.getvalue()


def test_long_messages_are_cut(written: io.StringIO):
    logging.getLogger("engineio.server").error("x" * 100_000)
    assert len(written.getvalue()) <= logs.LONGEST + 1


def test_a_message_without_values_stays(written: io.StringIO):
    logging.getLogger("reflex.app").warning("%d of %s", 3, "five")
    assert written.getvalue() == "3 of five\n"


def test_our_own_messages_stay(written: io.StringIO):
    """Those whose name only begins like a library's as well."""
    logging.getLogger("pacs_settings.worker").warning("Event data: %s", "kept")
    logging.getLogger("reflexology").warning("Event data: %s", "kept")
    assert written.getvalue() == "Event data: kept\n" * 2


def test_quieting_twice_is_quieting_once(written: io.StringIO):
    made = logging.getLogRecordFactory()
    logs.quiet_values()
    assert logging.getLogRecordFactory() is made


def test_records_keep_what_else_they_carry(written: io.StringIO):
    record = logging.getLogger("reflex").makeRecord(
        "reflex", logging.ERROR, "file.py", 7, "Event data: %s", (SECRET,), None, "work", {"a": 1}
    )
    assert (record.levelno, record.lineno, record.funcName, record.a) == (40, 7, "work", 1)
    assert record.getMessage() == "Event data: …"


def test_a_flood_is_bounded(monkeypatch: pytest.MonkeyPatch):
    """As many records of each minute as are told to be, whoever causes more."""
    moment = [1000.0 * 60]
    monkeypatch.setattr(logs.time, "monotonic", lambda: moment[0])
    bound = logs.Bound()
    record = logging.makeLogRecord({"msg": "one of many"})
    for minute in range(3):
        moment[0] = (1000 + minute) * 60
        assert [bound.filter(record) for _ in range(2 * logs.MOST)].count(True) == logs.MOST


def test_the_libraries_share_one_bound(monkeypatch: pytest.MonkeyPatch):
    logger = logging.getLogger("reflex.of_a_test")
    ours = logging.getLogger("pacs_settings.of_a_test")
    logs.bound_libraries()
    bounds = [one for one in logger.filters if isinstance(one, logs.Bound)]
    try:
        assert len(bounds) == 1
        assert bounds[0] in logging.getLogger("asyncio").filters
        assert not ours.filters
    finally:
        for name in [*logging.root.manager.loggerDict, *logs.SPEAKERS]:
            logging.getLogger(name).removeFilter(bounds[0])


def test_what_a_database_quotes_stays_out_whoever_tells_it(written: io.StringIO):
    class Refusal(Exception):
        sqlstate = "23505"
        diag = SimpleNamespace(table_name="account", constraint_name="uq_account_username_key")

    try:
        try:
            raise IntegrityError("INSERT …", {}, Refusal(f"Key (username)=({SECRET})"), True)
        except IntegrityError as fault:
            raise LookupError(SECRET) from fault
    except LookupError:
        logging.getLogger("pacs_settings.worker").exception("%s could not be worked on", "outbox")
    text = written.getvalue()
    assert SECRET not in text
    assert "outbox could not be worked on" in text
    assert "test_logs.py" in text
    assert "Refusal 23505 account uq_account_username_key" in text


def test_a_database_that_is_away_takes_one_line(written: io.StringIO):
    try:
        raise OperationalError("SELECT …", {}, Exception("connection failed:\n\trefused"), True)
    except OperationalError:
        logging.getLogger("pacs_settings.worker").exception("outbox could not be worked on")
    assert written.getvalue() == "outbox could not be worked on: connection failed: refused\n"


def test_our_own_failures_say_what_it_was(written: io.StringIO):
    try:
        raise LookupError("no such thing")
    except LookupError:
        logging.getLogger("pacs_settings.worker").exception("failed")
    assert "no such thing" in written.getvalue()
