"""The list of reports on the page."""

import reflex as rx
from reflex_components_core.react_router import ReactRouterLink

from pacs_settings.core.tables import ReportState as State
from pacs_settings.pages.reports.list_state import ReportsState, Row
from pacs_settings.pages.shell.view import portal_page
from pacs_settings.pages.texts import t
from pacs_settings.ui.components.button import button
from pacs_settings.ui.components.card import card
from pacs_settings.ui.components.feedback import empty
from pacs_settings.ui.components.scripted import Loaded, Moment

COLUMNS = ("studied_on", "description", "source", "accession", "patient", "state", "changed")


def section() -> rx.Component:
    """The page at /reports."""
    return portal_page(
        Loaded.create(_reports(), when=ReportsState.loaded, lines=12),
        title=t("nav.reports"),
        loaded=ReportsState.loaded,
    )


def _reports() -> rx.Component:
    return card(
        _filter(),
        rx.cond(
            ReportsState.total > 0,
            rx.fragment(_table(), _pager()),
            rx.cond(
                ReportsState.chosen != "",
                empty(t("reports.none_found"), t("reports.none_found_hint")),
                empty(t("reports.empty"), t("reports.empty_hint")),
            ),
        ),
        title=t("reports.title"),
        sentence=t("reports.sentence"),
        variant="wide",
    )


def _filter() -> rx.Component:
    options = [("", t("reports.state.all")), *((s, t(f"reports.state.{s}")) for s in State)]
    return rx.el.div(
        rx.el.label(t("reports.state"), html_for="reports-state", class_name="label"),
        rx.el.select(
            *[rx.el.option(text, value=str(code)) for code, text in options],
            id="reports-state",
            class_name="select",
            value=ReportsState.chosen,
            on_change=ReportsState.show_state,
        ),
        class_name="filter",
    )


def _table() -> rx.Component:
    headings = [rx.el.th(t(f"reports.{name}"), scope="col") for name in COLUMNS]
    return rx.el.div(
        rx.el.table(
            rx.el.caption(t("nav.reports"), class_name="visually-hidden"),
            rx.el.thead(rx.el.tr(*headings)),
            rx.el.tbody(rx.foreach(ReportsState.rows, _row)),
            class_name="table",
        ),
        class_name="table-scroll",
        tab_index=0,
        role="region",
        aria_label=t("reports.region"),
    )


def _row(row: rx.Var[Row]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(rx.cond(row.studied_on != "", row.studied_on, "–"), class_name="figures"),
        rx.el.td(
            ReactRouterLink.create(row.description, to=f"/reports/{row.id}"),
            class_name="table-wraps",
        ),
        rx.el.td(row.source),
        rx.el.td(row.accession_number, class_name="figures"),
        rx.el.td(row.patient),
        rx.el.td(rx.el.span(row.state_name, class_name="tag")),
        rx.el.td(Moment.create(iso=row.changed_at), class_name="figures"),
        key=row.id,
    )


def _pager() -> rx.Component:
    def turn(key: str, step: int, stop: rx.Var[bool]) -> rx.Component:
        return button(t(key), on_click=ReportsState.turn_page(step), off=stop)

    return rx.cond(
        ReportsState.pages > 1,
        rx.el.nav(
            turn("mappings.previous", -1, ReportsState.number <= 1),
            rx.el.span(
                t("mappings.page", number=ReportsState.number, pages=ReportsState.pages),
                class_name="figures",
            ),
            turn("mappings.next", 1, ReportsState.number >= ReportsState.pages),
            aria_label=t("reports.pager"),
            class_name="pager",
        ),
    )
