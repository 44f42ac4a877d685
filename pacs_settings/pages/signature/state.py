"""Report signature: the one in use, those before it, and the answer to the latest act."""

from dataclasses import dataclass
from functools import partial

import reflex as rx

from pacs_settings.access.permissions import Permission, requires
from pacs_settings.access.principal import current
from pacs_settings.core import signature_kinds, signatures
from pacs_settings.core.signatures import Saved
from pacs_settings.pages.answers import Answer, ask
from pacs_settings.pages.texts import say

SHOWN = 12  # characters of a hash


@dataclass(frozen=True)
class Version:
    """A line of the history."""

    number: int
    made: str
    who: str
    at: str
    sha256: str
    proven: str
    withdrawn_at: str


class SignatureState(rx.State):
    """The saved signature as a picture that the server rendered."""

    loaded: bool = False
    svg: str = ""
    version: int = 0
    saved_at: str = ""
    history: list[Version] = []
    answer: int = 0
    accepted: bool = False
    said: str = ""
    problem: str = ""
    preview_svg: str = ""
    preview_problem: str = ""
    typed_answer: int = 0
    typed_problem: str = ""
    asking: bool = False
    withdrawn: str = ""

    @rx.event
    @requires(Permission.SIGNATURE)
    async def load(self):
        """Read the signature in use."""
        self.said = self.preview_svg = self.preview_problem = self.typed_problem = ""
        self.asking = False
        await self._load()
        self.loaded = True

    @rx.event
    @requires(Permission.SIGNATURE)
    async def save(self, drawing: dict):
        """Save what was drawn as the first version; a later one takes a fresh proof."""
        answer = await ask(partial(signatures.save_drawn, first=True), current(), drawing)
        if answer.code == "signature_there":
            return SignatureState.replace(drawing)
        return await self._drawn(answer)

    @rx.event
    @requires(Permission.SIGNATURE, fresh=True)
    async def replace(self, drawing: dict):
        """Save what was drawn in the place of what is in use."""
        await self._drawn(await ask(signatures.save_drawn, current(), drawing))

    @rx.event
    @requires(Permission.SIGNATURE)
    async def preview(self, text: str):
        """Show a name as it would be written."""
        answer = await ask(_written, text)
        self.preview_svg = answer.value or ""
        self.preview_problem = answer.problem if text.strip() else ""

    @rx.event
    @requires(Permission.SIGNATURE)
    async def save_typed(self, typed: dict):
        """Save a typed name as the first version; a later one takes a fresh proof."""
        save = partial(signatures.save_typed, first=True)
        answer = await ask(save, current(), typed.get("name"))
        if answer.code == "signature_there":
            return SignatureState.replace_typed(typed)
        return await self._typed(answer)

    @rx.event
    @requires(Permission.SIGNATURE, fresh=True)
    async def replace_typed(self, typed: dict):
        """Save a typed name in the place of what is in use."""
        await self._typed(await ask(signatures.save_typed, current(), typed.get("name")))

    @rx.event
    @requires(Permission.SIGNATURE)
    async def uploaded(self):
        """A route has saved a picture: show it."""
        await self._load()

    @rx.event
    @requires(Permission.SIGNATURE)
    def ask_withdrawal(self):
        """Ask before a signature is withdrawn."""
        self.asking, self.withdrawn = True, ""

    @rx.event
    @requires(Permission.SIGNATURE)
    def give_up(self):
        """Leave it as it is."""
        self.asking = False

    @rx.event
    @requires(Permission.SIGNATURE, fresh=True)
    async def withdraw(self):
        """Sign no more with what is in use."""
        answer = await ask(signatures.withdraw, current())
        self.asking, self.problem = False, answer.problem
        if answer.ok:
            await self._load()
            self.withdrawn = say("signature.withdrawn")

    async def _drawn(self, answer: Answer[Saved]) -> None:
        self.accepted, self.problem = answer.ok, answer.problem
        self.said = say("signature.saved") if answer.ok else ""
        if answer.ok:
            await self._load()
        self.answer += 1

    async def _typed(self, answer: Answer[Saved]) -> None:
        self.typed_problem = answer.problem
        if answer.ok:
            await self._load()
        self.typed_answer += 1

    async def _load(self) -> None:
        answer = await ask(_read, current().account_id)
        saved, self.svg, found = answer.value or (None, "", [])
        self.problem = answer.problem
        self.version = saved.version if saved else 0
        self.saved_at = saved.created_at if saved else ""
        self.history = [_version(one) for one in found]
        self.withdrawn = ""


def _read(account_id: int) -> tuple[Saved | None, str, list[signatures.Version]]:
    """What is in use, drawn, and the history; takes some 50 ms."""
    saved = signatures.current(account_id)
    svg = signature_kinds.to_svg(saved.content, say("signature.image")) if saved else ""
    return saved, svg, signatures.history(account_id)


def _version(saved: signatures.Version) -> Version:
    proven = say(f"history.means.{saved.proven_by}") if saved.proven_by else ""
    return Version(
        saved.version,
        say(f"signature.kind.{saved.kind}"),
        saved.who,
        saved.created_at,
        saved.sha256[:SHOWN],
        proven,
        saved.withdrawn_at,
    )


def _written(name: str) -> str:
    return signature_kinds.to_svg(signature_kinds.typed(name), say("signature.preview"))
