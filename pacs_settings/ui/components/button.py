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


def button(text: Any, variant: Variant = "secondary", **props: Any) -> rx.Component:
    """A button; `type="submit"` for the one of a form."""
    props.setdefault("type", "button")
    return rx.el.button(text, class_name=VARIANTS[variant], **props)
