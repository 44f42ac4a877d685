"""Fields of forms: a label, a sentence, the input, and the place where a refusal is told."""

from typing import Any

import reflex as rx

from pacs_settings.ui.components.scripted import PasswordInput

INPUT = "input"
READ_ONLY = "input input-read-only"


def field(
    label: Any, name: str, control: rx.Component, hint: Any = "", extra: Any = None
) -> rx.Component:
    """Label, sentence, control and error slot, tied together by ids made of `name`."""
    return rx.el.div(
        rx.el.div(
            rx.el.label(label, html_for=f"field-{name}", class_name="label"),
            rx.el.span(hint, class_name="hint", id=f"hint-{name}") if hint else rx.fragment(),
            class_name="row-words",
        ),
        rx.el.div(
            control,
            rx.el.p(
                role="alert",
                hidden=True,
                class_name="problem",
                id=f"problem-{name}",
                custom_attrs={"data-error-for": name},
            ),
            extra or rx.fragment(),
            class_name="row-control",
        ),
        class_name="row",
    )


def text_input(name: str, *, hint: bool = False, **props: Any) -> rx.Component:
    """A line of text; `hint` ties it to the sentence of its field."""
    props.setdefault("type", "text")
    return rx.el.input(
        id=f"field-{name}",
        name=name,
        class_name=INPUT,
        aria_describedby=_described(name, hint),
        **props,
    )


def code_input(name: str, *, hint: bool = False) -> rx.Component:
    """A one-time code: one field, numeric keys, filled in by the browser where it can."""
    return text_input(
        name,
        hint=hint,
        auto_complete="one-time-code",
        input_mode="numeric",
        max_length=40,
        required=True,
    )


def password_input(
    name: str, auto_complete: str, show_text: str, hide_text: str, *, hint: bool = False
) -> rx.Component:
    """A password; `auto_complete` is current-password or new-password."""
    return PasswordInput.create(
        id=f"field-{name}",
        name=name,
        auto_complete=auto_complete,
        described_by=_described(name, hint),
        show_text=show_text,
        hide_text=hide_text,
    )


def username_for_managers(value: Any, **props: Any) -> rx.Component:
    """Tells password managers whose password the form is about; nobody sees or reaches it."""
    return rx.el.input(
        type="email",
        value=value,
        read_only=True,
        auto_complete="username",
        class_name="visually-hidden",
        tab_index=-1,
        aria_hidden="true",
        **props,
    )


def read_only(name: str, value: Any, *, hint: bool = False) -> rx.Component:
    """A value that only others may change: an input that reads as text."""
    return rx.el.input(
        id=f"field-{name}",
        value=value,
        read_only=True,
        class_name=READ_ONLY,
        aria_describedby=f"hint-{name}" if hint else "",
    )


def choice(name: str, options: list[tuple[str, str]], value: Any, *, hint: bool = False) -> Any:
    """A choice among few, by the browser's own list."""
    return rx.el.select(
        *[rx.el.option(text, value=code) for code, text in options],
        id=f"field-{name}",
        name=name,
        class_name="select",
        default_value=value,
        aria_describedby=_described(name, hint),
    )


def _described(name: str, hint: bool) -> str:
    return f"hint-{name} problem-{name}" if hint else f"problem-{name}"
