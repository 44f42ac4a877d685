"""Favorites on the page."""

import reflex as rx

from pacs_settings.core.search.folding import LONGEST
from pacs_settings.pages.favorites.state import FavoritesState, Person
from pacs_settings.pages.shell.view import portal_page
from pacs_settings.pages.texts import t
from pacs_settings.ui.components.button import button
from pacs_settings.ui.components.card import card
from pacs_settings.ui.components.feedback import alert, empty, status
from pacs_settings.ui.components.scripted import Loaded, SearchBox


def section() -> rx.Component:
    """The page at /favorites."""
    return portal_page(
        Loaded.create(_search(), _favorites(), when=FavoritesState.loaded, lines=6),
        title=t("nav.favorites"),
        loaded=FavoritesState.loaded,
    )


def _search() -> rx.Component:
    return card(
        button(
            t("favorites.find"),
            "primary",
            on_click=FavoritesState.show_search,
            aria_expanded=rx.cond(FavoritesState.open, "true", "false"),
        ),
        rx.cond(
            FavoritesState.open,
            SearchBox.create(
                status(FavoritesState.summary),
                alert(FavoritesState.search_problem),
                _results(),
                label=t("favorites.search"),
                hint=t("favorites.search_hint"),
                longest=LONGEST,
                answer=FavoritesState.answer,
                on_search=FavoritesState.search.debounce(200),
            ),
        ),
        title=t("favorites.find_title"),
        sentence=t("favorites.find_sentence"),
    )


def _results() -> rx.Component:
    return rx.cond(
        FavoritesState.people.length() > 0,
        rx.el.ul(
            rx.foreach(FavoritesState.people, _result),
            class_name="list",
            aria_label=t("favorites.results"),
        ),
    )


def _result(person: rx.Var[Person]) -> rx.Component:
    text = rx.cond(person.starred, t("favorites.remove"), t("favorites.add"))
    return _line(
        person,
        "found",
        button(
            text,
            on_click=FavoritesState.star(person.key, ~person.starred),
            aria_describedby=f"found-{person.key}",
        ),
    )


def _favorites() -> rx.Component:
    return card(
        status(FavoritesState.said),
        alert(FavoritesState.problem),
        rx.cond(
            FavoritesState.favorites.length() > 0,
            rx.el.ul(
                rx.foreach(FavoritesState.favorites, _favorite),
                class_name="list",
                aria_label=t("nav.favorites"),
            ),
            empty(t("favorites.empty"), t("favorites.empty_hint")),
        ),
        title=t("favorites.title"),
        sentence=t("favorites.sentence"),
    )


def _favorite(person: rx.Var[Person]) -> rx.Component:
    return _line(
        person,
        "favorite",
        button(
            t("favorites.remove"),
            "quiet",
            on_click=FavoritesState.remove(person.favorite),
            aria_describedby=f"favorite-{person.key}",
        ),
    )


def _line(person: rx.Var[Person], kind: str, act: rx.Component) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.span(person.name, class_name="label", id=f"{kind}-{person.key}"),
            rx.foreach(person.facts, lambda fact: rx.el.span(fact, class_name="hint", key=fact)),
            class_name="person",
        ),
        act,
        class_name="list-item",
        key=person.key,
    )
