"""Report signature: the one in use, and the answer to the latest save."""

import reflex as rx

from pacs_settings.access.permissions import Permission, requires
from pacs_settings.access.principal import current
from pacs_settings.core import signature_kinds, signatures
from pacs_settings.core.signatures import Saved
from pacs_settings.pages.answers import ask
from pacs_settings.pages.texts import say


class SignatureState(rx.State):
    """The saved signature as a picture that the server rendered."""

    loaded: bool = False
    svg: str = ""
    version: int = 0
    saved_at: str = ""
    answer: int = 0
    accepted: bool = False
    said: str = ""
    problem: str = ""

    @rx.event
    @requires(Permission.SIGNATURE)
    async def load(self):
        """Read the signature in use."""
        answer = await ask(signatures.current, current().account_id)
        self._show(answer.value)
        self.said, self.problem = "", answer.problem
        self.loaded = True

    @rx.event
    @requires(Permission.SIGNATURE)
    async def save(self, drawing: dict):
        """Save what was drawn as the next version."""
        answer = await ask(signatures.save_drawn, current(), drawing)
        self.accepted, self.problem = answer.ok, answer.problem
        self.said = say("signature.saved") if answer.ok else ""
        if answer.value:
            self._show(answer.value)
        self.answer += 1

    def _show(self, saved: Saved | None) -> None:
        self.svg = signature_kinds.to_svg(saved.content, say("signature.image")) if saved else ""
        self.version = saved.version if saved else 0
        self.saved_at = saved.created_at if saved else ""
