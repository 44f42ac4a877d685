"""Every handler and route that the product registers, with arguments it would take."""

import inspect
from functools import lru_cache
from typing import Any, get_type_hints

from reflex_base.registry import RegistrationContext

from pacs_settings.access import api_routes
from pacs_settings.core import notice_mails
from pacs_settings.pacs_settings import api  # registers all handlers

STROKE = {"width": 400, "height": 150, "strokes": [[[1, 1, 0.5], [50, 60, 0.5], [90, 20, 0.5]]]}
PLAUSIBLE = {
    "line": 1,
    "which": "study",
    "on": False,
    "step": 1,
    "text": "UZ",
    "order": "source",
    "device": 1,
    "method": "authenticator",
    "typed": {"gender": "other", "work_phone": "09 200 11 33", "language": "nl"},
    "drawing": STROKE,
    "value": True,
    "vars": {},
    "hashes": [],
    "info": "Error: from a test",
    "component_stack": "at Test",
    "var_name": "ended",
}
BY_KIND: dict[Any, Any] = {int: 1, str: "study", bool: True, dict: {}}
WRONG: dict[Any, list[Any]] = {
    int: ["1", None, True, 1.5, [1], {"a": 1}, 10**30, float("nan")],
    str: [1, None, ["study"], {"a": "study"}, "x" * 5000, "\0", "\ud800"],
    bool: [1, 0, "true", None, [], {}],
    dict: ["typed", None, [["gender", "male"]], 7],
}


# Our HTTP routes by address.
ROUTES: dict[str, Any] = {route.path: route for route in api.routes}
# Those that others than our pages post: sources, mail programs.
FROM_OUTSIDE = {api_routes.EVENTS, f"{notice_mails.UNSUBSCRIBE}{{token}}"}
POSTS = sorted(
    path for path, route in ROUTES.items() if "POST" in route.methods and path not in FROM_OUTSIDE
)


@lru_cache(maxsize=1)
def all_handlers() -> dict[str, Any]:
    """Function of each registered handler by its full name."""
    found = RegistrationContext.get().event_handlers.items()
    return {name: registered.handler.fn for name, registered in found}


def parameters(name: str) -> list[str]:
    return list(inspect.signature(all_handlers()[name]).parameters)[1:]


def hints(name: str) -> dict[str, Any]:
    return get_type_hints(all_handlers()[name])


def plausible(name: str) -> dict[str, Any]:
    """Arguments that the handler would take from its own page."""
    kinds = hints(name)
    return {p: PLAUSIBLE.get(p, BY_KIND.get(kinds.get(p))) for p in parameters(name)}


def ours() -> list[str]:
    """The handlers that are written by us."""
    return [
        name
        for name, function in all_handlers().items()
        if function.__module__.startswith("pacs_settings.")
    ]


def bad_payloads(name: str) -> list[Any]:
    """Payloads that fit no signature: missing, extra, wrong, huge and nested arguments."""
    right = plausible(name)
    nested: Any = "x"
    for _ in range(60):
        nested = [nested]
    bad: list[Any] = [[], [1], "text", 7, {**right, "extra": 1}, {**right, "self": 1}]
    bad += [{**right, "state": {"a": nested}}, {"__class__": "x", **right}]
    for parameter in parameters(name):
        bad.append({key: value for key, value in right.items() if key != parameter})
        kind = hints(name).get(parameter)
        bad += [{**right, parameter: value} for value in WRONG.get(kind, [])]
        bad += [{**right, parameter: {"deep": nested}}]
    return bad
