"""The dialog that explains a line of the mappings."""

import reflex as rx

from pacs_settings.pages.mappings.line_state import Fact, LineState, Preview
from pacs_settings.pages.texts import t
from pacs_settings.ui.components.button import button
from pacs_settings.ui.components.feedback import alert, status
from pacs_settings.ui.components.scripted import Dialog, Moment


def why_dialog() -> rx.Component:
    """Why do I get this?"""
    return Dialog.create(
        rx.el.p(LineState.rule),
        rx.el.dl(
            rx.foreach(LineState.facts, _fact),
            rx.el.div(
                rx.el.dt(t("mappings.shared_with"), class_name="label"),
                rx.el.dd(LineState.shared_with),
            ),
            class_name="explanation",
        ),
        rx.foreach(LineState.previews, _preview),
        status(LineState.said),
        alert(LineState.problem),
        rx.el.div(
            button(t("mappings.send_test"), on_click=LineState.send_test),
            button(t("mappings.close"), "primary", on_click=LineState.close),
            class_name="actions",
        ),
        open=LineState.open,
        title=t("mappings.why"),
        on_close=LineState.close,
    )


def _fact(fact: rx.Var[Fact]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(fact.label, class_name="label"),
        rx.el.dd(
            fact.text,
            " ",
            rx.cond(fact.at != "", Moment.create(iso=fact.at)),
            rx.el.span(fact.note, class_name="hint"),
        ),
        key=fact.label,
    )


def _preview(preview: rx.Var[Preview]) -> rx.Component:
    return rx.el.details(
        rx.el.summary(preview.title),
        rx.el.p(preview.subject, class_name="label"),
        rx.el.p(preview.body, class_name="letter"),
        key=preview.title,
    )
