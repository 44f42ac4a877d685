"""`reflex run`, as developers and designers use it: two ports, pages made by scripts."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import PASSWORD, ROOT, free_port, wait_for


@pytest.fixture(scope="module")
def development(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a development server with demo data."""
    tmp_path = tmp_path_factory.mktemp("development")
    pages, routes = free_port(), free_port()
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("PACS_DATABASE", "PORT"))},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PACS_DATA_DIR": str(tmp_path),
        "REFLEX_FRONTEND_PORT": str(pages),
        "REFLEX_BACKEND_PORT": str(routes),
        "REFLEX_WEB_WORKDIR": ".build/development",
        "REFLEX_USE_SYSTEM_BUN": "1",
        "REFLEX_CHECK_LATEST_VERSION": "false",
    }
    log = tmp_path / "development.log"
    pinned = ROOT / "reflex.lock" / "package.json"
    before = pinned.read_bytes()  # Reflex writes the same pins in another layout
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["reflex", "run"],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(f"http://localhost:{routes}/ping", process, log)
        wait_for(f"http://localhost:{pages}/login", process, log)
        yield f"http://localhost:{pages}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
        pinned.write_bytes(before)


def test_signing_in_and_switching_a_mapping(development: str, browser: Browser) -> None:
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(development)
    page.get_by_role("textbox", name="E-mail address").fill("an.peeters@demo.example")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Personal settings")).to_be_visible()
    page.get_by_role("link", name="Mappings").click()
    switch = page.get_by_role("switch").first
    before = switch.get_attribute("aria-checked")
    switch.click()
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    page.reload()
    expect(page.get_by_role("switch").first).not_to_have_attribute("aria-checked", before or "")


def test_the_gallery_needs_no_sign_in(development: str, browser: Browser) -> None:
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(f"{development}/dev/gallery")
    expect(page.get_by_role("heading", name="Colours, dark")).to_be_visible()
    expect(page.get_by_role("region", name="Changed meanwhile")).to_have_count(2)


def test_messages_that_left_are_one_click_away(development: str, browser: Browser) -> None:
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(f"{development}/dev/outbox")
    page.get_by_role("link", name="/dev/outbox").click()
    expect(page).to_have_url(re.compile(r"^http://localhost:\d+/dev/outbox$"))
    assert not page.url.startswith(f"{development}/")
    expect(page.get_by_role("heading", name="Outbox")).to_be_visible()
    empty, one = page.get_by_text("No message has left yet"), page.get_by_role("link", name=".eml")
    expect(empty.or_(one.first)).to_be_visible()
