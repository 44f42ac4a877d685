"""Click on a switch → confirmed in the page, ours beside a bare Reflex switch with one commit.

Both are timed inside the page. Blocks of clicks alternate between the two, so that whatever else
the machine does hits both.
"""

from pathlib import Path

from playwright.sync_api import Browser, Page

from bench.browser import WAIT, Side, opened
from bench.report import Figure

LIMIT = 1.5
BLOCKS, CLICKS = 10, 20  # of each side
WARM_UP = 20
PAUSE = 30  # ms between a confirmation and the next click
SCRIPT = (Path(__file__).parent / "toggle.js").read_text()


def measure(browser: Browser, ours: Side, bare: Side) -> list[Figure]:
    """The figure of 200 clicks of each side."""
    pages = [(side, opened(browser, side), []) for side in (ours, bare)]
    for side, page, _ in pages:
        click(page, side, WARM_UP)
    for _block in range(BLOCKS):
        for side, page, took in pages:
            page.bring_to_front()
            took += click(page, side, CLICKS)
    for _, page, _ in pages:
        page.context.close()
    return [Figure("toggle", "ms", pages[0][2], pages[1][2], LIMIT)]


def click(page: Page, side: Side, count: int) -> list[float]:
    """Milliseconds from click to confirmation, one for each of `count` clicks."""
    asked = {
        "count": count,
        "pause": PAUSE,
        "patience": WAIT,
        "switch": side.switch,
        "said": side.said,
    }
    return list(page.evaluate(SCRIPT, asked))
