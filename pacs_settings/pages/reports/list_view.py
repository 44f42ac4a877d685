"""The list of reports on the page."""

import reflex as rx
from reflex_components_core.react_router import ReactRouterLink

from pacs_settings.core.tables import ReportState as State
from pacs_settings.pages.reports.list_state import ReportsState, Row
from pacs_settings.pages.shell.view import portal_page
from pacs_settings.pages.texts import t
from pacs_settings.ui.components.card import card
from pacs_settings.ui.components.feedback import empty
from pacs_settings.ui.components.scripted import Loaded, Moment
from pacs_settings.ui.components.table import pager, table

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
    rows = rx.foreach(ReportsState.rows, _row)
    return table(headings, rows, caption=t("nav.reports"), region=t("reports.region"))


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
    number, pages = ReportsState.number, ReportsState.pages
    return pager(
        number,
        pages,
        ReportsState.turn_page,
        {
            "label": t("reports.pager"),
            "previous": t("mappings.previous"),
            "page": t("mappings.page", number=number, pages=pages),
            "next": t("mappings.next"),
        },
    )
