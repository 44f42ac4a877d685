"""The frame of every page: the bar, the navigation of the settings, the page's heading."""

from dataclasses import dataclass
from typing import Any

import reflex as rx
from reflex_components_core.react_router import ReactRouterLink


@dataclass(frozen=True)
class Link:
    """A link of the navigation; `shown` may be a var."""

    text: str
    to: str
    shown: Any = True


def icon(src: str, size: int) -> rx.Component:
    """A picture that only decorates; `size` in pixels keeps its room while it loads."""
    return rx.el.img(src=src, alt="", custom_attrs={"width": str(size), "height": str(size)})


def bar(*items: Any, product: str, home: str, banner: str) -> rx.Component:
    """The bar on top, with the banner of demonstration data above it."""
    return rx.fragment(
        rx.el.p(banner, class_name="demo-banner"),
        rx.el.header(
            rx.el.a(
                icon("/favicon.svg", 24),
                rx.el.span(product),
                href=home,
                class_name="product",
            ),
            rx.el.div(*items, class_name="bar-items"),
            class_name="bar",
        ),
    )


def navigation(label: str, links: list[Link], current: str) -> rx.Component:
    """Links between the sections; the one shown is marked."""
    return rx.el.nav(
        rx.el.ul(*[_item(link, current) for link in links]),
        aria_label=label,
        class_name="navigation",
    )


def _item(link: Link, current: str) -> rx.Component:
    here = {"aria_current": "page"} if link.to == current else {}
    item = rx.el.li(ReactRouterLink.create(link.text, to=link.to, **here))
    return item if link.shown is True else rx.cond(link.shown, item)


def page(
    *children: Any, title: str, busy: Any, before: Any = None, side: Any = None
) -> rx.Component:
    """The main part with its heading; `busy` until its data is in."""
    main = rx.el.main(
        rx.el.h1(title, class_name="page-title", tab_index=-1),
        *children,
        aria_busy=rx.cond(busy, "true", "false"),
        id="main",
        class_name="main",
    )
    inner = [side, main] if side else [main]
    look = "page" if side else "page page-alone"
    return rx.el.div(before or rx.fragment(), rx.el.div(*inner, class_name=look))
