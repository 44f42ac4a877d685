"""Privacy settings on the page."""

import reflex as rx

from pacs_settings.pages.privacy.state import PrivacyState
from pacs_settings.pages.shell.view import settings_page
from pacs_settings.pages.texts import leave_texts, t
from pacs_settings.ui.components.button import button
from pacs_settings.ui.components.card import card, row
from pacs_settings.ui.components.feedback import alert, status
from pacs_settings.ui.components.scripted import LeaveGuard, Loaded, Switch


def section() -> rx.Component:
    """The page at /settings/privacy."""
    return settings_page(
        Loaded.create(_switches(), _preview(), when=PrivacyState.loaded, lines=8),
        path="/settings/privacy",
        title=t("nav.privacy"),
        loaded=PrivacyState.loaded,
    )


def _switches() -> rx.Component:
    lines = (
        ("contact", PrivacyState.contact),
        ("email", PrivacyState.email),
        ("mobile", PrivacyState.mobile),
    )
    return card(
        *[_line(name, value) for name, value in lines],
        alert(PrivacyState.problem),
        rx.el.div(
            button(
                t("privacy.save"),
                "primary",
                on_click=PrivacyState.save,
                off=~PrivacyState.changed,
            ),
            status(PrivacyState.said),
            class_name="actions",
        ),
        LeaveGuard.create(
            when=PrivacyState.changed,
            **{_snake(k): v for k, v in leave_texts().items()},
        ),
        title=t("privacy.title"),
        sentence=t("privacy.sentence"),
    )


def _snake(name: str) -> str:
    return name.replace("Text", "_text")


def _line(name: str, value: rx.Var[bool]) -> rx.Component:
    return row(
        t(f"privacy.{name}"),
        Switch.create(
            checked=value,
            label=t(f"privacy.{name}"),
            described_by=f"hint-{name}",
            name=name,
            answer=rx.cond(PrivacyState.answered == name, PrivacyState.answer, 0),
            on_toggle=lambda on: PrivacyState.toggle(name, on),
        ),
        sentence=t(f"privacy.{name}_hint"),
        hint_id=f"hint-{name}",
    )


def _preview() -> rx.Component:
    def line(key: str, value: rx.Var[str]) -> rx.Component:
        return rx.cond(value != "", rx.el.div(rx.el.dt(t(f"privacy.card.{key}")), rx.el.dd(value)))

    return card(
        rx.el.p(PrivacyState.found, class_name="preview-found", aria_live="polite"),
        rx.cond(
            (PrivacyState.card_name != "")
            | (PrivacyState.card_email != "")
            | (PrivacyState.card_mobile != ""),
            rx.el.dl(
                line("name", PrivacyState.card_name),
                rx.foreach(
                    PrivacyState.card_numbers,
                    lambda value: rx.el.div(
                        rx.el.dt(t("privacy.card.number")), rx.el.dd(value), key=value
                    ),
                ),
                line("email", PrivacyState.card_email),
                line("mobile", PrivacyState.card_mobile),
                class_name="preview",
            ),
        ),
        title=t("privacy.preview"),
        sentence=t("privacy.preview_hint"),
        role="region",
        aria_label=t("privacy.preview"),
    )
