"""The components of reports and signatures that are written in JSX, one class each."""

from typing import Any

import reflex as rx

from pacs_settings.ui.components.scripted import JSX


def _values(event: rx.Var[dict[str, Any]]) -> tuple[rx.Var[dict[str, Any]]]:
    return (event,)


class Editor(rx.Component):
    """Text boxes whose typing is kept as a draft; `boxes` are lists of name, label and sentence.

    `stamp` changes whenever `values` were read anew, `answer` with each answer to an act; `kept`
    and `saved` are the numbers of the typing that was. Children are shown in a conflict.
    """

    library = JSX["editor.jsx"]
    tag = "Editor"

    boxes: rx.Var[list[list[str]]]
    texts: rx.Var[dict[str, str]]
    longest: rx.Var[int]
    leave: rx.Var[dict[str, str]]
    report: rx.Var[int]
    revision: rx.Var[int]
    base: rx.Var[int]
    values: rx.Var[dict[str, str]]
    stamp: rx.Var[str]
    fill: rx.Var[bool]
    saved: rx.Var[int]
    kept: rx.Var[int]
    kept_at: rx.Var[str]
    keep_problem: rx.Var[str]
    answer: rx.Var[int]
    field: rx.Var[str]
    problem: rx.Var[str]
    said: rx.Var[str]
    conflict: rx.Var[str]
    reason: rx.Var[str]

    on_keep: rx.EventHandler[_values]  # type: ignore[valid-type]
    on_save: rx.EventHandler[_values]  # type: ignore[valid-type]
    on_finish: rx.EventHandler[_values]  # type: ignore[valid-type]
    on_discard: rx.EventHandler[_values]  # type: ignore[valid-type]


class Ways(rx.Component):
    """One of a few ways, each a child; `options` are lists of value, text and sentence."""

    library = JSX["ways.jsx"]
    tag = "Ways"

    label: rx.Var[str]
    options: rx.Var[list[list[str]]]


class PictureUpload(rx.Component):
    """A picture of at most `largest` bytes, shown by the route `preview`, posted to `action`."""

    library = JSX["picture.jsx"]
    tag = "PictureUpload"

    preview: rx.Var[str]
    action: rx.Var[str]
    largest: rx.Var[int]
    label: rx.Var[str]
    hint: rx.Var[str]
    save_text: rx.Var[str]
    preview_text: rx.Var[str]
    wait_text: rx.Var[str]
    saved_text: rx.Var[str]
    large_text: rx.Var[str]
    failed_text: rx.Var[str]

    on_done: rx.EventHandler[rx.event.no_args_event_spec]  # type: ignore[valid-type]
