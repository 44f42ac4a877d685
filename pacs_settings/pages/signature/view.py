"""Report signature on the page."""

import reflex as rx

from pacs_settings.pages.shell.view import settings_page
from pacs_settings.pages.signature.pad import signature_pad
from pacs_settings.pages.signature.state import SignatureState
from pacs_settings.pages.texts import t
from pacs_settings.ui.components.card import card
from pacs_settings.ui.components.feedback import alert, empty, status
from pacs_settings.ui.components.scripted import Loaded, Moment


def section() -> rx.Component:
    """The page at /settings/signature."""
    return settings_page(
        Loaded.create(_saved(), _draw(), when=SignatureState.loaded, lines=10),
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
            ),
            empty(t("signature.none"), t("signature.none_hint")),
        ),
        title=t("signature.saved_title"),
        sentence=t("signature.sentence"),
    )


def _draw() -> rx.Component:
    return card(
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
        title=t("signature.draw_title"),
        sentence=t("signature.picture"),
    )
