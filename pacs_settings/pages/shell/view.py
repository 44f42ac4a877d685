"""The frame around every page: bar, navigation, warnings."""

from typing import Any

import reflex as rx

from pacs_settings.access import proof_routes
from pacs_settings.access.sign_in_routes import LANGUAGE, RENEW, SIGN_OUT, START
from pacs_settings.access.state import AccessState
from pacs_settings.config import LANGUAGES, config
from pacs_settings.locale import text
from pacs_settings.pages.shell.state import SessionState
from pacs_settings.pages.texts import t
from pacs_settings.ui.components import frame
from pacs_settings.ui.components.button import button
from pacs_settings.ui.components.feedback import note
from pacs_settings.ui.components.scripted import (
    ConnectionLine,
    FocusKeeper,
    LanguageSelect,
    LeaveWhen,
    NativeForm,
    ProofDialog,
    SessionWarning,
)


def route(path: str) -> str:
    """Address of one of our HTTP routes as seen from the page."""
    return f"{config().routes_url}{path}"


def language_choice() -> rx.Component:
    """The choice of language."""
    return LanguageSelect.create(
        action=route(LANGUAGE),
        label=t("shell.language"),
        hint=t("shell.language_hint"),
        current=config().lang,
        options=[[code, text(code, "language.own_name")] for code in LANGUAGES],
        change_text=t("shell.language_change"),
    )


def settings_page(*children: Any, path: str, title: str, loaded: Any) -> rx.Component:
    """A section of the settings in its frame; `loaded` once its data is in."""
    side = frame.navigation(t("nav.label"), _links(), path)
    return portal_page(*children, title=title, loaded=loaded, side=side)


def portal_page(*children: Any, title: str, loaded: Any, side: Any = None) -> rx.Component:
    """A page of whoever is signed in, in its frame; `loaded` once its data is in."""
    ready = SessionState.loaded & loaded
    return rx.fragment(
        ConnectionLine.create(text=t("shell.disconnected")),
        _bar(),
        frame.page(
            rx.cond(
                SessionState.trouble | AccessState.away,
                note(t("refused.not_saved"), tone="danger", role="alert"),
            ),
            *children,
            title=title,
            busy=~ready,
            side=side,
        ),
        _session_warning(),
        _proof(),
        FocusKeeper.create(),
        LeaveWhen.create(ended=AccessState.ended, to="/login"),
    )


def _bar() -> rx.Component:
    cogwheel = rx.el.a(
        frame.icon("/icons/cogwheel.svg", 20),
        rx.el.span(t("nav.label")),
        href=START,
        class_name="bar-link",
        aria_label=t("nav.label"),
    )
    favorites = rx.el.a(
        frame.icon("/icons/star.svg", 20),
        rx.el.span(t("nav.favorites")),
        href="/favorites",
        class_name="bar-link",
        aria_label=t("nav.favorites"),
    )
    reports = rx.el.a(
        frame.icon("/icons/report.svg", 20),
        rx.el.span(t("nav.reports")),
        href="/reports",
        class_name="bar-link",
        aria_label=t("nav.reports"),
    )
    sign_out = NativeForm.create(
        button(t("shell.sign_out"), "quiet", type="submit"),
        action=route(SIGN_OUT),
        method="post",
    )
    return frame.bar(
        rx.el.span(SessionState.name, class_name="bar-name"),
        language_choice(),
        rx.cond(SessionState.may_report, reports),
        rx.cond(SessionState.must_enrol, rx.fragment(), favorites),
        cogwheel,
        sign_out,
        product=t("product"),
        home=START,
        banner=t("shell.demo"),
    )


def _links() -> list[frame.Link]:
    free = ~SessionState.must_enrol
    return [
        frame.Link(t("nav.personal"), "/settings/personal", free),
        frame.Link(t("nav.security"), "/settings/security"),
        frame.Link(t("nav.privacy"), "/settings/privacy", free),
        frame.Link(t("nav.mappings"), "/settings/mappings", free),
        frame.Link(t("nav.signature"), "/settings/signature", SessionState.may_sign),
    ]


def _session_warning() -> rx.Component:
    return SessionWarning.create(
        seconds_left=SessionState.seconds_left,
        answer=SessionState.answer,
        absolute=SessionState.absolute,
        title=t("session.title"),
        text=t("session.text"),
        less_text=t("session.less"),
        absolute_text=t("session.absolute"),
        stay_text=t("session.stay"),
        renew_action=route(RENEW),
        leave_to="/login",
        on_stay=SessionState.stay,
    )


def _proof() -> rx.Component:
    keys = ("title", "hint", "confirm", "use_code", "use_password", "use_passkey")
    return ProofDialog.create(
        asked=AccessState.proof_asked,
        method=SessionState.method,
        actions={
            "password": route(proof_routes.PASSWORD),
            "begin": route(proof_routes.BEGIN),
            "code": route(proof_routes.CODE),
        },
        texts={
            **{_camel(key): t(f"proof.{key}") for key in keys},
            "password": t("login.password"),
            "code": t("login.code"),
            "resend": t("login.resend"),
            "sent": {method: t(f"security.sent.{method}") for method in ("email", "sms")},
            "failed": t("refused.not_saved"),
            "cancel": t("cancel"),
            "show": t("show"),
            "hide": t("hide"),
        },
        on_proven=AccessState.proven,
    )


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(part.title() for part in rest)
