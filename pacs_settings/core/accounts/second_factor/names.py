"""Names that owners give to their devices."""

from pacs_settings.core.errors import Refused

LONGEST = 60


def device_name(typed: str) -> str:
    """The name as stored; raises Refused `device_name`."""
    name = " ".join(typed.split())
    if not 1 <= len(name) <= LONGEST or not name.isprintable():
        raise Refused("device_name", "name")
    return name
