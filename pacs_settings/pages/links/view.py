"""The pages that links of mails lead to, and the one that asks for a link; without scripts too."""

from typing import Any

import reflex as rx

from pacs_settings.access import link_routes
from pacs_settings.core import mail_links
from pacs_settings.pages.links.state import LinkState
from pacs_settings.pages.shell.view import language_choice, route
from pacs_settings.pages.texts import t
from pacs_settings.ui.components import frame
from pacs_settings.ui.components.button import button
from pacs_settings.ui.components.feedback import note, told_at
from pacs_settings.ui.components.field import password_input, username_for_managers
from pacs_settings.ui.components.scripted import ConnectionLine, NativeForm, NativeLink, StepFocus

WAITS = "main-waits"  # with scripts nothing is shown until it is known whether the link works
PASSWORD_REFUSALS = (
    "wrong_code",
    "too_many_codes",
    "locked",
    "password_too_short",
    "password_too_long",
    "password_known",
    "password_context",
    "password_repeats",
    "password_mismatch",
    "link_expired",
)


def forgot_page() -> rx.Component:
    """The page at /forgot-password."""
    field = rx.el.input(
        id="field-email",
        name="email",
        type="email",
        auto_complete="username",
        auto_focus=True,
        required=True,
        max_length=254,
        class_name="input",
    )
    return _page(
        t("forgot.title"),
        rx.el.section(
            rx.el.p(t("forgot.hint"), class_name="hint"),
            _told("sent", t("forgot.sent")),
            _form(
                link_routes.FORGOT,
                rx.el.label(t("login.email"), html_for="field-email", class_name="label"),
                field,
                *_refusals("not_an_address", "too_many_codes"),
                submit=t("forgot.send"),
            ),
            NativeLink.create(t("login.back"), href="/login", class_name="step-other"),
            class_name="card step step-address",
        ),
    )


def reset_page() -> rx.Component:
    """The page at /reset-password."""
    return _password_page(mail_links.RESET, t("reset.title"), t("reset.hint"), t("reset.set"))


def activation_page() -> rx.Component:
    """The page at /activate."""
    return _password_page(
        mail_links.ACTIVATION, t("activate.title"), t("activate.hint"), t("activate.activate")
    )


def lock_page() -> rx.Component:
    """The page at /lock-account."""
    lock = NativeForm.create(
        button(t("lock.lock"), "danger", type="submit"),
        action=route(link_routes.LOCK),
        method="post",
        class_name="step-form",
    )
    return _page(
        t("lock.title"),
        rx.el.section(
            _told("locked", t("lock.locked")),
            rx.cond(
                LinkState.works | ~LinkState.loaded,
                rx.fragment(
                    *_refusals("link_expired"),
                    _who(),
                    rx.el.p(t("lock.hint"), class_name="hint"),
                    lock,
                ),
                rx.el.p(t("lock.expired"), class_name="note note-attention step-mark step-mark-on"),
            ),
            class_name="card step step-address",
        ),
        waits=WAITS,
    )


def stop_page() -> rx.Component:
    """The page at /unsubscribe; its address tells which e-mails, and whether they have stopped."""
    return _page(
        t("stop.title"),
        rx.el.section(
            _told("stopped", t("stop.stopped")),
            _told("study", t("stop.study")),
            _told("report", t("stop.report")),
            *_refusals("unsubscribe_invalid"),
            _form(link_routes.STOP, submit=t("stop.stop")),
            NativeLink.create(
                t("stop.settings"), href="/settings/mappings", class_name="step-other"
            ),
            class_name="card step step-address",
        ),
    )


def _password_page(purpose: str, title: str, hint: str, submit: str) -> rx.Component:
    return _page(
        title,
        rx.cond(
            LinkState.loaded & ~LinkState.works,
            _expired(),
            rx.el.section(
                rx.el.p(hint, class_name="hint"),
                _who(),
                _told("sent", t("reset.sent")),
                _send(purpose),
                _set(purpose, submit),
                class_name="card step step-address",
            ),
        ),
        waits=WAITS,
    )


def _expired() -> rx.Component:
    return note(
        rx.el.p(t("refused.link_expired")),
        NativeLink.create(t("forgot.title"), href="/forgot-password"),
        tone="attention",
    )


def _send(purpose: str) -> rx.Component:
    where = rx.cond(LinkState.by_text_message, t("reset.by_text"), t("reset.by_mail"))
    return NativeForm.create(
        _purpose(purpose),
        rx.el.p(where, class_name="hint"),
        button(t("reset.send_code"), type="submit"),
        action=route(link_routes.CODE),
        method="post",
        class_name="step-form",
    )


def _set(purpose: str, submit: str) -> rx.Component:
    code = rx.el.input(
        id="field-code",
        name="code",
        type="text",
        auto_complete="one-time-code",
        input_mode="numeric",
        max_length=40,
        required=True,
        class_name="input input-code",
    )
    passwords = [
        part
        for name in ("new", "again")
        for part in (
            rx.el.label(t(f"security.{name}"), html_for=f"field-{name}", class_name="label"),
            password_input(name, "new-password", t("show"), t("hide")),
        )
    ]
    minimum = rx.cond(
        LinkState.minimum > 0,
        rx.el.p(t("security.new_hint", minimum=LinkState.minimum), class_name="hint"),
    )
    return _form(
        link_routes.PASSWORD,
        _purpose(purpose),
        username_for_managers(LinkState.username, name="username"),
        rx.el.label(t("login.code"), html_for="field-code", class_name="label"),
        code,
        minimum,
        *passwords,
        *_refusals(*PASSWORD_REFUSALS),
        submit=submit,
    )


def _who() -> rx.Component:
    return rx.el.p(LinkState.username, class_name="step-who")


def _purpose(purpose: str) -> rx.Component:
    return rx.el.input(type="hidden", name="purpose", value=purpose)


def _told(anchor: str, text: str) -> rx.Component:
    """A success that the address names."""
    return told_at(anchor, text, "note", role="status")


def _refusals(*codes: str) -> list[rx.Component]:
    return [
        rx.el.p(
            _words(code),
            id=code,
            role="alert",
            class_name="problem",
            custom_attrs={"data-field": _field(code)},
        )
        for code in codes
    ]


def _field(code: str) -> str:
    """Which field a refusal is about; empty for the first one."""
    if not code.startswith("password_"):
        return ""
    return "again" if code == "password_mismatch" else "new"


def _words(code: str) -> Any:
    if code == "too_many_codes":
        return t("refused.too_many_codes_soon")
    text = t(f"refused.{code}", minimum=LinkState.minimum, maximum=256)
    if code != "password_too_short":
        return text
    # Before the page knows how many: without scripts it never does.
    return rx.cond(LinkState.minimum > 0, text, t("refused.password_too_short_here"))


def _form(action: str, *children: Any, submit: str) -> rx.Component:
    return NativeForm.create(
        *children,
        button(submit, "primary", type="submit"),
        action=route(action),
        method="post",
        class_name="step-form",
    )


def _page(title: str, *children: Any, waits: str = "") -> rx.Component:
    return rx.fragment(
        ConnectionLine.create(text=t("shell.disconnected")),
        frame.bar(language_choice(), product=t("product"), home="/login", banner=t("shell.demo")),
        rx.el.main(
            rx.el.h1(title, class_name="page-title"),
            *children,
            StepFocus.create(ready=LinkState.loaded),
            aria_busy=rx.cond(LinkState.loaded, "false", "true"),
            class_name=f"main main-narrow {waits}",
        ),
    )


PAGES = {
    "forgot-password": (forgot_page, t("forgot.title"), LinkState.load_nothing),
    "reset-password": (reset_page, t("reset.title"), LinkState.load_reset),
    "activate": (activation_page, t("activate.title"), LinkState.load_activation),
    "lock-account": (lock_page, t("lock.title"), LinkState.load_lock),
    "unsubscribe": (stop_page, t("stop.title"), LinkState.load_nothing),
}
