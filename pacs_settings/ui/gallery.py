"""Every component in every state on one page, light beside dark; development only, no sign-in."""

from collections.abc import Callable

import reflex as rx

from pacs_settings.ui.components.button import VARIANTS, button
from pacs_settings.ui.components.card import card, row
from pacs_settings.ui.components.feedback import VARIANTS as TONES
from pacs_settings.ui.components.feedback import empty, note, skeleton, status
from pacs_settings.ui.components.field import (
    choice,
    code_input,
    field,
    password_input,
    read_only,
    text_input,
)
from pacs_settings.ui.components.frame import Link, navigation
from pacs_settings.ui.components.scripted import Switch
from pacs_settings.ui.components.table import table
from pacs_settings.ui.gallery_writing import writing

SCHEMES = ("light", "dark")


def gallery() -> rx.Component:
    """The page at /dev/gallery."""
    return rx.el.main(
        rx.el.h1("Gallery", class_name="page-title"),
        rx.el.div(*[_scheme(name) for name in SCHEMES], class_name="gallery"),
        class_name="main gallery-main",
    )


def leading_to(address: str) -> rx.Component:
    """A page at whose place in development another server has what is looked for."""
    link = rx.el.a(address, href=address)
    return rx.el.main(rx.el.h1("Outbox", class_name="page-title"), link, class_name="main")


def _scheme(name: str) -> rx.Component:
    parts: tuple[Callable[[str], rx.Component], ...] = (
        _colours,
        _buttons,
        _switches,
        _fields,
        _told,
        _frame,
        _table,
    )
    return rx.el.div(
        *[part(name) for part in parts],
        *writing(name),
        class_name="gallery-scheme",
        style={"color_scheme": name},
    )


def _colours(scheme: str) -> rx.Component:
    tokens = ("page", "surface", "surface-quiet", "line", "line-strong", "text", "text-quiet")
    tokens += ("accent", "accent-quiet", "attention", "attention-quiet", "danger", "danger-quiet")
    swatches = [
        rx.el.div(
            rx.el.span(class_name="gallery-colour", style={"background": f"var(--{token})"}),
            rx.el.code(f"--{token}"),
        )
        for token in tokens
    ]
    return card(rx.el.div(*swatches, class_name="gallery-colours"), title=f"Colours, {scheme}")


def _buttons(_scheme: str) -> rx.Component:
    rows = [
        rx.el.div(
            button(f"{variant} button", variant),
            button("waiting", variant, off=True),
            class_name="actions",
        )
        for variant in VARIANTS
    ]
    return card(*rows, title="Buttons")


def _switches(_scheme: str) -> rx.Component:
    def switch(label: str, on: bool) -> rx.Component:
        return row(label, Switch.create(checked=on, label=label), sentence="A sentence about it.")

    return card(switch("Switch that is on", True), switch("Switch that is off", False))


def _fields(scheme: str) -> rx.Component:
    def name(of: str) -> str:
        return f"{of}-{scheme}"

    wrong = rx.el.div(
        rx.el.input(class_name="input", aria_label="Refused", aria_invalid="true"),
        rx.el.p("What is wrong, and what to do about it.", class_name="problem"),
    )
    return card(
        field("Text", name("text"), text_input(name("text")), hint="One sentence."),
        field("Read-only*", name("fixed"), read_only(name("fixed"), "name@hospital.example")),
        field("Choice", name("choice"), choice(name("choice"), [("a", "A"), ("b", "B")], "a")),
        field("Code", name("code"), code_input(name("code"))),
        field("Password", name("pw"), password_input(name("pw"), "off", "Show", "Hide")),
        row("Refused", wrong),
        title="Fields",
    )


def _told(_scheme: str) -> rx.Component:
    notes = [note(f"A note of tone {tone}.", tone=tone) for tone in TONES]
    nothing = empty("Nothing yet", "What will appear here, and why nothing does.")
    return card(*notes, status("Saved"), nothing, skeleton(3), title="Feedback")


def _frame(scheme: str) -> rx.Component:
    links = [Link("Section shown", "/dev/gallery"), Link("Another section", "/login")]
    return card(navigation(f"Navigation, {scheme}", links, "/dev/gallery"), title="Navigation")


def _table(scheme: str) -> rx.Component:
    head = [
        rx.el.th("Sorted", aria_sort="ascending", scope="col"),
        rx.el.th("Number", scope="col"),
    ]
    lines = [
        rx.el.tr(rx.el.td(f"Line {n}"), rx.el.td("1-23456-25-004", class_name="figures"))
        for n in range(1, 4)
    ]
    body = rx.fragment(*lines)
    return card(table(head, body, caption="Table", region=f"Table, {scheme}"), title="Table")
