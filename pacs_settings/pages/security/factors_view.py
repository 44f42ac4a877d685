"""The second factor on the security page: the choice, and what belongs to each method."""

import reflex as rx

from pacs_settings.core.accounts.second_factor.passkeys import MOST_PASSKEYS, Key
from pacs_settings.core.accounts.second_factor.totp import MOST_DEVICES, Device
from pacs_settings.pages.mobile.view import mobile_form
from pacs_settings.pages.security import routes
from pacs_settings.pages.security.state import SecurityState
from pacs_settings.pages.shell.view import route
from pacs_settings.pages.texts import t
from pacs_settings.ui.components.button import button
from pacs_settings.ui.components.card import card
from pacs_settings.ui.components.feedback import alert, note, status
from pacs_settings.ui.components.field import code_input, field, text_input
from pacs_settings.ui.components.scripted import (
    Choices,
    Enrolment,
    Form,
    Moment,
    PasskeyEnrolment,
    RecoveryCodes,
)


def factors_card() -> rx.Component:
    """Choose a second factor, see and change what belongs to it."""
    return card(
        Choices.create(
            name="second-factor",
            label=t("security.factors"),
            value=SecurityState.chosen,
            options=SecurityState.options,
            on_choose=SecurityState.choose,
        ),
        rx.cond(
            (SecurityState.chosen == "none") & (SecurityState.method != "none"),
            question(
                t("security.do_without_question"),
                t("security.do_without"),
                SecurityState.do_without,
                SecurityState.give_up,
            ),
        ),
        rx.cond(_replaces(), note(rx.el.p(t("security.replaces")), tone="attention")),
        rx.cond(SecurityState.devices.length() > 0, _devices()),
        rx.cond(SecurityState.passkeys.length() > 0, _passkeys()),
        rx.match(
            SecurityState.form,
            ("authenticator", _enrolment()),
            ("passkey", _new_passkey()),
            ("email", _code_form()),
            ("sms", _code_form()),
            ("mobile", mobile_form(t("security.mobile_first"), SecurityState.choose("sms"))),
            rx.fragment(),
        ),
        status(SecurityState.said),
        alert(SecurityState.problem),
        title=t("security.factors"),
        sentence=rx.cond(
            SecurityState.mandatory, t("security.factors_mandatory"), t("security.factors_hint")
        ),
    )


def recovery_card() -> rx.Component:
    """Recovery codes, for the day that the second factor is lost."""
    return card(
        rx.el.p(t("security.recovery_left", left=SecurityState.recovery_left), class_name="hint"),
        rx.cond(
            SecurityState.recovery_left <= 3,
            note(rx.el.p(t("security.recovery_few")), tone="attention"),
        ),
        RecoveryCodes.create(
            action=route(routes.RECOVERY),
            text=t("security.recovery_new"),
            label=t("security.recovery"),
            hint=t("security.recovery_once"),
            failed_text=t("refused.not_saved"),
            on_done=SecurityState.recovery_renewed,
        ),
        title=t("security.recovery"),
        sentence=t("security.recovery_hint"),
    )


def question(
    text: rx.Var[str] | str,
    verb: rx.Var[str] | str,
    do: rx.event.EventType[()],
    keep: rx.event.EventType[()],
) -> rx.Component:
    """Asks before something goes: says what will happen, and offers the verb."""
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


def _replaces() -> rx.Var[bool]:
    another = (SecurityState.form != "") & (SecurityState.form != SecurityState.method)
    return another & (SecurityState.method != "none") & (SecurityState.form != "mobile")


def _devices() -> rx.Component:
    return _list(
        t("security.devices"),
        "devices-label",
        rx.foreach(SecurityState.devices, _device),
        rx.cond(
            SecurityState.devices.length() >= MOST_DEVICES,
            rx.el.p(t("security.devices_full", most=MOST_DEVICES), class_name="hint"),
            _adder(t("security.add_device")),
        ),
    )


def _passkeys() -> rx.Component:
    return _list(
        t("security.passkeys"),
        "passkeys-label",
        rx.foreach(SecurityState.passkeys, _passkey),
        rx.cond(SecurityState.passkeys.length() < MOST_PASSKEYS, _adder(t("security.add_passkey"))),
    )


def _adder(text: str) -> rx.Component:
    return rx.cond(SecurityState.form == "", button(text, on_click=SecurityState.add))


def _list(title: str, label: str, rows: rx.Component, after: rx.Component) -> rx.Component:
    return rx.el.div(
        rx.el.h3(title, class_name="card-subtitle", id=label),
        rx.el.ul(rows, aria_labelledby=label, class_name="list"),
        after,
    )


def _device(device: rx.Var[Device]) -> rx.Component:
    return _line(device, SecurityState.devices.length() == 1, SecurityState.remove(device.id))


def _passkey(key: rx.Var[Key]) -> rx.Component:
    return _line(key, SecurityState.passkeys.length() == 1, SecurityState.remove_passkey(key.id))


def _line(
    device: rx.Var[Device] | rx.Var[Key], only: rx.Var[bool], remove: rx.event.EventType[()]
) -> rx.Component:
    ask = button(
        t("security.remove"),
        aria_label=t("security.remove_named", name=device.name),
        on_click=SecurityState.ask_removal(device.id),
    )
    asked = question(
        rx.cond(
            only,
            t("security.do_without_question"),
            t("security.remove_question", name=device.name),
        ),
        t("security.remove_named", name=device.name),
        remove,
        SecurityState.ask_removal(0),
    )
    since = Moment.create(iso=device.linked_at)
    return rx.el.li(
        rx.el.div(
            rx.el.span(device.name, class_name="label"),
            rx.el.span(t("security.linked"), " ", since, class_name="hint"),
            class_name="row-words",
        ),
        rx.cond(
            only & SecurityState.mandatory,
            rx.el.span(t("security.last_device"), class_name="hint"),
            rx.cond(SecurityState.asked == device.id, asked, ask),
        ),
        key=device.id,
        class_name="list-item",
    )


def _enrolment() -> rx.Component:
    return Form.create(
        rx.el.h3(t("security.link_title"), class_name="card-subtitle"),
        rx.el.p(t("security.link_hint"), class_name="hint"),
        Enrolment.create(
            action=route(routes.NEW_DEVICE),
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
        field(t("login.code"), "code", code_input("code", hint=True), hint=t("security.code_hint")),
        _actions(t("security.link")),
        action=route(routes.LINK_DEVICE),
        emptied="code",
        failed_text=t("refused.not_saved"),
        on_done=SecurityState.added,
    )


def _new_passkey() -> rx.Component:
    return PasskeyEnrolment.create(
        begin_action=route(routes.NEW_PASSKEY),
        action=route(routes.ADD_PASSKEY),
        text=t("security.add_passkey"),
        label=t("security.passkey_name"),
        hint=t("security.passkey_name_hint"),
        failed_text=t("refused.passkey_failed"),
        cancel_text=t("cancel"),
        on_done=SecurityState.added,
        on_cancel=SecurityState.give_up,
    )


def _code_form() -> rx.Component:
    return Form.create(
        rx.el.input(type="hidden", name="method", value=SecurityState.form, read_only=True),
        field(t("login.code"), "code", code_input("code", hint=True), hint=t("security.sent_hint")),
        _actions(t("proof.confirm"), button(t("login.resend"), on_click=SecurityState.send_again)),
        action=route(routes.CONFIRM_METHOD),
        emptied="code",
        failed_text=t("refused.not_saved"),
        on_done=SecurityState.added,
    )


def _actions(submit: str, *more: rx.Component) -> rx.Component:
    return rx.el.div(
        button(submit, "primary", type="submit"),
        *more,
        button(t("cancel"), on_click=SecurityState.give_up),
        class_name="actions",
    )
