"""Buttons."""

from typing import Any, Literal

import reflex as rx

Variant = Literal["primary", "secondary", "danger", "quiet"]
VARIANTS: dict[Variant, str] = {
    "primary": "button button-primary",
    "secondary": "button button-secondary",
    "danger": "button button-danger",
    "quiet": "button button-quiet",
}


def button(
    text: Any, variant: Variant = "secondary", *, off: Any = None, **props: Any
) -> rx.Component:
    """A button; `type="submit"` for the one of a form.

    `off` is for one that may have the focus: it keeps it, and what it asks for changes nothing.
    """
    props.setdefault("type", "button")
    if off is not None:
        props["aria_disabled"] = rx.cond(off, "true", "false")
    return rx.el.button(text, class_name=VARIANTS[variant], **props)
