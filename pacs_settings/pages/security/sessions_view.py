"""Sessions and remembered browsers on the security page."""

import reflex as rx

from pacs_settings.access.sign_in_routes import SIGN_OUT
from pacs_settings.core.accounts.remembered import Browser
from pacs_settings.pages.security.sessions_state import Line, SessionsState
from pacs_settings.pages.shell.view import route
from pacs_settings.pages.texts import t
from pacs_settings.ui.components.button import button
from pacs_settings.ui.components.card import card
from pacs_settings.ui.components.feedback import alert, empty, facts, pair, status
from pacs_settings.ui.components.scripted import Moment, NativeForm


def sessions_cards() -> rx.Component:
    """Where the account is signed in, and where the second factor is not asked."""
    return rx.fragment(_sessions(), _browsers())


def _sessions() -> rx.Component:
    return card(
        rx.el.ul(
            rx.foreach(SessionsState.lines, _session),
            aria_label=t("security.sessions"),
            class_name="list",
        ),
        rx.cond(
            SessionsState.lines.length() > 1,
            button(t("security.end_others"), "danger", on_click=SessionsState.end_others),
            rx.el.p(t("security.no_others"), class_name="hint"),
        ),
        status(SessionsState.said),
        alert(SessionsState.problem),
        title=t("security.sessions"),
        sentence=t("security.sessions_hint"),
    )


def _session(line: rx.Var[Line]) -> rx.Component:
    about = rx.el.div(
        rx.el.span(
            line.device,
            rx.cond(line.here, rx.el.span(t("security.this_session"), class_name="tag")),
            class_name="label",
        ),
        facts(
            [line.address],
            [t("security.started"), Moment.create(iso=line.started_at)],
            [t("security.used"), Moment.create(iso=line.used_at)],
        ),
        class_name="row-words",
    )
    leave = NativeForm.create(
        button(t("security.end_session"), type="submit"), action=route(SIGN_OUT), method="post"
    )
    end = button(t("security.end_session"), on_click=SessionsState.end(line.id))
    return rx.el.li(about, rx.cond(line.here, leave, end), key=line.id, class_name="list-item")


def _browsers() -> rx.Component:
    return card(
        rx.cond(
            SessionsState.browsers.length() > 0,
            rx.el.ul(
                rx.foreach(SessionsState.browsers, _browser),
                aria_label=t("security.browsers"),
                class_name="list",
            ),
            empty(t("security.browsers_none"), t("security.browsers_none_hint")),
        ),
        title=t("security.browsers"),
        sentence=t("security.browsers_hint"),
    )


def _browser(browser: rx.Var[Browser]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            pair(browser.browser, browser.system, class_name="label"),
            facts(
                [browser.address],
                [t("security.until"), Moment.create(iso=browser.until)],
            ),
            class_name="row-words",
        ),
        button(t("security.forget"), on_click=SessionsState.forget(browser.id)),
        key=browser.id,
        class_name="list-item",
    )
