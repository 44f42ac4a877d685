"""Cookie → session → principal: who acts in this event or request."""

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from pacs_settings.access.permissions import ENROLLING, EVERYBODY, Permission
from pacs_settings.core.accounts import sessions
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.audit import Actor


@dataclass(frozen=True)
class Principal(Actor):
    """A signed-in account in one session, with what it may do now."""

    permissions: frozenset[Permission] = frozenset()
    domain: str | None = None
    must_enrol: bool = False
    ends_at: datetime | None = None

    def may(self, permission: Permission) -> bool:
        """Whether this permission is granted."""
        return permission in self.permissions


_current: ContextVar[Principal | None] = ContextVar("principal", default=None)
_language: ContextVar[str] = ContextVar("language", default="en")


def current() -> Principal:
    """The principal of the event being handled; only for handlers that the gate let through."""
    principal = _current.get()
    if principal is None:
        raise LookupError("no principal: the handler is not marked with a permission")
    return principal


def signed_in() -> bool:
    """Whether anybody is: for handlers that are public."""
    return _current.get() is not None


def language() -> str:
    """The language in which to answer the event being handled."""
    return _language.get()


def enter(principal: Principal | None, spoken: str) -> None:
    """Set who acts, and in which language, for the rest of this event."""
    _current.set(principal)
    _language.set(spoken)


def resolve(cookie: str, visit: Visit, *, use: bool) -> Principal | None:
    """The principal of a session cookie, or None; `use` restarts the idle limit."""
    facts = sessions.resolve(cookie, use=use) if cookie else None
    if facts is None:
        return None
    return Principal(
        account_id=facts.account_id,
        session_id=facts.session_id,
        address=visit.address,
        user_agent=visit.user_agent,
        permissions=_granted(facts),
        domain=facts.domain,
        must_enrol=facts.must_enrol,
        ends_at=facts.ends_at,
    )


def _granted(facts: sessions.SessionFacts) -> frozenset[Permission]:
    if facts.must_enrol:
        return ENROLLING
    extra = set()
    if facts.domain is None:
        extra.add(Permission.PASSWORD)
    if facts.may_edit_reports:
        extra.add(Permission.SIGNATURE)
    return EVERYBODY | extra
