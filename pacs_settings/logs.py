"""What must not be in a log: the values that a client sent."""

import logging
import re

# The framework writes rejected events with their payload; the names are enough to find a fault.
_VALUES = re.compile(
    r"(Event data: |Failed to deserialize event data: |with value |Event data must be a dictionary,"
    r" but received ).*",
    re.DOTALL,
)


class _WithoutValues(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Cut the values off; never drops a record."""
        told = record.getMessage()
        if _VALUES.search(told):
            record.msg, record.args = _VALUES.sub(r"\1…", told), ()
        return True


def quiet_values() -> None:
    """Filter the records of the libraries that log what clients send."""
    for name in (
        "reflex",
        "reflex.app",
        "reflex_base",
        "socketio.server",
        "engineio.server",
    ):
        logging.getLogger(name).addFilter(_WithoutValues())
    logging.getLogger("reflex_base.event.processor.base_state_processor").addFilter(
        _WithoutValues()
    )
