"""Browsers and systems in words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacs_settings.core.user_agents import MAXIMUM_NAME, MAXIMUM_READ, describe

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {WEBKIT}"
IPAD = f"Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) {WEBKIT}"


@pytest.mark.parametrize(
    ("user_agent", "browser", "system"),
    [
        (
            f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.87",
            "Edge 126",
            "Windows",
        ),
        (f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36", "Chrome 126", "Windows"),
        (
            f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36 OPR/112.0.0.0",
            "Opera 112",
            "Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Firefox 128",
            "Windows",
        ),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Firefox 128",
            "Ubuntu",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
            "Internet Explorer 11",
            "Windows",
        ),
        (
            f"{LINUX} HeadlessChrome/126.0.6478.57 Safari/537.36",
            "Headless Chrome 126",
            "Linux",
        ),
        (f"{MAC} Version/17.5 Safari/605.1.15", "Safari 17", "macOS"),
        (f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1", "Safari 17", "iPhone"),
        (
            f"{IPHONE} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1",
            "Chrome 126",
            "iPhone",
        ),
        (
            f"{IPHONE} FxiOS/128.0 Mobile/15E148 Safari/605.1.15",
            "Firefox 128",
            "iPhone",
        ),
        (f"{IPHONE} Mobile/15E148", "Safari", "iPhone"),
        (f"{IPAD} Version/17.5 Mobile/15E148 Safari/604.1", "Safari 17", "iPad"),
        (f"{ANDROID} Chrome/126.0.0.0 Mobile Safari/537.36", "Chrome 126", "Android"),
        (
            f"{ANDROID} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
            "Samsung Internet 25",
            "Android",
        ),
        (
            "Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0",
            "Firefox 128",
            "Android",
        ),
        ("curl/8.5.0", "curl 8", ""),
        ("", "", ""),
        ("garbage", "", ""),
        ("\x00\ud800 <script>alert(1)</script>", "", ""),
    ],
)
def test_names(user_agent: str, browser: str, system: str) -> None:
    assert describe(user_agent) == (browser, system)


@given(st.text(max_size=2 * MAXIMUM_READ))
def test_any_text_gives_two_short_names(user_agent: str) -> None:
    assert all(len(name) <= MAXIMUM_NAME for name in describe(user_agent))


def test_only_the_beginning_is_read() -> None:
    assert describe("x" * MAXIMUM_READ + " Firefox/128.0") == ("", "")


@pytest.mark.parametrize("piece", ["; Build/", "Mozilla/5.0 (", "a/1 ", ";", "Android 1 ", " "])
def test_a_hostile_header_costs_little(piece: str) -> None:
    describe("warm up")
    start = time.process_time()
    describe(piece * 100_000)
    assert time.process_time() - start < 0.2
