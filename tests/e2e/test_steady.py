"""Nothing moves while a page loads, and no word of another language is shown."""

from collections.abc import Callable
from html.parser import HTMLParser

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page

from tests.conftest import Server
from tests.e2e.people import somebody
from tests.e2e.steps import SECTIONS, ready, show, sign_in

MOST = 0.02  # cumulative layout shift; 0.1 counts as good elsewhere
MEASURE = """
window.shifted = 0;
window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  if (entry.hadRecentInput) return;
  window.shifted += entry.value;
  window.shifts.push(...entry.sources.map(({ node }) =>
    `${entry.value.toFixed(3)} ${(node?.outerHTML || node?.textContent || "").slice(0, 80)}`));
})).observe({ type: "layout-shift", buffered: true });
"""
SETTLED = """async () => {
  await document.fonts.ready;
  for (let frame = 0; frame < 4; frame += 1) await new Promise(requestAnimationFrame);
  return [window.shifted, window.shifts];
}"""
PUBLIC = ("/login", "/forgot-password", "/reset-password", "/lock-account")
LANGUAGES = [("en-GB", "en"), ("nl-BE", "nl"), ("fr-BE", "en")]


@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_moves(
    open_context: Callable[..., BrowserContext], server: Server, width: int
) -> None:
    person = somebody(server)
    httpx.post(
        f"{server.url}/auth/forgot",
        data={"email": person.username},
        headers={"Origin": server.url},
    )
    context = open_context(viewport={"width": width, "height": 800})
    context.add_init_script(MEASURE)
    page = context.new_page()
    for path in PUBLIC:
        page.goto(path)
        _is_still(page)
    page.goto(person.mails.next("reset").link("reset"))
    _is_still(page)
    sign_in(page)
    for section in SECTIONS:
        show(page, section)
        _is_still(page)


def _is_still(page: Page) -> None:
    ready(page)
    shifted, shifts = page.evaluate(SETTLED)
    assert shifted < MOST, (page.url, shifts)


class Words(HTMLParser):
    """The language of a page and its texts, as they arrive."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.language, self.found, self.silent = "", [], 0
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.language = dict(attributes).get("lang") or "" if tag == "html" else self.language
        self.silent += tag in ("script", "style", "noscript", "title", "option")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style", "noscript", "title", "option")

    def handle_data(self, data: str) -> None:
        if data.strip() and not self.silent:
            self.found.append(" ".join(data.split()))


@pytest.mark.parametrize(("locale", "language"), LANGUAGES)
def test_the_first_words_are_the_last(
    open_context: Callable[..., BrowserContext], locale: str, language: str
) -> None:
    context = open_context(locale=locale)
    page = context.new_page()
    for path in ("/forgot-password", "/login"):
        page.goto(path)
        ready(page)
        _words_stay(page, language)
    page.locator("input[type=email]:visible").fill("an.peeters@demo.example")
    page.keyboard.press("Enter")
    page.locator("input[type=password]:visible").fill("radiology-demo-2026")
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/personal")
    for section in SECTIONS:
        show(page, section)
        _words_stay(page, language)


def _words_stay(page: Page, language: str) -> None:
    sent = page.context.request.get(page.url.partition("#")[0], headers=_accept(page))
    arrived = Words(sent.text())
    assert arrived.language == language
    shown = Words(page.content())
    assert shown.language == language
    assert set(arrived.found) <= set(shown.found)


def _accept(page: Page) -> dict[str, str]:
    return {"Accept-Language": ",".join(page.evaluate("navigator.languages"))}
