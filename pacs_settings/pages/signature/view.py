"""Report signature on the page."""

import reflex as rx

from pacs_settings.core.signature_kinds import picture, typed_name
from pacs_settings.pages.shell.view import route, settings_page
from pacs_settings.pages.signature import routes
from pacs_settings.pages.signature.pad import signature_pad
from pacs_settings.pages.signature.state import SignatureState, Version
from pacs_settings.pages.texts import t
from pacs_settings.ui.components.button import button
from pacs_settings.ui.components.card import card
from pacs_settings.ui.components.feedback import alert, empty, status
from pacs_settings.ui.components.field import field, text_input
from pacs_settings.ui.components.scripted import Form, Loaded, Moment
from pacs_settings.ui.components.table import table
from pacs_settings.ui.components.writing import PictureUpload, Ways

COLUMNS = ("number", "made", "who", "when", "hash", "proven", "until")


def section() -> rx.Component:
    """The page at /settings/signature."""
    return settings_page(
        Loaded.create(_saved(), _make(), _history(), when=SignatureState.loaded, lines=10),
        path="/settings/signature",
        title=t("nav.signature"),
        loaded=SignatureState.loaded,
    )


def _saved() -> rx.Component:
    return card(
        rx.cond(
            SignatureState.svg != "",
            rx.fragment(
                rx.el.div(rx.html(SignatureState.svg), class_name="signature-saved"),
                rx.el.p(
                    t("signature.version", version=SignatureState.version),
                    " ",
                    Moment.create(iso=SignatureState.saved_at),
                    class_name="hint",
                ),
                _withdrawal(),
            ),
            empty(t("signature.none"), t("signature.none_hint")),
        ),
        status(SignatureState.withdrawn),
        title=t("signature.saved_title"),
        sentence=t("signature.sentence"),
    )


def _withdrawal() -> rx.Component:
    return rx.cond(
        SignatureState.asking,
        rx.el.div(
            rx.el.p(t("signature.withdraw_question")),
            rx.el.div(
                button(t("signature.withdraw_now"), "danger", on_click=SignatureState.withdraw),
                button(t("signature.keep"), on_click=SignatureState.give_up, auto_focus=True),
                class_name="actions",
            ),
            class_name="question",
            role="group",
        ),
        button(t("signature.withdraw"), on_click=SignatureState.ask_withdrawal),
    )


def _make() -> rx.Component:
    ways = ("draw", "type", "upload")
    return card(
        Ways.create(
            _draw(),
            _type(),
            _upload(),
            label=t("signature.ways"),
            options=[[way, t(f"signature.{way}"), t(f"signature.{way}_hint")] for way in ways],
        ),
        title=t("signature.draw_title"),
        sentence=t("signature.picture"),
    )


def _draw() -> rx.Component:
    return rx.el.div(
        signature_pad(
            label=t("signature.pad"),
            hint_text=t("signature.hint"),
            empty_text=t("signature.here"),
            undo_text=t("signature.undo"),
            clear_text=t("signature.clear"),
            save_text=t("signature.save"),
            ack=SignatureState.answer,
            accepted=SignatureState.accepted,
            on_save=SignatureState.save,
        ),
        status(SignatureState.said),
        alert(SignatureState.problem),
    )


def _type() -> rx.Component:
    written = rx.el.div(
        rx.cond(SignatureState.preview_svg != "", rx.html(SignatureState.preview_svg)),
        alert(SignatureState.preview_problem),
        class_name="signature-saved signature-written",
    )
    name = text_input(
        "name",
        hint=True,
        max_length=typed_name.LONGEST,
        auto_complete="name",
        on_change=SignatureState.preview.debounce(200),
    )
    return Form.create(
        field(t("signature.name"), "name", name, hint=t("signature.name_hint")),
        written,
        rx.el.div(button(t("signature.save"), "primary", type="submit"), class_name="actions"),
        answer=SignatureState.typed_answer,
        accepted=SignatureState.typed_problem == "",
        field="name",
        message=SignatureState.typed_problem,
        saved_text=t("signature.saved"),
        on_send=SignatureState.save_typed,
        class_name="typed-name",
    )


def _upload() -> rx.Component:
    return PictureUpload.create(
        preview=route(routes.PREVIEW),
        action=rx.cond(
            SignatureState.history.length() > 0, route(routes.REPLACE), route(routes.FIRST)
        ),
        largest=picture.LARGEST,
        label=t("signature.file"),
        hint=t("signature.file_hint"),
        save_text=t("signature.save"),
        preview_text=t("signature.preview_hint"),
        wait_text=t("wait"),
        saved_text=t("signature.saved"),
        large_text=t("refused.picture_too_large"),
        failed_text=t("refused.not_saved"),
        on_done=SignatureState.uploaded,
    )


def _history() -> rx.Component:
    headings = [rx.el.th(t(f"signature.{name}"), scope="col") for name in COLUMNS]
    lines = rx.foreach(SignatureState.history, _line)
    return rx.cond(
        SignatureState.history.length() > 0,
        card(
            table(headings, lines, caption=t("signature.history"), region=t("signature.region")),
            title=t("signature.history"),
            sentence=t("signature.history_hint"),
        ),
    )


def _line(version: rx.Var[Version]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(version.number, class_name="figures"),
        rx.el.td(version.made),
        rx.el.td(version.who),
        rx.el.td(Moment.create(iso=version.at), class_name="figures"),
        rx.el.td(rx.el.code(version.sha256)),
        rx.el.td(rx.cond(version.proven != "", version.proven, "–")),
        rx.el.td(rx.cond(version.withdrawn_at != "", Moment.create(iso=version.withdrawn_at), "–")),
        key=version.number,
    )
