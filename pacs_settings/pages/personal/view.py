"""Personal settings on the page."""

import reflex as rx

from pacs_settings.config import MAIL_LANGUAGES
from pacs_settings.core.tables import Gender
from pacs_settings.locale import text
from pacs_settings.pages.mobile.state import MobileState
from pacs_settings.pages.mobile.view import mobile_form
from pacs_settings.pages.personal.state import Attempt, PersonalState
from pacs_settings.pages.shell.view import settings_page
from pacs_settings.pages.texts import leave_texts, t
from pacs_settings.ui.components.button import button
from pacs_settings.ui.components.card import card
from pacs_settings.ui.components.feedback import alert, empty, note
from pacs_settings.ui.components.field import choice, field, read_only, text_input
from pacs_settings.ui.components.scripted import Form, Loaded, Moment
from pacs_settings.ui.components.table import table


def section() -> rx.Component:
    """The page at /settings/personal."""
    return settings_page(
        Loaded.create(_loaded(), when=PersonalState.loaded, lines=8),
        path="/settings/personal",
        title=t("nav.personal"),
        loaded=PersonalState.loaded,
    )


def _loaded() -> rx.Component:
    return rx.fragment(_notice(), _fixed(), _form(), _history())


def _notice() -> rx.Component:
    return rx.fragment(
        rx.cond(
            PersonalState.failures != "",
            note(rx.el.p(PersonalState.failures), tone="attention"),
        ),
        rx.cond(
            PersonalState.last_success != "",
            rx.el.p(
                t("personal.last_success"),
                " ",
                Moment.create(iso=PersonalState.last_success),
                class_name="hint",
            ),
        ),
    )


def _fixed() -> rx.Component:
    numbers = rx.cond(
        PersonalState.numbers.length() > 0,
        rx.el.ul(
            rx.foreach(
                PersonalState.numbers,
                lambda line: rx.el.li(
                    rx.el.span(line.kind.upper(), class_name="tag"),
                    line.value,
                    key=line.value,
                ),
            ),
            class_name="numbers",
            aria_labelledby="numbers-label",
        ),
        rx.el.span(t("personal.no_numbers"), class_name="hint"),
    )
    return card(
        field(
            t("personal.username"),
            "username",
            read_only("username", PersonalState.username, hint=True),
            hint=t("personal.username_hint"),
        ),
        rx.el.div(
            rx.el.div(
                rx.el.span(t("personal.numbers"), class_name="label", id="numbers-label"),
                rx.el.span(t("personal.numbers_hint"), class_name="hint"),
                class_name="row-words",
            ),
            rx.el.div(numbers, class_name="row-control"),
            class_name="row",
        ),
        field(
            t("personal.mobile"),
            "mobile-on-file",
            read_only("mobile-on-file", PersonalState.mobile_phone, hint=True),
            hint=t("personal.mobile_hint"),
        ),
        rx.cond(
            (PersonalState.mobile_phone == "") | (MobileState.step == "done"),
            mobile_form(t("mobile.missing"), PersonalState.load),
        ),
        title=t("personal.fixed_title"),
        sentence=t("personal.fixed"),
    )


def _form() -> rx.Component:
    genders = [(str(gender), t(f"gender.{gender}")) for gender in Gender]
    languages = [(code, text(code, "language.own_name")) for code in MAIL_LANGUAGES]
    return card(
        Form.create(
            field(
                t("personal.gender"),
                "gender",
                choice("gender", genders, PersonalState.gender, hint=True),
                hint=t("personal.gender_hint"),
            ),
            field(
                t("personal.work_phone"),
                "work_phone",
                text_input(
                    "work_phone",
                    hint=True,
                    type="tel",
                    auto_complete="work tel",
                    default_value=PersonalState.work_phone,
                    max_length=40,
                ),
                hint=t("personal.work_phone_hint"),
            ),
            field(
                t("personal.language"),
                "language",
                choice("language", languages, PersonalState.language, hint=True),
                hint=t("personal.language_hint"),
            ),
            button(t("personal.save"), "primary", type="submit"),
            on_send=PersonalState.save,
            only_changed=True,
            answer=PersonalState.answer,
            accepted=PersonalState.accepted,
            field=PersonalState.field,
            message=PersonalState.problem,
            saved_text=t("saved"),
            failed_text=t("refused.not_saved"),
            leave=leave_texts(),
        ),
        title=t("personal.own_title"),
    )


def _history() -> rx.Component:
    return card(
        button(
            t("personal.history"),
            on_click=PersonalState.toggle_history,
            aria_expanded=rx.cond(PersonalState.history_open, "true", "false"),
        ),
        rx.cond(PersonalState.doubted > 0, _doubt()),
        alert(PersonalState.history_problem),
        rx.cond(
            PersonalState.history_open,
            rx.cond(
                PersonalState.attempts.length() > 0,
                _history_table(),
                empty(t("history.empty"), t("history.empty_hint")),
            ),
        ),
        title=t("personal.history_title"),
        sentence=t("personal.history_hint"),
        variant="wide",
    )


def _history_table() -> rx.Component:
    names = ("when", "address", "device", "means", "outcome")
    head = [rx.el.th(t(f"history.{name}"), scope="col") for name in names]
    head.append(rx.el.th(rx.el.span(t("history.act"), class_name="visually-hidden"), scope="col"))
    rows = rx.foreach(PersonalState.attempts, _history_row)
    region = t("personal.history_region")
    return table(head, rows, caption=t("personal.history"), region=region)


def _history_row(row: rx.Var[Attempt]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(Moment.create(iso=row.at)),
        rx.el.td(row.address, class_name="figures"),
        rx.el.td(row.device),
        rx.el.td(row.means),
        rx.el.td(row.outcome, class_name=rx.cond(row.failed, "failed", "")),
        rx.el.td(button(t("history.not_me"), "quiet", on_click=PersonalState.doubt(row.id))),
        key=row.id,
    )


def _doubt() -> rx.Component:
    return rx.el.div(
        rx.el.p(t("history.not_me_question")),
        rx.el.div(
            button(t("history.not_me_do"), "danger", on_click=PersonalState.not_me),
            button(t("cancel"), on_click=PersonalState.doubt(0), auto_focus=True),
            class_name="actions",
        ),
        class_name="question",
        role="alert",
    )
