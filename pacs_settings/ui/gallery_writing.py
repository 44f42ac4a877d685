"""Searching, choosing and writing in the gallery, each in every state; nothing is sent anywhere."""

from typing import Any

import reflex as rx

from pacs_settings.ui.components.button import button
from pacs_settings.ui.components.card import card
from pacs_settings.ui.components.feedback import status
from pacs_settings.ui.components.field import field, text_input
from pacs_settings.ui.components.scripted import Choices, SearchBox
from pacs_settings.ui.components.table import pager
from pacs_settings.ui.components.writing import Editor, PictureUpload, Ways

OPTIONS = [["one", "One way", "A sentence about it."], ["other", "Another way", "And about that."]]
NOTHING = ""
KEPT_AT = "2026-01-31T09:05:00+00:00"
TEXTS = {
    "save": "Save",
    "finish": "Save and validate",
    "kept": "Draft kept {time}",
    "lost": "Connection lost",
    "discard": "Discard",
    "takeTheirs": "Take theirs",
    "saveMine": "Save mine",
    "conflict": "Changed meanwhile",
}
LEAVE = {"title": "Leave?", "text": "What is typed is lost.", "stayText": "Stay", "leaveText": "Go"}
PAGER = {"label": "Pages", "previous": "Previous", "page": "Page 2 of 3", "next": "Next"}


def writing(scheme: str) -> list[rx.Component]:
    """The cards of a scheme."""
    return [_choices(scheme), _ways(scheme), _search(), _pager(), *_editors()]


def _choices(scheme: str) -> rx.Component:
    one_of = Choices.create(
        name=f"choices-{scheme}",
        label=f"Choices, {scheme}",
        value="one",
        options=OPTIONS,
        on_choose=rx.noop(),
    )
    return card(one_of, title="Choices")


def _ways(scheme: str) -> rx.Component:
    name = f"way-{scheme}"
    picture = PictureUpload.create(
        preview=NOTHING,
        action=NOTHING,
        largest=0,
        label="Picture",
        hint="Each is refused here.",
        save_text="Save",
        preview_text="As it would be kept",
        wait_text="Please wait",
        saved_text="Saved",
        large_text="What is wrong with the picture, and what to do about it.",
        failed_text="Not saved",
        on_done=rx.noop(),
    )
    typed = field("Text", name, text_input(name), hint="It stays while another way is looked at.")
    return card(Ways.create(typed, picture, label=f"Ways, {scheme}", options=OPTIONS), title="Ways")


def _search() -> rx.Component:
    people = [
        rx.el.li(
            rx.el.div(
                rx.el.span(f"Person {n}", class_name="label"),
                rx.el.span("1-23456-25-004", class_name="hint"),
                class_name="person",
            ),
            button("Add"),
            class_name="list-item",
        )
        for n in (1, 2)
    ]
    box = SearchBox.create(
        status("2 people"),
        rx.el.ul(*people, class_name="list"),
        label="Search",
        hint="Arrow keys walk through what is found.",
        longest=60,
        answer=1,
        on_search=rx.noop(),
    )
    return card(box, title="Search")


def _pager() -> rx.Component:
    def turn(_by: int) -> Any:
        return rx.noop()

    one = rx.Var.create(2)
    return card(pager(one, rx.Var.create(3), turn, PAGER), title="Pager")  # type: ignore[arg-type]


def _editors() -> list[rx.Component]:
    changed = rx.el.p("Theirs beside mine, line by line.")
    states: dict[str, dict[str, Any]] = {
        "Editor": {},
        "Editor, kept": {"kept_at": KEPT_AT},
        "Editor, saved": {"said": "Saved"},
        "Editor, refused": {"field": "text", "problem": "What is wrong, and what to do about it."},
        "Editor, cannot finish": {"reason": "Why not, and what to do about it."},
        "Editor, conflict": {"conflict": "Somebody has saved meanwhile.", "children": [changed]},
    }
    return [card(_editor(**state), title=title) for title, state in states.items()]


def _editor(children: list[rx.Component] | None = None, **state: Any) -> rx.Component:
    quiet = {"kept_at": "", "keep_problem": "", "field": "", "problem": "", "said": ""}
    quiet |= {"conflict": "", "reason": ""}
    numbers = {"report": 1, "revision": 0, "base": 0, "saved": 0, "kept": 0, "answer": 0}
    handlers = dict.fromkeys(("on_keep", "on_save", "on_finish", "on_discard"), rx.noop())
    return Editor.create(
        *(children or []),
        boxes=[["text", "Text", "A sentence about it."]],
        texts=TEXTS,
        longest=2000,
        leave=LEAVE,
        values={"text": "What was typed."},
        stamp="1",
        fill=True,
        **{**quiet, **state},
        **numbers,
        **handlers,
    )
