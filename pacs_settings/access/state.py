"""What the gate keeps of a tab: its session, that it has ended, what waits for a proof."""

from typing import Any

import reflex as rx

from pacs_settings.access.permissions import Permission, requires


class AccessState(rx.State):
    """Bound to one session by the gate; a tab of another session starts from nothing.

    `away` says that nobody could be looked up just now.
    `proof_asked` counts the questions whether it is the owner: the page shows a dialog for each.
    """

    ended: bool = False
    away: bool = False
    proof_asked: int = 0
    _session_id: str = ""
    _waiting: tuple[str, dict[str, Any]] | None = None

    @rx.event
    @requires(Permission.SESSION, fresh=True)
    def proven(self) -> None:
        """The owner has proven to be there: the gate lets what waited for it run now."""
