"""Chromium, and what a page is asked: one click on one switch, timed inside the page."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page

from bench.servers import Served

USERNAME, PASSWORD = "an.peeters@demo.example", "radiology-demo-2026"
WAIT = 15_000  # ms for anything a page is asked


@dataclass(frozen=True)
class Side:
    """One of the two apps, as a browser sees it."""

    name: str
    server: Served
    url: str  # of the page with the switch
    switch: str  # CSS of the switch that is clicked
    said: str  # CSS of the text that changes once the click is stored
    cookies: Any = None  # Playwright's storage state of a signed-in browser


def sides(browser: Browser, product: Served, bare: Served) -> tuple[Side, Side]:
    """Ours, signed in and on the Mappings page, and the bare app."""
    ours = Side(
        "ours",
        product,
        f"{product.url}/settings/mappings",
        "tbody button[role=switch]",
        ".table-told [role=status]",
        _signed_in(browser, product.url),
    )
    return ours, Side("bare", bare, f"{bare.url}/", "button[role=switch]", "#said")


def _signed_in(browser: Browser, product: str) -> Any:
    """Sign in through the page, once; the cookies are what later contexts start with."""
    context = browser.new_context()
    context.set_default_timeout(WAIT)
    page = context.new_page()
    page.goto(f"{product}/login")
    page.locator("#email").fill(USERNAME)
    page.locator("#email").press("Enter")
    page.locator("#field-password").fill(PASSWORD)
    page.locator("#field-password").press("Enter")
    page.wait_for_url("**/settings/**")
    cookies = context.storage_state()
    context.close()
    return cookies


def opened(browser: Browser, side: Side) -> Page:
    """The page of a side in a fresh context, with its switch shown."""
    context = browser.new_context(storage_state=side.cookies)
    context.set_default_timeout(WAIT)
    page = context.new_page()
    page.goto(side.url)
    page.locator(side.switch).first.wait_for()
    return page
