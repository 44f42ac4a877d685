"""The components written in JSX beside this file, one class each."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import reflex as rx
from reflex_components_core.el.elements.base import BaseHTML


def _link(name: str) -> str:
    return str(rx.asset(name, shared=True).importable_path)


# Reflex looks for its caller in the sources of the whole stack: while modules are imported that is
# dozens of frames for each file, in a thread three, and a start takes seconds less.
with ThreadPoolExecutor(1) as _apart:
    _files = [path.name for path in sorted(Path(__file__).parent.glob("*.jsx"))]
    JSX = dict(zip(_files, _apart.map(_link, _files), strict=True))


def _value(event: rx.Var[bool]) -> tuple[rx.Var[bool]]:
    return (event,)


def _values(event: rx.Var[dict[str, Any]]) -> tuple[rx.Var[dict[str, Any]]]:
    return (event,)


class NativeForm(BaseHTML):
    """A plain HTML form that the browser posts by itself, also without scripts."""

    tag = "form"

    action: rx.Var[str]
    method: rx.Var[str]


class NativeLink(BaseHTML):
    """A plain link within a page: the router would move without `:target` noticing."""

    tag = "a"

    href: rx.Var[str]


class Switch(rx.Component):
    """A switch that moves at once; `answer` changes with each answer to this switch, else is 0."""

    library = JSX["switch.jsx"]
    tag = "Switch"

    checked: rx.Var[bool]
    label: rx.Var[str]
    described_by: rx.Var[str]
    name: rx.Var[str]
    answer: rx.Var[int]
    saved_text: rx.Var[str]
    caption: rx.Var[str]

    on_toggle: rx.EventHandler[_value]  # type: ignore[valid-type]


def _choice(event: rx.Var[str]) -> tuple[rx.Var[str]]:
    return (event,)


class Choices(rx.Component):
    """Radio buttons; `options` are lists of value, text and sentence."""

    library = JSX["choices.jsx"]
    tag = "Choices"

    name: rx.Var[str]
    label: rx.Var[str]
    value: rx.Var[str]
    options: rx.Var[list[list[str]]]

    on_choose: rx.EventHandler[_choice]  # type: ignore[valid-type]


class Form(rx.Component):
    """A form that posts to a route or to an event, and says beside each field what is wrong."""

    library = JSX["form.jsx"]
    tag = "Form"

    action: rx.Var[str]
    label: rx.Var[str]
    only_changed: rx.Var[bool]
    emptied: rx.Var[str]
    answer: rx.Var[int]
    accepted: rx.Var[bool]
    field: rx.Var[str]
    message: rx.Var[str]
    saved_text: rx.Var[str]
    failed_text: rx.Var[str]
    leave: rx.Var[dict[str, str]]

    on_send: rx.EventHandler[_values]  # type: ignore[valid-type]
    on_done: rx.EventHandler[rx.event.no_args_event_spec]  # type: ignore[valid-type]


class LeaveGuard(rx.Component):
    """Asks before unsaved changes are left, while `when` is true."""

    library = JSX["leave_guard.jsx"]
    tag = "LeaveGuard"

    when: rx.Var[bool]
    title: rx.Var[str]
    text: rx.Var[str]
    stay_text: rx.Var[str]
    leave_text: rx.Var[str]


def _number(event: rx.Var[int]) -> tuple[rx.Var[int]]:
    return (event,)


class Chooser(rx.Component):
    """Tells which of many buttons within was pressed, by their `data-choose`, a number."""

    library = JSX["chooser.jsx"]
    tag = "Chooser"

    on_choose: rx.EventHandler[_number]  # type: ignore[valid-type]


def _query(number: rx.Var[int], text: rx.Var[str]) -> tuple[rx.Var[int], rx.Var[str]]:
    return (number, text)


class SearchBox(rx.Component):
    """A search field, with its results as children; `answer` is the number of the query answered.

    It is 0 where nothing was: then what is typed is asked for again.
    """

    library = JSX["search.jsx"]
    tag = "SearchBox"

    label: rx.Var[str]
    hint: rx.Var[str]
    longest: rx.Var[int]
    answer: rx.Var[int]

    on_search: rx.EventHandler[_query]  # type: ignore[valid-type]


class Dialog(rx.Component):
    """A modal dialog."""

    library = JSX["dialog.jsx"]
    tag = "Dialog"

    open: rx.Var[bool]
    title: rx.Var[str]
    role: rx.Var[str]

    on_close: rx.EventHandler[rx.event.no_args_event_spec]  # type: ignore[valid-type]


class Loaded(rx.Component):
    """Its children once `when` is true, from then on for good; until then room for `lines`."""

    library = JSX["loading.jsx"]
    tag = "Loaded"

    when: rx.Var[bool]
    lines: rx.Var[int]


class Settled(rx.Component):
    """Its child number `which`; while `when` is false, the one it was before."""

    library = JSX["loading.jsx"]
    tag = "Settled"

    when: rx.Var[bool]
    which: rx.Var[int]


class FocusKeeper(rx.Component):
    """Sees to it that no action loses the focus."""

    library = JSX["focus.jsx"]
    tag = "FocusKeeper"


class LeaveWhen(rx.Component):
    """Goes to another page, by a full load, once `ended` is true."""

    library = JSX["session.jsx"]
    tag = "LeaveWhen"

    ended: rx.Var[bool]
    to: rx.Var[str]


class SessionWarning(rx.Component):
    """The warning before a session ends; shown while `seconds_left` is above zero."""

    library = JSX["session.jsx"]
    tag = "SessionWarning"

    seconds_left: rx.Var[int]
    answer: rx.Var[int]
    absolute: rx.Var[bool]
    title: rx.Var[str]
    text: rx.Var[str]
    less_text: rx.Var[str]
    absolute_text: rx.Var[str]
    stay_text: rx.Var[str]
    renew_action: rx.Var[str]
    leave_to: rx.Var[str]

    on_stay: rx.EventHandler[rx.event.no_args_event_spec]  # type: ignore[valid-type]


class ConnectionLine(rx.Component):
    """A thin line on top while the server is out of reach."""

    library = JSX["session.jsx"]
    tag = "ConnectionLine"

    text: rx.Var[str]


class PasswordInput(rx.Component):
    """A password field that can be shown."""

    library = JSX["inputs.jsx"]
    tag = "PasswordInput"

    name: rx.Var[str]
    auto_complete: rx.Var[str]
    described_by: rx.Var[str]
    show_text: rx.Var[str]
    hide_text: rx.Var[str]


class LanguageSelect(rx.Component):
    """A choice of language that loads the page again in it."""

    library = JSX["inputs.jsx"]
    tag = "LanguageSelect"

    action: rx.Var[str]
    label: rx.Var[str]
    hint: rx.Var[str]
    current: rx.Var[str]
    options: rx.Var[list[list[str]]]
    change_text: rx.Var[str]


class StrengthMeter(rx.Component):
    """How strong the password in the field `name` is, asked from a route while typing."""

    library = JSX["inputs.jsx"]
    tag = "StrengthMeter"

    action: rx.Var[str]
    name: rx.Var[str]
    label: rx.Var[str]
    words: rx.Var[list[str]]


class Moment(rx.Component):
    """A moment (ISO 8601) in the reader's time zone."""

    library = JSX["moment.jsx"]
    tag = "Moment"

    iso: rx.Var[str]


class StepFocus(rx.Component):
    """Puts the focus into the step that the address names, again once it is `ready`."""

    library = JSX["steps.jsx"]
    tag = "StepFocus"

    ready: rx.Var[bool]


class Enrolment(rx.Component):
    """QR code and secret of a device to be linked, fetched from a route."""

    library = JSX["enrolment.jsx"]
    tag = "Enrolment"

    action: rx.Var[str]
    image_text: rx.Var[str]
    secret_text: rx.Var[str]
    wait_text: rx.Var[str]
    failed_text: rx.Var[str]


WEBAUTHN = ["@simplewebauthn/browser@14.0.0"]  # turns what passkeys speak from and to JSON


class ProofDialog(rx.Component):
    """Asks whether it is the owner each time that `asked` goes up, or that a post is answered so.

    `actions` are the routes: password, begin, code.
    """

    library = JSX["proof.jsx"]
    tag = "ProofDialog"
    lib_dependencies: list[str] = WEBAUTHN

    asked: rx.Var[int]
    method: rx.Var[str]
    actions: rx.Var[dict[str, str]]
    texts: rx.Var[dict[str, Any]]

    on_proven: rx.EventHandler[rx.event.no_args_event_spec]  # type: ignore[valid-type]


class PasskeySignIn(rx.Component):
    """Answers the challenge of a route with a passkey, and posts the form around it."""

    library = JSX["passkey.jsx"]
    tag = "PasskeySignIn"
    lib_dependencies: list[str] = WEBAUTHN

    action: rx.Var[str]
    text: rx.Var[str]
    failed_text: rx.Var[str]


class PasskeyEnrolment(rx.Component):
    """Lets the browser make a passkey and hands it to a route."""

    library = JSX["passkey.jsx"]
    tag = "PasskeyEnrolment"
    lib_dependencies: list[str] = WEBAUTHN

    begin_action: rx.Var[str]
    action: rx.Var[str]
    text: rx.Var[str]
    label: rx.Var[str]
    hint: rx.Var[str]
    failed_text: rx.Var[str]
    cancel_text: rx.Var[str]

    on_done: rx.EventHandler[rx.event.no_args_event_spec]  # type: ignore[valid-type]
    on_cancel: rx.EventHandler[rx.event.no_args_event_spec]  # type: ignore[valid-type]


class RecoveryCodes(rx.Component):
    """Makes new recovery codes by a route and shows them, once."""

    library = JSX["recovery.jsx"]
    tag = "RecoveryCodes"

    action: rx.Var[str]
    text: rx.Var[str]
    label: rx.Var[str]
    hint: rx.Var[str]
    failed_text: rx.Var[str]

    on_done: rx.EventHandler[rx.event.no_args_event_spec]  # type: ignore[valid-type]
