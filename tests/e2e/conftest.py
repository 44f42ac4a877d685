"""Fixtures: one Chromium a process, contexts that must stay without a complaint, axe."""

import fcntl
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.chromium import chromium
from tests.conftest import ROOT, Server

HERE = Path(__file__).parent
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# What the policy forbids becomes an error like any other.
TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


@dataclass
class Complaints:
    """What a browser complained about; `allow` takes patterns of what a test provokes."""

    found: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def allow(self, *patterns: str) -> None:
        self.allowed += patterns

    def listen(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.found.append(f"error: {error}"))
        page.on("requestfailed", self._failed)

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.found.append(f"{message.type}: {message.text} {message.location.get('url')}")

    def _failed(self, request: Any) -> None:
        # A request that a navigation overtakes is aborted; that is no failure.
        if "ERR_ABORTED" not in (request.failure or ""):
            self.found.append(f"failed: {request.url} {request.failure}")

    def left(self) -> list[str]:
        return [text for text in self.found if not any(re.search(p, text) for p in self.allowed)]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def open_context(
    browser: Browser, complaints: Complaints, server: Server
) -> Iterator[Callable[..., BrowserContext]]:
    """Makes contexts; at the end of the test none of them may have complained."""
    opened: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        options.setdefault("locale", "en-GB")
        context = browser.new_context(base_url=server.url, **options)
        context.set_default_timeout(10_000)
        context.add_init_script(TELL_VIOLATIONS)
        context.on("page", complaints.listen)
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()
    assert complaints.left() == []


@pytest.fixture
def context(open_context: Callable[..., BrowserContext]) -> BrowserContext:
    return open_context()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture(scope="session")
def axe_source() -> str:
    """axe-core as npm has it, in the version of the lockfile."""
    script = HERE / "node_modules" / "axe-core" / "axe.min.js"
    (ROOT / ".build").mkdir(exist_ok=True)
    with (ROOT / ".build" / "axe.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not script.exists():
            bun = str(Path(sys.executable).parent / "bun")
            subprocess.run([bun, "install", "--frozen-lockfile"], cwd=HERE, check=True)
    return script.read_text()


@pytest.fixture
def axe_in(axe_source: str) -> Callable[[Page], list[str]]:
    """What axe finds wrong on a page as it is: rule, element and why."""

    def look(page: Page) -> list[str]:
        if not page.evaluate("'axe' in window"):
            page.evaluate(axe_source)
        found = page.evaluate(
            "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS
        )
        return [
            f"{wrong['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for wrong in found["violations"]
            for node in wrong["nodes"]
        ]

    return look
