"""One report on the page."""

import reflex as rx
from reflex_components_core.react_router import ReactRouterLink

from pacs_settings.core.reports.texts import LONGEST
from pacs_settings.pages.reports.shown import Change, Fact, Mark, Return, Step
from pacs_settings.pages.reports.state import ReportState
from pacs_settings.pages.shell.view import portal_page, route
from pacs_settings.pages.texts import leave_texts, t
from pacs_settings.ui.components.card import card
from pacs_settings.ui.components.feedback import empty, facts, note, pair
from pacs_settings.ui.components.scripted import Loaded, Moment, NativeLink, Settled
from pacs_settings.ui.components.writing import Editor


def section() -> rx.Component:
    """The page at /reports/{id}."""
    return portal_page(
        ReactRouterLink.create(t("reports.back"), to="/reports", class_name="back"),
        Loaded.create(_report(), when=ReportState.loaded, lines=12),
        title=rx.cond(ReportState.title != "", ReportState.title, t("reports.one")),
        loaded=ReportState.loaded,
    )


def _not_found() -> rx.Component:
    return empty(t("reports.not_found"), t("reports.not_found_hint"))


def _report() -> rx.Component:
    def all_of(*parts: rx.Component) -> rx.Component:
        return rx.el.div(_facts(), *parts, _aside(), _history())

    return Settled.create(
        _not_found(),
        all_of(_editing()),
        all_of(_validated(), _addenda(), _adding()),
        when=ReportState.loaded,
        which=rx.cond(ReportState.found, rx.cond(ReportState.final, 2, 1), 0),
    )


def _facts() -> rx.Component:
    def line(fact: rx.Var[Fact]) -> rx.Component:
        return rx.el.div(
            rx.el.dt(fact.label), rx.el.dd(fact.text, class_name="figures"), key=fact.label
        )

    known = rx.el.dl(rx.foreach(ReportState.facts, line), class_name="preview")
    return card(known, title=t("reports.study"))


def _editing() -> rx.Component:
    return card(
        _unsigned(),
        _editor(
            [
                ["findings", t("reports.report"), t("reports.report_hint")],
                ["conclusion", t("reports.conclusion"), ""],
            ],
            finish_text=t("reports.validate"),
            on_save=ReportState.save,
            on_finish=ReportState.validate,
        ),
        _signed(),
        title=t("reports.edit"),
        sentence=t("reports.edit_sentence"),
    )


def _adding() -> rx.Component:
    return card(
        _unsigned(),
        _editor(
            [["findings", t("reports.addendum"), ""]],
            finish_text=t("reports.add"),
            on_finish=ReportState.add,
        ),
        title=t("reports.add_title"),
        sentence=t("reports.add_sentence"),
    )


def _editor(boxes: list[list[str]], *, finish_text: str, **events: object) -> rx.Component:
    names = {"kept": "kept", "lost": "lost", "discard": "discard", "takeTheirs": "take_theirs"}
    names |= {"saveMine": "save_mine", "conflict": "conflict", "save": "save"}
    return Editor.create(
        rx.el.div(rx.foreach(ReportState.changes, _change), class_name="changes"),
        boxes=boxes,
        texts={name: t(f"reports.{key}") for name, key in names.items()} | {"finish": finish_text},
        longest=LONGEST,
        leave=leave_texts(),
        report=ReportState.report,
        revision=ReportState.revision,
        base=ReportState.base,
        values=ReportState.typed,
        stamp=ReportState.stamp,
        fill=ReportState.fill,
        saved=ReportState.saved,
        kept=ReportState.kept,
        kept_at=ReportState.kept_at,
        keep_problem=ReportState.keep_problem,
        answer=ReportState.answer,
        field=ReportState.field,
        problem=ReportState.problem,
        said=ReportState.said,
        conflict=ReportState.conflict,
        reason=rx.cond(ReportState.may_validate, "", t("reports.why_unsigned")),
        on_keep=ReportState.keep,
        on_discard=ReportState.discard,
        **events,
    )


def _change(change: rx.Var[Change]) -> rx.Component:
    def only(text: str) -> rx.Component:
        return rx.el.span(text, class_name="change-side")

    return rx.el.div(
        rx.cond(change.heading != "", rx.el.p(change.heading, class_name="label")),
        rx.match(
            change.side,
            ("mine", rx.el.del_(only(t("reports.only_mine")), change.text)),
            ("theirs", rx.el.ins(only(t("reports.only_theirs")), change.text)),
            rx.el.p(change.text),
        ),
        key=change.place,
    )


def _unsigned() -> rx.Component:
    return rx.cond(
        ReportState.signs,
        rx.fragment(),
        note(
            t("reports.no_signature"),
            " ",
            ReactRouterLink.create(t("reports.to_signature"), to="/settings/signature"),
            tone="attention",
        ),
    )


def _signed() -> rx.Component:
    return rx.cond(ReportState.revision > 0, _mark(ReportState.signed))


def _mark(mark: rx.Var[Mark]) -> rx.Component:
    return rx.el.div(
        rx.cond(
            mark.svg != "",
            rx.el.div(rx.html(mark.svg), class_name="signature-saved"),
            rx.el.p(t("reports.unsigned"), class_name="hint"),
        ),
        facts([pair(mark.name, mark.number)], [Moment.create(iso=mark.at)]),
        class_name="mark",
    )


def _validated() -> rx.Component:
    def part(name: str, text: rx.Var[str]) -> rx.Component:
        return rx.cond(
            text != "",
            rx.fragment(
                rx.el.h3(t(f"reports.{name}"), class_name="card-subtitle"),
                rx.el.p(text, class_name="letter"),
            ),
        )

    return card(
        part("findings", ReportState.findings),
        part("conclusion", ReportState.conclusion),
        _mark(ReportState.signed),
        NativeLink.create(
            t("reports.pdf"),
            href=route(f"/reports/{ReportState.report}/pdf"),
            custom_attrs={"download": ""},
            class_name="button button-primary",
        ),
        _returns(),
        title=t("reports.report"),
        sentence=t("reports.final"),
    )


def _returns() -> rx.Component:
    def line(one: rx.Var[Return]) -> rx.Component:
        return rx.el.li(facts([one.way], [one.state], [Moment.create(iso=one.at)]), key=one.way)

    return rx.cond(
        ReportState.returns.length() > 0,
        rx.el.ul(rx.foreach(ReportState.returns, line), aria_label=t("reports.back.label")),
    )


def _addenda() -> rx.Component:
    return rx.cond(
        ReportState.addenda.length() > 0,
        card(
            rx.el.ol(
                rx.foreach(
                    ReportState.addenda,
                    lambda one: rx.el.li(
                        rx.el.p(one.text, class_name="letter"), _mark(one), key=one.at
                    ),
                ),
                class_name="addenda",
                aria_label=t("reports.addenda"),
            ),
            title=t("reports.addenda"),
        ),
    )


def _aside() -> rx.Component:
    return rx.cond(
        ReportState.aside != "",
        card(rx.el.p(ReportState.aside, class_name="letter"), title=t("reports.aside")),
    )


def _history() -> rx.Component:
    def line(step: rx.Var[Step]) -> rx.Component:
        return rx.el.li(
            rx.el.span(t("reports.version", number=step.number), class_name="label"),
            rx.el.span(step.what),
            rx.el.span(step.name),
            Moment.create(iso=step.at),
            key=step.number,
            class_name="list-item",
        )

    return rx.cond(
        ReportState.history.length() > 0,
        rx.el.details(
            rx.el.summary(t("reports.history")),
            rx.el.ol(rx.foreach(ReportState.history, line), class_name="list", reversed=True),
            class_name="card",
        ),
    )
