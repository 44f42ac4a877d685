"""Signing in: three steps on one static page; the address names the step, CSS shows it."""

from typing import Any, get_args

import reflex as rx

from pacs_settings.access.sign_in_routes import ADDRESS, CODE, PASSWORD
from pacs_settings.core.ports import Reason
from pacs_settings.pages.shell.view import language_choice, route
from pacs_settings.pages.sign_in.state import SignInState
from pacs_settings.pages.texts import t
from pacs_settings.ui.components import frame
from pacs_settings.ui.components.button import button
from pacs_settings.ui.components.feedback import note
from pacs_settings.ui.components.field import password_input, username_for_managers
from pacs_settings.ui.components.scripted import (
    ConnectionLine,
    NativeForm,
    NativeLink,
    StepFocus,
)

REFUSALS = {
    "address": ("not_an_address", "expired"),
    "password": (
        "wrong",
        "too_many_tries",
        "locked",
        "disabled",
        "not_active",
        *(f"directory_{reason}" for reason in get_args(Reason) if reason != "wrong"),
    ),
    "code": ("wrong_code",),
}


def sign_in_page() -> rx.Component:
    """The page at /login."""
    return rx.fragment(
        ConnectionLine.create(text=t("shell.disconnected")),
        frame.bar(
            language_choice(),
            product=t("product"),
            home="/login",
            banner=t("shell.demo"),
        ),
        rx.el.main(
            rx.el.h1(t("login.title"), class_name="page-title"),
            rx.cond(SignInState.ended != "", note(SignInState.ended, tone="attention")),
            _address(),
            _password(),
            _code(),
            StepFocus.create(),
            aria_busy=rx.cond(SignInState.loaded, "false", "true"),
            class_name="main main-narrow",
        ),
    )


def _address() -> rx.Component:
    field = rx.el.input(
        id="email",
        name="email",
        type="email",
        key=SignInState.typed,
        default_value=SignInState.typed,
        auto_complete="username",
        auto_focus=True,
        required=True,
        max_length=254,
        class_name="input",
    )
    label = rx.el.label(t("login.email"), html_for="email", class_name="label")
    return _step("address", ADDRESS, label, field, submit=t("login.continue"))


def _password() -> rx.Component:
    who = rx.el.p(
        rx.el.span(SignInState.typed),
        NativeLink.create(t("login.change"), href="#address"),
        class_name="step-who",
    )
    for_managers = username_for_managers(SignInState.typed, name="username")
    label = rx.el.label(t("login.password"), html_for="field-password", class_name="label")
    field = password_input("password", "current-password", t("show"), t("hide"))
    return _step("password", PASSWORD, who, for_managers, label, field, submit=t("login.sign_in"))


def _code() -> rx.Component:
    field = rx.el.input(
        id="field-code",
        name="code",
        type="text",
        auto_complete="one-time-code",
        input_mode="numeric",
        max_length=40,
        required=True,
        class_name="input input-code",
    )
    return _step(
        "code",
        CODE,
        rx.el.h2(t("login.extra"), class_name="card-title"),
        rx.el.p(t("login.code_hint"), class_name="hint"),
        rx.el.label(t("login.code"), html_for="field-code", class_name="label"),
        field,
        NativeLink.create(t("login.other"), href="#address", class_name="step-other"),
        submit=t("login.continue"),
    )


def _step(name: str, action: str, *children: Any, submit: str) -> rx.Component:
    refusals = [
        rx.el.p(
            t(f"refused.{code}") if code != "too_many_tries" else _too_many(),
            id=code,
            role="alert",
            class_name="problem",
        )
        for code in REFUSALS[name]
    ]
    return rx.el.section(
        NativeForm.create(
            *children,
            *refusals,
            button(submit, "primary", type="submit"),
            action=route(action),
            method="post",
            class_name="step-form",
        ),
        id=name,
        class_name=f"card step step-{name}",
    )


def _too_many() -> Any:
    return rx.cond(SignInState.wait != "", SignInState.wait, t("refused.too_many_tries_soon"))


def start_page() -> rx.Component:
    """The page at /, on the way elsewhere."""
    return rx.el.main(aria_busy="true")
