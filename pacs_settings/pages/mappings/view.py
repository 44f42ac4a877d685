"""Mappings on the page."""

import reflex as rx

from pacs_settings.core.mappings import Line, Order
from pacs_settings.pages.mappings.line_state import LineState
from pacs_settings.pages.mappings.line_view import why_dialog
from pacs_settings.pages.mappings.state import MappingsState
from pacs_settings.pages.shell.view import settings_page
from pacs_settings.pages.texts import t
from pacs_settings.ui.components.button import button
from pacs_settings.ui.components.card import card, row
from pacs_settings.ui.components.feedback import alert, empty, facts, status
from pacs_settings.ui.components.scripted import Chooser, Loaded, Switch
from pacs_settings.ui.components.table import pager, table


def section() -> rx.Component:
    """The page at /settings/mappings."""
    return settings_page(
        Loaded.create(
            _lines(), _defaults(), _shared(), why_dialog(), when=MappingsState.loaded, lines=14
        ),
        path="/settings/mappings",
        title=t("nav.mappings"),
        loaded=MappingsState.loaded,
    )


def _lines() -> rx.Component:
    return card(
        rx.el.div(_filter(), _told(), class_name="table-tools"),
        rx.cond(
            MappingsState.total > 0,
            rx.fragment(Chooser.create(_table(), on_choose=LineState.explain), _pager()),
            rx.cond(
                MappingsState.text != "",
                empty(t("mappings.none_found"), t("mappings.none_found_hint")),
                empty(t("mappings.empty"), t("mappings.empty_hint")),
            ),
        ),
        title=t("mappings.title"),
        sentence=t("mappings.sentence"),
        variant="wide",
    )


def _told() -> rx.Component:
    return rx.el.div(
        status(MappingsState.said),
        alert(MappingsState.problem),
        class_name="table-told",
    )


def _filter() -> rx.Component:
    return rx.el.div(
        rx.el.label(t("mappings.filter"), html_for="mappings-filter", class_name="label"),
        rx.el.input(
            id="mappings-filter",
            type="search",
            class_name="input",
            max_length=100,
            default_value=MappingsState.text,
            on_change=MappingsState.filter.debounce(200),
        ),
        class_name="filter",
    )


def _table() -> rx.Component:
    switches = [
        rx.el.th(t(f"mappings.{name}_short"), scope="col", class_name="switch-column")
        for name in ("on_study", "on_report")
    ]
    why = rx.el.span(t("mappings.why_column"), class_name="visually-hidden")
    headings = [*switches, *[_heading(order) for order in Order], rx.el.th(why, scope="col")]
    lines = rx.foreach(MappingsState.lines, _line)
    return table(headings, lines, caption=t("nav.mappings"), region=t("mappings.region"))


def _heading(order: Order) -> rx.Component:
    here = MappingsState.order == order.value
    direction = rx.cond(MappingsState.descending, "descending", "ascending")
    return rx.el.th(
        rx.el.button(
            t(f"mappings.{order}"),
            rx.el.span(class_name="sort-mark", aria_hidden="true"),
            type="button",
            class_name="sort",
            on_click=MappingsState.sort(order.value),
        ),
        scope="col",
        aria_sort=rx.cond(here, direction, "none"),
    )


def _line(line: rx.Var[Line]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(_switch(line, "study", line.on_study), class_name="switch-column"),
        rx.el.td(_switch(line, "report", line.on_report), class_name="switch-column"),
        rx.el.td(line.source),
        rx.el.td(line.name),
        rx.el.td(line.number, class_name="figures"),
        rx.el.td(rx.cond(line.group != "", line.group, "–"), class_name="table-wraps"),
        rx.el.td(_why(line)),
        key=line.id,
    )


def _why(line: rx.Var[Line]) -> rx.Component:
    # Without a listener of its own: every switch draws all lines anew.
    return button(
        t("mappings.why_short"),
        "quiet",
        aria_label=t("mappings.why_named", source=line.source),
        custom_attrs={"data-choose": line.id},
    )


def _switch(line: rx.Var[Line], which: str, loaded: rx.Var[bool]) -> rx.Component:
    name = f"{which} {line.id}"
    known = MappingsState.flips.contains(name)
    label = rx.cond(
        line.suffix != "",
        t(f"mappings.on_{which}_named", source=f"{line.source}, {line.suffix}"),
        t(f"mappings.on_{which}_named", source=line.source),
    )
    return Switch.create(
        checked=rx.cond(known, MappingsState.flips[name], loaded),
        label=label,
        name=name,
        answer=rx.cond(MappingsState.answered == name, MappingsState.answer, 0),
        saved_text=t("saved"),
        on_toggle=lambda on: MappingsState.toggle(line.id, which, on),
    )


def _pager() -> rx.Component:
    number, pages = MappingsState.number, MappingsState.pages
    return pager(
        number,
        pages,
        MappingsState.turn_page,
        {
            "label": t("mappings.pager"),
            "previous": t("mappings.previous"),
            "page": t("mappings.page", number=number, pages=pages),
            "next": t("mappings.next"),
        },
    )


def _defaults() -> rx.Component:
    def line(which: str, value: rx.Var[bool]) -> rx.Component:
        name = f"{which} default"
        return row(
            t(f"mappings.default_{which}"),
            Switch.create(
                checked=value,
                label=t(f"mappings.default_{which}"),
                described_by=f"hint-default-{which}",
                name=name,
                answer=rx.cond(MappingsState.answered == name, MappingsState.answer, 0),
                saved_text=t("saved"),
                on_toggle=lambda on: MappingsState.toggle_default(which, on),
            ),
            sentence=t(f"mappings.default_{which}_hint"),
            hint_id=f"hint-default-{which}",
        )

    return card(
        line("study", MappingsState.default_study),
        line("report", MappingsState.default_report),
        title=t("mappings.defaults"),
    )


def _shared() -> rx.Component:
    return rx.cond(
        MappingsState.shared.length() > 0,
        card(
            rx.el.ul(
                rx.foreach(
                    MappingsState.shared,
                    lambda line: rx.el.li(
                        rx.el.span(line.source, class_name="label"),
                        facts([line.owner], [line.number], [line.group]),
                        key=line.id,
                        class_name="list-item",
                    ),
                ),
                class_name="list",
                aria_label=t("mappings.shared_title"),
            ),
            title=t("mappings.shared_title"),
            sentence=t("mappings.shared_sentence"),
        ),
    )
