"""Security on the page."""

import reflex as rx

from pacs_settings.pages.security.factors_view import factors_card, recovery_card
from pacs_settings.pages.security.password_view import password_card
from pacs_settings.pages.security.sessions_view import sessions_cards
from pacs_settings.pages.security.state import SecurityState
from pacs_settings.pages.shell.state import SessionState
from pacs_settings.pages.shell.view import settings_page
from pacs_settings.pages.texts import t
from pacs_settings.ui.components.feedback import note
from pacs_settings.ui.components.scripted import Loaded


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
            password_card(),
        ),
        factors_card(),
        rx.cond(SecurityState.method != "none", recovery_card()),
        rx.cond(~SessionState.must_enrol, sessions_cards()),
    )
