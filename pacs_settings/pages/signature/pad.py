"""The pad that a signature is drawn on: the npm package signature_pad as a component."""

from typing import Any, TypedDict, Unpack

import reflex as rx
from reflex.event import EventType


def _drawing(raw: rx.Var[dict[str, Any]]) -> tuple[rx.Var[dict[str, Any]]]:
    return (raw,)


class SignaturePad(rx.NoSSRComponent):
    """A canvas to draw on, with its buttons; it needs a browser, so no server renders it."""

    library = rx.asset("pad.jsx", shared=True).importable_path
    tag = "SignaturePad"
    lib_dependencies: list[str] = ["signature_pad@5.1.4"]

    # What the canvas is called and what stands around it.
    label: rx.Var[str]
    hint_text: rx.Var[str]
    empty_text: rx.Var[str]
    undo_text: rx.Var[str]
    clear_text: rx.Var[str]
    save_text: rx.Var[str]

    # How the last save went: it waits while busy; ack changes with every answer.
    busy: rx.Var[bool]
    ack: rx.Var[int]
    accepted: rx.Var[bool]

    # The drawing as core.strokes.parse takes it.
    on_save: rx.EventHandler[_drawing]  # type: ignore[type-arg, valid-type]


class PadTexts(TypedDict):
    """The words on the pad, in the reader's language."""

    label: str
    hint_text: str
    empty_text: str
    undo_text: str
    clear_text: str
    save_text: str


def signature_pad(
    *,
    on_save: EventType[Any],
    busy: rx.Var[bool] | bool = False,
    ack: rx.Var[int] | int = 0,
    accepted: rx.Var[bool] | bool = False,
    **texts: Unpack[PadTexts],
) -> rx.Component:
    """Show the pad; `on_save` gets the drawing as a dict of width, height and strokes."""
    return SignaturePad.create(on_save=on_save, busy=busy, ack=ack, accepted=accepted, **texts)
