"""The password on the security page."""

import reflex as rx

from pacs_settings.pages.security.routes import PASSWORD, STRENGTH
from pacs_settings.pages.security.state import SecurityState
from pacs_settings.pages.shell.view import route
from pacs_settings.pages.texts import t
from pacs_settings.ui.components.button import button
from pacs_settings.ui.components.card import card
from pacs_settings.ui.components.feedback import status
from pacs_settings.ui.components.field import field, password_input, username_for_managers
from pacs_settings.ui.components.scripted import Form, StrengthMeter

FIELDS = (
    ("current", "current-password"),
    ("new", "new-password"),
    ("again", "new-password"),
)


def password_card() -> rx.Component:
    """Change the password, or whom to ask where a directory keeps it."""
    return rx.cond(
        SecurityState.domain != "",
        card(
            rx.el.p(t("security.directory", domain=SecurityState.domain)),
            title=t("security.password"),
        ),
        card(
            rx.cond(
                SecurityState.changing,
                _form(),
                button(t("security.change"), on_click=SecurityState.open_password),
            ),
            status(SecurityState.said_password),
            title=t("security.password"),
            sentence=t("security.password_hint"),
        ),
    )


def _form() -> rx.Component:
    hints = {"new": t("security.new_hint", minimum=SecurityState.minimum)}
    words = [t(f"strength.{score}") for score in range(5)]
    meter = StrengthMeter.create(
        action=route(STRENGTH), name="new", label=t("strength.label"), words=words
    )
    return Form.create(
        username_for_managers(SecurityState.username),
        *[
            field(
                t(f"security.{name}"),
                name,
                password_input(name, kind, t("show"), t("hide"), hint=name in hints),
                hint=hints.get(name, ""),
                extra=meter if name == "new" else None,
            )
            for name, kind in FIELDS
        ],
        rx.el.div(
            button(t("security.change"), "primary", type="submit"),
            button(t("cancel"), on_click=SecurityState.close_password),
            class_name="actions",
        ),
        action=route(PASSWORD),
        label=t("security.change"),
        emptied="all",
        failed_text=t("refused.not_saved"),
        on_done=SecurityState.password_changed,
    )
