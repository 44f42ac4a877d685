"""Permissions, and the mark by which a handler or route says which one it needs."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
MARK = "_pacs_permission"
FRESH = "_pacs_fresh"


class Permission(StrEnum):
    """What a principal may do; tags read `section:verb`."""

    PUBLIC = "public"  # also signed out
    SESSION = "session:own"  # any signed-in principal, also one that must still enrol
    FACTORS = "security:factors"  # also one that must still enrol
    PERSONAL = "personal:write"
    HISTORY = "history:read"
    PASSWORD = "password:change"
    SESSIONS = "sessions:end"
    PRIVACY = "privacy:write"
    MAPPINGS_READ = "mappings:read"
    MAPPINGS_WRITE = "mappings:write"
    SIGNATURE = "signature:write"
    FIND = "colleagues:find"
    FAVORITES = "favorites:write"
    REPORTS = "reports:write"


ENROLLING = frozenset({Permission.PUBLIC, Permission.SESSION, Permission.FACTORS})
EVERYBODY = ENROLLING | {
    Permission.PERSONAL,
    Permission.HISTORY,
    Permission.SESSIONS,
    Permission.PRIVACY,
    Permission.MAPPINGS_READ,
    Permission.MAPPINGS_WRITE,
    Permission.FIND,
    Permission.FAVORITES,
}


def requires(permission: Permission, *, fresh: bool = False) -> Callable[[F], F]:
    """Mark a handler with the permission it needs; the gate reads the mark, nothing is wrapped.

    With `fresh`, the owner must have proven to be there within the last five minutes.
    """

    def mark(function: F) -> F:
        setattr(function, MARK, permission)
        setattr(function, FRESH, fresh)
        return function

    return mark


def needed(function: Callable[..., Any]) -> Permission | None:
    """The permission a handler is marked with, or None: then nobody may call it."""
    return getattr(function, MARK, None)


def needs_fresh_proof(function: Callable[..., Any]) -> bool:
    """Whether a handler is marked as sensitive."""
    return bool(getattr(function, FRESH, False))
