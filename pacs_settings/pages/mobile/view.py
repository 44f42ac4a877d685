"""The form that registers a mobile phone."""

import reflex as rx

from pacs_settings.pages.mobile.routes import CONFIRM, PROPOSE
from pacs_settings.pages.mobile.state import MobileState
from pacs_settings.pages.shell.view import route
from pacs_settings.pages.texts import t
from pacs_settings.ui.components.button import button
from pacs_settings.ui.components.feedback import alert, status
from pacs_settings.ui.components.field import code_input, field, text_input
from pacs_settings.ui.components.scripted import Form


def mobile_form(sentence: str, then: rx.event.EventType[()]) -> rx.Component:
    """Why a mobile phone is missed, and the steps to register one; `then` goes on from there."""
    begin = rx.el.div(
        button(t("mobile.register"), on_click=MobileState.begin), class_name="actions"
    )
    return rx.el.div(
        rx.cond(MobileState.step != "done", rx.el.p(sentence, class_name="hint")),
        rx.match(
            MobileState.step,
            ("number", _number()),
            ("code", _code(then)),
            ("done", rx.fragment()),
            begin,
        ),
        status(MobileState.said),
        alert(MobileState.problem),
        class_name="step-form",
    )


def _number() -> rx.Component:
    return Form.create(
        field(
            t("login.code"),
            "mail_code",
            code_input("mail_code", hint=True),
            hint=t("mobile.mail_hint"),
        ),
        field(
            t("mobile.number"),
            "mobile",
            text_input("mobile", hint=True, type="tel", auto_complete="tel", max_length=40),
            hint=t("mobile.number_hint"),
        ),
        button(t("reset.send_code"), "primary", type="submit"),
        action=route(PROPOSE),
        emptied="mail_code",
        failed_text=t("refused.not_saved"),
        on_done=MobileState.proposed,
    )


def _code(then: rx.event.EventType[()]) -> rx.Component:
    return Form.create(
        field(t("login.code"), "code", code_input("code", hint=True), hint=t("mobile.code_hint")),
        button(t("proof.confirm"), "primary", type="submit"),
        action=route(CONFIRM),
        emptied="code",
        failed_text=t("refused.not_saved"),
        on_done=[MobileState.registered, then],
    )
