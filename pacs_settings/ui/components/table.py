"""Tables that scroll in a frame of their own, and the way through their pages."""

from typing import Any, TypedDict

import reflex as rx

from pacs_settings.ui.components.button import button


class PagerTexts(TypedDict):
    """The words of a pager."""

    label: str
    previous: str
    page: Any
    next: str


def table(headings: list[rx.Component], body: Any, *, caption: str, region: str) -> rx.Component:
    """A table named `caption` in a frame named `region`, which the keyboard can scroll."""
    return rx.el.div(
        rx.el.table(
            rx.el.caption(caption, class_name="visually-hidden"),
            rx.el.thead(rx.el.tr(*headings)),
            rx.el.tbody(body),
            class_name="table",
        ),
        class_name="table-scroll",
        tab_index=0,
        role="region",
        aria_label=region,
    )


def pager(number: rx.Var[int], pages: rx.Var[int], turn: Any, texts: PagerTexts) -> rx.Component:
    """Two buttons that call `turn` with -1 or 1; nothing where there is one page."""
    return rx.cond(
        pages > 1,
        rx.el.nav(
            button(texts["previous"], on_click=turn(-1), off=number <= 1),
            rx.el.span(texts["page"], class_name="figures"),
            button(texts["next"], on_click=turn(1), off=number >= pages),
            aria_label=texts["label"],
            class_name="pager",
        ),
    )
