"""The gate: one middleware before every event, deny by default."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from reflex.app import App
from reflex.event import Event
from reflex.middleware import Middleware
from reflex.state import BaseState, State, StateUpdate
from reflex_base.event.context import EventContext
from reflex_base.registry import RegistrationContext
from sqlalchemy.exc import SQLAlchemyError

from pacs_settings.access import arguments, noise, principal
from pacs_settings.access.permissions import Permission, needed, needs_fresh_proof
from pacs_settings.access.principal import Principal
from pacs_settings.access.state import AccessState
from pacs_settings.access.tabs import Tab, connected, tabs
from pacs_settings.access.visitor import Visitor, visitor
from pacs_settings.core import audit
from pacs_settings.core.accounts.addresses import network
from pacs_settings.core.db import told, writing

log = logging.getLogger(__name__)
_ROOT = State.get_full_name()
LOAD_AGAIN = f"{_ROOT}.hydrate_and_load"
PROVEN = f"{AccessState.get_full_name()}.proven"
HYDRATE = frozenset({f"{_ROOT}.hydrate", LOAD_AGAIN})
# Handlers of the framework that pages cannot do without; allowed by exact name, and still gated.
FRAMEWORK = HYDRATE | {
    f"{_ROOT}.set_is_hydrated",
    f"{_ROOT}.reflex___state____on_load_internal_state.on_load_internal",
    f"{_ROOT}.reflex___state____on_load_internal_state.set_is_hydrated",
    f"{_ROOT}.reflex___state____frontend_event_exception_state.handle_frontend_exception",
}


@dataclass(frozen=True)
class Asked:
    """One event, as the gate looks at it."""

    event: Event
    who: Visitor
    tab: Tab
    from_client: bool


class Gate(Middleware):
    """Lets an event through only for a principal with the permission its handler is marked with."""

    async def preprocess(self, app: App, state: BaseState, event: Event) -> StateUpdate | None:
        """None lets the event run; an update is all that its sender gets."""
        access = await state.get_state(AccessState)
        asked = _asked(state, event)
        if not asked.who.same_origin or not connected(app, asked.tab):
            return _refused(asked, None, "origin")
        try:
            arguments.check(_handler(event), event.payload)
        except arguments.BadArguments as wrong:
            return _refused(asked, None, f"arguments: {wrong}")
        try:
            acting = await _look_up(asked)
        except SQLAlchemyError as failure:
            return _nobody_known(asked, access, failure)
        access.away = False
        principal.enter(acting, asked.who.language)
        session_id = acting.session_id if acting else ""
        if access._session_id != session_id:
            if event.name in HYDRATE:
                _rebind(asked, access, session_id)
            else:
                return await _other_principal(asked, access, acting)
        if event.name in HYDRATE:  # the page begins anew, and so does what it was asked
            access.proof_asked, access._waiting = 0, None
        if acting:
            tabs.note(session_id, acting.account_id, asked.tab)
            _answer_only(app, asked.tab)
        if event.name in FRAMEWORK:
            return None
        return await self._decide(asked, access, acting)

    async def _decide(
        self, asked: Asked, access: AccessState, acting: Principal | None
    ) -> StateUpdate | None:
        permission = needed(_handler(asked.event))
        if permission is None:
            return await _refused_and_audited(asked, acting)
        if permission == Permission.PUBLIC:
            return None
        if acting is None:
            return await _leave(asked, access)
        if not acting.may(permission):
            return await _refused_and_audited(asked, acting)
        if needs_fresh_proof(_handler(asked.event)) and not acting.fresh:
            return await _ask_proof(asked, access)
        return _resume(access) if asked.event.name == PROVEN else None


def _handler(event: Event) -> Any:
    return RegistrationContext.get().event_handlers[event.name].handler.fn


def _asked(state: BaseState, event: Event) -> Asked:
    router = state._get_root_state().router_data
    headers = router.get("headers", {})
    who = visitor(headers, headers.get("asgi-scope-client", ""))
    tab = Tab(str(router.get("token", "")), str(router.get("sid", "")))
    return Asked(event, who, tab, "headers" in event.router_data)


def _answer_only(app: App, tab: Tab) -> None:
    """Whatever this event tells goes to this very socket, or to nobody.

    Answers are addressed by token, and another socket may take a token over while a handler waits.
    """
    context = EventContext.get()
    emit = context.emit_delta_impl

    async def emit_here(token: str, delta: Mapping[str, Mapping[str, Any]]) -> None:
        if emit is not None and token == tab.token and connected(app, tab):
            await emit(token, delta)

    EventContext.set(replace(context, emit_delta_impl=emit_here))


async def _look_up(asked: Asked) -> Principal | None:
    # A reconnecting tab and what the server itself starts are not the person at the keyboard.
    use = asked.from_client and asked.event.name not in HYDRATE
    cookie = asked.who.session
    known = tabs.knows(asked.tab, cookie.partition(".")[0])
    return await principal.look_up(cookie, asked.who.visit, use=use, known=known)


def _nobody_known(asked: Asked, access: AccessState, failure: SQLAlchemyError) -> StateUpdate:
    """The database is away: say that and nothing else, since it is not known to whom."""
    if noise.worth_noting("away", ""):
        log.error("event not let through: %s %s", asked.event.name, told(failure))
    access.away = True
    delta = access.get_delta()
    access._clean()
    return StateUpdate(delta=delta)


def _rebind(asked: Asked, access: AccessState, session_id: str) -> None:
    """Another session: nothing of the former one may be left in the tab's state."""
    root = access._get_root_state()
    root.reset()
    if asked.from_client:  # nor the address of its page, which a reset keeps
        root.router_data = root._update_router_vars(asked.event.router_data, {})
    access._session_id = session_id


async def _other_principal(
    asked: Asked, access: AccessState, acting: Principal | None
) -> StateUpdate:
    if acting is None and needed(_handler(asked.event)) != Permission.PUBLIC:
        return await _leave(asked, access)
    if acting and not access._session_id and asked.from_client:
        # The tab was quiet for so long that its state was dropped: what it asks, it asks of
        # values that the page no longer shows. Let it load again instead.
        return StateUpdate(events=[Event(name=LOAD_AGAIN)])
    return _refused(asked, acting, "another session")


async def _ask_proof(asked: Asked, access: AccessState) -> StateUpdate:
    """Let the page ask whether it is the owner, and keep what was wanted until that is proven."""
    if asked.event.name != PROVEN:
        access._waiting = (asked.event.name, asked.event.payload)
    access.proof_asked += 1
    return await _told(access)


def _resume(access: AccessState) -> StateUpdate:
    """What waited comes next, once, and through this gate like everything else."""
    waiting, access._waiting = access._waiting, None
    if waiting is None:
        return StateUpdate()
    name, payload = waiting
    return StateUpdate(events=[Event(name=name, payload=payload)])


async def _leave(asked: Asked, access: AccessState) -> StateUpdate:
    """Forget all the tab held and tell the page to go to the sign-in page."""
    _rebind(asked, access, "")
    access.ended = True
    return await _told(access)


async def _told(access: AccessState) -> StateUpdate:
    """What has changed in the tab's state, as the answer to this event."""
    root = access._get_root_state()
    delta = await root._get_resolved_delta()
    root._clean()
    return StateUpdate(delta=delta)


def _refused(asked: Asked, acting: Principal | None, why: str) -> StateUpdate:
    account = acting.account_id if acting else None
    if noise.worth_noting("log", network(asked.who.visit.address)):
        log.warning("event refused: %s account=%s %s", asked.event.name, account, why)
    return StateUpdate()


async def _refused_and_audited(asked: Asked, acting: Principal | None) -> StateUpdate:
    if acting and noise.worth_noting("audit", acting.session_id):
        await asyncio.to_thread(_audit, acting, asked.event.name)
    return _refused(asked, acting, "not permitted")


def _audit(acting: Principal, handler: str) -> None:
    with writing() as db:
        audit.record(db, acting, "event:refused", after={"handler": handler[-120:]})
