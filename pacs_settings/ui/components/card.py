"""Cards: one idea each, label and sentence at the left, control at the right."""

from typing import Any, Literal

import reflex as rx

Variant = Literal["plain", "wide"]
VARIANTS: dict[Variant, str] = {"plain": "card", "wide": "card card-wide"}


def card(
    *children: Any,
    title: str = "",
    sentence: Any = None,
    variant: Variant = "plain",
    **props: Any,
) -> rx.Component:
    """A card with a heading and one sentence."""
    head = [rx.el.h2(title, class_name="card-title")] if title else []
    if sentence is not None:
        head.append(rx.el.p(sentence, class_name="card-sentence"))
    return rx.el.section(*head, *children, class_name=VARIANTS[variant], **props)


def row(
    label: Any,
    control: rx.Component,
    sentence: Any = None,
    label_id: str = "",
    hint_id: str = "",
) -> rx.Component:
    """A line of a card: what it is at the left, the control at the right, stacked when narrow."""
    words = [rx.el.span(label, class_name="label", id=label_id or None)]
    if sentence is not None:
        words.append(rx.el.span(sentence, class_name="hint", id=hint_id or None))
    return rx.el.div(
        rx.el.div(*words, class_name="row-words"),
        rx.el.div(control, class_name="row-control"),
        class_name="row",
    )
