"""Arguments of event handlers, checked against their type hints before anything runs."""

import inspect
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

LARGEST = 512 * 1024  # bytes of one event as JSON; far below the 1 MB of a socket message
LONGEST = 4000  # characters of a single text argument
DEEPEST = 16  # lists and objects within each other
LARGEST_NUMBER = 2**63 - 1  # what a database takes


class BadArguments(ValueError):
    """A client sent arguments that the handler does not take; says which, never the value."""


def check(function: Callable[..., Any], payload: dict[str, Any]) -> None:
    """Raise BadArguments unless the payload fits the handler's signature exactly."""
    if not isinstance(payload, dict):
        raise BadArguments("not an object")
    adapters, required = _signature(function)
    unknown = payload.keys() - adapters.keys()
    missing = required - payload.keys()
    if unknown or missing:
        raise BadArguments(f"unknown {len(unknown)}, missing {len(missing)}")
    _check_storable(payload)
    if len(json.dumps(payload, default=str)) > LARGEST:
        raise BadArguments("too large")
    for name, value in payload.items():
        if isinstance(value, str) and len(value) > LONGEST:
            raise BadArguments(f"{name} is too long")
        try:
            adapters[name].validate_python(value)
        except ValidationError:
            raise BadArguments(f"{name} has the wrong type") from None


def storable(text: str) -> bool:
    """Whether a database takes this text: no NUL, no half of a character."""
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


def _check_storable(value: Any, depth: int = 0) -> None:
    """Refuse what JSON allows and no database takes: NUL, half a character, endless numbers."""
    if depth > DEEPEST:
        raise BadArguments("too deep")
    if isinstance(value, dict):
        _check_storable([*value.keys(), *value.values()], depth)
    elif isinstance(value, list):
        for one in value:
            _check_storable(one, depth + 1)
    elif isinstance(value, str):
        if not storable(value):
            raise BadArguments("not a text")
    elif isinstance(value, (int, float)) and not abs(value) <= LARGEST_NUMBER:
        raise BadArguments("not a number")  # NaN compares as not


@lru_cache(maxsize=512)
def _signature(
    function: Callable[..., Any],
) -> tuple[dict[str, TypeAdapter[Any]], frozenset[str]]:
    hints = get_type_hints(function)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    strict = ConfigDict(strict=True)
    adapters = {p.name: TypeAdapter(hints.get(p.name, Any), config=strict) for p in parameters}
    required = frozenset(p.name for p in parameters if p.default is inspect.Parameter.empty)
    return adapters, required
