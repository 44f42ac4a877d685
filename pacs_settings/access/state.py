"""What the gate keeps of a tab: which session it belongs to, and that it has ended."""

import reflex as rx


class AccessState(rx.State):
    """Bound to one session by the gate; a tab of another session starts from nothing."""

    ended: bool = False
    _session_id: str = ""
