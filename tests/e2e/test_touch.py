"""Signing with a finger on a phone."""

from collections.abc import Callable
from itertools import pairwise

from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.steps import DASH, WAVE, ink, show, sign_in

STEPS = 8  # places between two points, as a screen tells them


def swipe(page: Page, *strokes: list[tuple[float, float]]) -> None:
    """Draw with a finger; points in parts of the pad's width and height."""
    finger = page.context.new_cdp_session(page)
    pad = page.get_by_label("Signature pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [
            {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in points
        ]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    for stroke in strokes:
        touch("touchStart", stroke[0])
        for (x, y), (to_x, to_y) in pairwise(stroke):
            for part in range(1, STEPS + 1):
                share = part / STEPS
                touch("touchMove", (x + (to_x - x) * share, y + (to_y - y) * share))
        touch("touchEnd")


def test_a_finger_draws_and_turning_the_phone_keeps_it(
    open_context: Callable[..., BrowserContext],
) -> None:
    page = open_context(
        viewport={"width": 360, "height": 740},
        device_scale_factor=2,
        has_touch=True,
        is_mobile=True,
    ).new_page()
    sign_in(page)
    show(page, "signature")
    swipe(page, WAVE, DASH)
    pad = page.get_by_label("Signature pad")
    assert pad.evaluate("(canvas) => canvas.width / canvas.clientWidth") == 2
    upright = ink(page)
    assert upright > 200
    page.set_viewport_size({"width": 740, "height": 360})
    assert ink(page) > upright
    page.set_viewport_size({"width": 360, "height": 740})
    assert abs(ink(page) - upright) < upright / 4
    # Clicked, not tapped: Chromium swallows a tap that follows a swipe at once.
    save = page.get_by_role("button", name="Save signature")
    page.get_by_role("button", name="Clear").click()
    expect(save).to_be_disabled()
    swipe(page, WAVE)
    save.click()
    expect(page.get_by_role("img", name="Saved signature")).to_be_visible()


def test_the_page_does_not_scroll_under_the_finger(
    open_context: Callable[..., BrowserContext],
) -> None:
    page = open_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    ).new_page()
    sign_in(page)
    show(page, "signature")
    page.get_by_label("Signature pad").scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    swipe(page, [(0.5, 0.9), (0.5, 0.5), (0.5, 0.1)])
    assert page.evaluate("scrollY") == before
    assert ink(page) > 0
