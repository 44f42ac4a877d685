"""How far a sign-in has come, read from its cookie; the steps themselves are form posts."""

import asyncio

import reflex as rx

from pacs_settings.access import visitor
from pacs_settings.access.permissions import Permission, requires
from pacs_settings.access.principal import signed_in
from pacs_settings.access.sign_in_routes import START
from pacs_settings.core.accounts import sessions, sign_in
from pacs_settings.pages.texts import say

SENT = ("email", "sms")


class SignInState(rx.State):
    """The sign-in under way in this browser."""

    loaded: bool = False
    typed: str = ""
    wait: str = ""
    ended: str = ""
    method: str = ""
    valid: str = ""

    @rx.event
    @requires(Permission.PUBLIC)
    async def load(self):
        """Fill in what was typed, and say why a session has ended."""
        if signed_in():
            return rx.redirect(START)
        headers = self._get_root_state().router_data.get("headers", {})
        seen = visitor.visitor(headers, "")
        pending = await asyncio.to_thread(sign_in.pending, seen.sign_in)
        why = await asyncio.to_thread(sessions.why_ended, seen.session)
        self.typed, self.method = pending.typed, pending.method
        minutes = -(-pending.code_seconds // 60)
        self.valid = say("login.valid", count=minutes) if minutes and self.method in SENT else ""
        self.wait = _wait(pending.retry_seconds) if pending.refusal == "too_many_tries" else ""
        self.ended = say(f"login.ended.{why}") if why else ""
        self.loaded = True
        return None


class StartState(rx.State):
    """The bare address of the portal, which shows nothing of its own."""

    @rx.event
    @requires(Permission.PUBLIC)
    def go_in(self):
        """Go to the settings, or to the sign-in page."""
        return rx.redirect(START if signed_in() else "/login", replace=True)


def _wait(seconds: int) -> str:
    return say("login.wait", count=seconds)
