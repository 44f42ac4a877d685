"""Signing in: three steps on one static page; the address names the step, CSS shows it."""

from typing import Any, get_args

import reflex as rx

from pacs_settings.access.sign_in_routes import ADDRESS, CHALLENGE, CODE, PASSWORD, RESEND
from pacs_settings.core.ports import Reason
from pacs_settings.pages.shell.view import language_choice, route
from pacs_settings.pages.sign_in.state import SignInState
from pacs_settings.pages.texts import t
from pacs_settings.ui.components import frame
from pacs_settings.ui.components.button import button
from pacs_settings.ui.components.feedback import note, told_at
from pacs_settings.ui.components.field import password_input, username_for_managers
from pacs_settings.ui.components.scripted import (
    ConnectionLine,
    NativeForm,
    NativeLink,
    PasskeySignIn,
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
    "code": ("wrong_code", "too_many_codes"),
    "recovery": ("wrong_recovery",),
    "passkey": ("passkey_failed",),
}
METHODS = ("authenticator", "email", "sms")


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
            _passkey(),
            _recovery(),
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
    done = told_at("password_set", t("login.password_set"), "note", role="status")
    form = _form("address", ADDRESS, done, label, field, submit=t("login.continue"))
    return _step("address", form, _forgot())


def _forgot() -> rx.Component:
    return NativeLink.create(t("login.forgot"), href="/forgot-password", class_name="step-other")


def _password() -> rx.Component:
    who = rx.el.p(
        rx.el.span(SignInState.typed),
        NativeLink.create(t("login.change"), href="#address"),
        class_name="step-who",
    )
    for_managers = username_for_managers(SignInState.typed, name="username")
    label = rx.el.label(t("login.password"), html_for="field-password", class_name="label")
    field = password_input("password", "current-password", t("show"), t("hide"))
    form = _form("password", PASSWORD, who, for_managers, label, field, submit=t("login.sign_in"))
    return _step("password", form, _forgot())


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
    label = rx.el.label(t("login.code"), html_for="field-code", class_name="label")
    form = _form("code", CODE, label, field, _remember("code"), submit=t("login.continue"))
    resend = NativeForm.create(
        button(t("login.resend"), type="submit"),
        action=route(RESEND),
        method="post",
        class_name="step-resend",
    )
    return _step(
        "code",
        _extra(),
        *[_hint(method) for method in METHODS],
        rx.cond(SignInState.valid != "", rx.el.p(SignInState.valid, class_name="hint")),
        form,
        rx.cond(SignInState.method != "authenticator", resend),
        _ways_out(),
    )


def _hint(method: str) -> rx.Component:
    """What to type; the address names the method, and after a refusal the state still knows it."""
    on = SignInState.method == method
    return told_at(f"code-{method}", t(f"login.hint.{method}"), on=on)


def _passkey() -> rx.Component:
    form = NativeForm.create(
        rx.el.input(type="hidden", name="means", value="passkey"),
        rx.el.input(type="hidden", name="code"),
        _remember("passkey"),
        *_refusals("passkey"),
        PasskeySignIn.create(
            action=route(CHALLENGE),
            text=t("login.passkey"),
            failed_text=t("refused.passkey_failed"),
        ),
        action=route(CODE),
        method="post",
        class_name="step-form",
    )
    hint = rx.el.p(t("login.hint.passkey"), class_name="hint")
    return _step("passkey", _extra(), hint, form, _ways_out())


def _recovery() -> rx.Component:
    field = rx.el.input(
        id="field-recovery",
        name="code",
        type="text",
        auto_complete="off",
        max_length=60,
        required=True,
        class_name="input input-code",
    )
    form = _form(
        "recovery",
        CODE,
        rx.el.input(type="hidden", name="means", value="recovery"),
        rx.el.label(t("login.recovery_code"), html_for="field-recovery", class_name="label"),
        field,
        submit=t("login.continue"),
    )
    hint = rx.el.p(t("login.hint.recovery"), class_name="hint")
    return _step("recovery", _extra(), hint, form, _other())


def _extra() -> rx.Component:
    return rx.el.h2(t("login.extra"), class_name="card-title")


def _remember(step: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", name="remember", value="yes", id=f"remember-{step}"),
        t("login.remember"),
        class_name="step-remember",
    )


def _ways_out() -> rx.Component:
    recovery = NativeLink.create(t("login.use_recovery"), href="#recovery", class_name="step-other")
    return rx.el.p(recovery, _other(), class_name="step-ways")


def _other() -> rx.Component:
    return NativeLink.create(t("login.other"), href="#address", class_name="step-other")


def _step(name: str, *children: Any) -> rx.Component:
    return rx.el.section(*children, id=name, class_name=f"card step step-{name}")


def _form(name: str, action: str, *children: Any, submit: str) -> rx.Component:
    return NativeForm.create(
        *children,
        *_refusals(name),
        button(submit, "primary", type="submit"),
        action=route(action),
        method="post",
        class_name="step-form",
    )


def _refusals(name: str) -> list[rx.Component]:
    return [
        rx.el.p(_words(code), id=code, role="alert", class_name="problem")
        for code in REFUSALS[name]
    ]


def _words(code: str) -> Any:
    if code == "too_many_tries":
        return _too_many()
    return t(f"refused.{code}_soon" if code == "too_many_codes" else f"refused.{code}")


def _too_many() -> Any:
    return rx.cond(SignInState.wait != "", SignInState.wait, t("refused.too_many_tries_soon"))


def start_page() -> rx.Component:
    """The page at /, on the way elsewhere."""
    return rx.el.main(aria_busy="true")
