"""What is told: notes, refusals, announcements, emptiness, and the room for what still loads."""

from typing import Any, Literal

import reflex as rx

Tone = Literal["info", "attention", "danger"]
VARIANTS: dict[Tone, str] = {
    "info": "note",
    "attention": "note note-attention",
    "danger": "note note-danger",
}


def note(*children: Any, tone: Tone = "info", **props: Any) -> rx.Component:
    """A sentence that stands out."""
    return rx.el.div(*children, class_name=VARIANTS[tone], **props)


def told_at(anchor: str, text: Any, look: str = "hint", *, on: Any = False, **props: Any) -> Any:
    """What is told where the page's address ends in `#anchor`, or while `on` is true."""
    shown = rx.cond(on, f"{look} step-mark step-mark-on", f"{look} step-mark")
    return rx.el.p(text, id=anchor, class_name=shown, **props)


def facts(*parts: list[Any]) -> rx.Component:
    """A line of small facts, each a list of what belongs together, set apart by dots."""
    inner: list[Any] = []
    for number, part in enumerate(parts):
        inner += [" · "] if number else []
        inner += [piece for n, word in enumerate(part) for piece in ([" "] if n else []) + [word]]
    return rx.el.span(*inner, class_name="hint")


def pair(one: Any, other: Any, **props: Any) -> rx.Component:
    """Two words with a comma between them; the other may be empty."""
    return rx.el.span(one, rx.cond(other != "", ", ", ""), other, **props)


def alert(message: rx.Var[str]) -> rx.Component:
    """A refusal, announced at once; takes no room while there is none."""
    return rx.cond(message != "", rx.el.p(message, role="alert", class_name="problem"))


def status(message: Any) -> rx.Component:
    """A success, announced politely."""
    return rx.el.p(message, role="status", class_name="said")


def empty(title: str, sentence: str) -> rx.Component:
    """What will appear here, and why nothing does yet."""
    return rx.el.div(rx.el.p(title, class_name="label"), rx.el.p(sentence), class_name="empty")


def skeleton(lines: int) -> rx.Component:
    """The room that loading content will take, so that nothing moves when it is there."""
    return rx.el.div(
        *[rx.el.div(class_name="skeleton-line") for _ in range(lines)],
        class_name="skeleton",
        aria_hidden="true",
    )
