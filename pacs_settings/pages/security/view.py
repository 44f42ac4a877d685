"""Security on the page."""

import reflex as rx

from pacs_settings.core.accounts.second_factor.totp import MOST_DEVICES, Device
from pacs_settings.pages.security.password_view import password_card
from pacs_settings.pages.security.routes import LINK_DEVICE, NEW_DEVICE
from pacs_settings.pages.security.state import SecurityState
from pacs_settings.pages.shell.state import SessionState
from pacs_settings.pages.shell.view import route, settings_page
from pacs_settings.pages.texts import t
from pacs_settings.ui.components.button import button
from pacs_settings.ui.components.card import card
from pacs_settings.ui.components.feedback import alert, note, status
from pacs_settings.ui.components.field import code_input, field, text_input
from pacs_settings.ui.components.scripted import Choices, Enrolment, Form, Loaded, Moment


def section() -> rx.Component:
    """The page at /settings/security."""
    return settings_page(
        Loaded.create(_loaded(), when=SecurityState.loaded, lines=8),
        path="/settings/security",
        title=t("nav.security"),
        loaded=SecurityState.loaded,
    )


def _loaded() -> rx.Component:
    return rx.fragment(
        rx.cond(
            SessionState.must_enrol,
            note(rx.el.p(t("security.must_enrol")), tone="attention"),
        ),
        rx.cond(~SessionState.must_enrol, password_card()),
        _factors(),
    )


def _factors() -> rx.Component:
    return card(
        Choices.create(
            name="second-factor",
            label=t("security.factors"),
            value=SecurityState.chosen,
            options=rx.cond(SecurityState.mandatory, [_option("authenticator")], _options()),
            on_choose=SecurityState.choose,
        ),
        rx.cond(
            (SecurityState.chosen == "none") & (SecurityState.devices.length() > 0),
            _question(
                t("security.remove_all_question"),
                t("security.remove_all"),
                SecurityState.remove_all,
                SecurityState.choose("authenticator"),
            ),
        ),
        rx.cond(SecurityState.devices.length() > 0, _devices()),
        rx.cond(SecurityState.enrolling, _enrolment()),
        status(SecurityState.said),
        alert(SecurityState.problem),
        title=t("security.factors"),
        sentence=rx.cond(
            SecurityState.mandatory,
            t("security.factors_mandatory"),
            t("security.factors_hint"),
        ),
    )


def _options() -> list[list[str]]:
    return [_option("none"), _option("authenticator")]


def _option(method: str) -> list[str]:
    return [method, t(f"security.method.{method}"), t(f"security.method.{method}_hint")]


def _devices() -> rx.Component:
    full = SecurityState.devices.length() >= MOST_DEVICES
    return rx.el.div(
        rx.el.h3(t("security.devices"), class_name="card-subtitle", id="devices-label"),
        rx.el.ul(
            rx.foreach(SecurityState.devices, _device),
            aria_labelledby="devices-label",
            class_name="list",
        ),
        rx.cond(
            full,
            rx.el.p(t("security.devices_full", most=MOST_DEVICES), class_name="hint"),
            rx.cond(
                ~SecurityState.enrolling,
                button(t("security.add_device"), on_click=SecurityState.add_device(True)),
            ),
        ),
    )


def _device(device: rx.Var[Device]) -> rx.Component:
    last = SecurityState.mandatory & (SecurityState.devices.length() == 1)
    remove = button(
        t("security.remove"),
        aria_label=t("security.remove_named", name=device.name),
        on_click=SecurityState.ask_removal(device.id),
    )
    question = _question(
        t("security.remove_question", name=device.name),
        t("security.remove_named", name=device.name),
        SecurityState.remove(device.id),
        SecurityState.ask_removal(0),
    )
    return rx.el.li(
        rx.el.div(
            rx.el.span(device.name, class_name="label"),
            rx.el.span(
                t("security.linked"),
                " ",
                Moment.create(iso=device.linked_at),
                class_name="hint",
            ),
            class_name="row-words",
        ),
        rx.cond(
            last,
            rx.el.span(t("security.last_device"), class_name="hint"),
            rx.cond(SecurityState.asked == device.id, question, remove),
        ),
        key=device.id,
        class_name="list-item",
    )


def _question(
    text: rx.Var[str] | str,
    verb: rx.Var[str] | str,
    do: rx.event.EventType[()],
    keep: rx.event.EventType[()],
) -> rx.Component:
    return rx.el.div(
        rx.el.p(text),
        rx.el.div(
            button(verb, "danger", on_click=do),
            button(t("security.keep"), on_click=keep, auto_focus=True),
            class_name="actions",
        ),
        class_name="question",
        role="group",
    )


def _enrolment() -> rx.Component:
    return Form.create(
        rx.el.h3(t("security.link_title"), class_name="card-subtitle"),
        rx.el.p(t("security.link_hint"), class_name="hint"),
        Enrolment.create(
            action=route(NEW_DEVICE),
            image_text=t("security.qr"),
            secret_text=t("security.secret"),
            wait_text=t("wait"),
            failed_text=t("refused.not_saved"),
        ),
        field(
            t("security.device_name"),
            "name",
            text_input("name", hint=True, max_length=60, required=True, auto_complete="off"),
            hint=t("security.device_name_hint"),
        ),
        field(
            t("login.code"),
            "code",
            code_input("code", hint=True),
            hint=t("security.code_hint"),
        ),
        rx.el.div(
            button(t("security.link"), "primary", type="submit"),
            button(t("cancel"), on_click=SecurityState.add_device(False)),
            class_name="actions",
        ),
        action=route(LINK_DEVICE),
        emptied="code",
        failed_text=t("refused.not_saved"),
        on_done=SecurityState.device_linked,
    )
