"""Which open tabs belong to which session, and how to make one of them load again."""

import asyncio
from dataclasses import dataclass, field

from reflex.app import App
from reflex.event import Event
from reflex_base.constants import RouteVar


@dataclass(frozen=True)
class Tab:
    """An open tab: Reflex's client token and the socket it came with."""

    token: str
    socket: str


@dataclass
class Tabs:
    """The tabs of this process, noted by the gate at each event."""

    of_session: dict[str, set[Tab]] = field(default_factory=dict)
    of_account: dict[int, set[Tab]] = field(default_factory=dict)
    nudges: "asyncio.Queue[tuple[Tab, str]]" = field(default_factory=asyncio.Queue)

    def note(self, session_id: str, account_id: int, tab: Tab) -> None:
        """Remember a tab."""
        self.of_session.setdefault(session_id, set()).add(tab)
        self.of_account.setdefault(account_id, set()).add(tab)

    def knows(self, tab: Tab, session_id: str) -> bool:
        """Whether this very socket was noted for the session."""
        return tab in self.of_session.get(session_id, ())

    def nudge_others(self, account_id: int, token: str, handler: str) -> None:
        """Have the account's other tabs run a handler of theirs, through the gate."""
        for tab in self.of_account.get(account_id, ()):
            if tab.token != token:
                self.nudges.put_nowait((tab, handler))

    def nudge_session(self, session_id: str, handler: str) -> None:
        """Have all tabs of a session run a handler."""
        for tab in self.of_session.get(session_id, ()):
            self.nudges.put_nowait((tab, handler))

    def forget_gone(self, app: App) -> None:
        """Drop tabs whose socket is gone."""
        for known in (self.of_session, self.of_account):
            for key, open_tabs in list(known.items()):  # type: ignore[attr-defined]
                open_tabs.intersection_update({t for t in open_tabs if connected(app, t)})
                if not open_tabs:
                    known.pop(key)  # type: ignore[call-overload]


def connected(app: App, tab: Tab) -> bool:
    """Whether this very socket still holds the tab's token."""
    namespace = app.event_namespace
    return namespace is not None and namespace.sid_to_token.get(tab.socket) == tab.token


async def deliver(app: App) -> None:
    """Run nudges as they come; a task of its own, since an event's context must not leak.

    The events carry no headers: the gate resolves the cookie of the tab's own socket. They name
    that socket, so that one which takes over the token meanwhile is not answered in its place.
    """
    while True:
        tab, handler = await tabs.nudges.get()
        if connected(app, tab):
            here = {RouteVar.SESSION_ID: tab.socket, RouteVar.CLIENT_TOKEN: tab.token}
            await app.event_processor.enqueue(tab.token, Event(name=handler, router_data=here))


tabs = Tabs()
