"""A cold browser: bytes of JS and CSS that a page takes, and when its first click is answered.

Every load is in a fresh context (no cache, no compiled code); ours comes with the cookie of a
signed-in session, and its page shows twelve lines from the database before it can be clicked.
"""

import json
import statistics
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Response

from bench.browser import WAIT, Side
from bench.report import Figure

BYTES_LIMIT, TIME_LIMIT = 1.3, 1.5
LOADS = 9  # of each side, after one that is not counted
SETTLE = 300  # ms after the answer, for what a page loads when it has nothing else to do
LARGEST = 8
KINDS = ("script", "stylesheet")
SCRIPT = (Path(__file__).parent / "first_load.js").read_text().rstrip()


@dataclass(frozen=True)
class Load:
    """One cold load: milliseconds to the first answer, and by file (decoded, transferred) bytes."""

    answered: float
    files: dict[str, tuple[int, int]]

    @property
    def decoded(self) -> float:
        """Kilobytes of script and style, as the browser parses them."""
        return sum(decoded for decoded, _ in self.files.values()) / 1000

    @property
    def sent(self) -> float:
        """Kilobytes of script and style, as they travel."""
        return sum(sent for _, sent in self.files.values()) / 1000


def measure(browser: Browser, ours: Side, bare: Side) -> list[Figure]:
    """Bytes and time; prints the largest files of our page."""
    loads: dict[str, list[Load]] = {ours.name: [], bare.name: []}
    for side in (ours, bare):
        load(browser, side)
    for _turn in range(LOADS):
        for side in (ours, bare):
            loads[side.name].append(load(browser, side))
    mine, theirs = loads[ours.name], loads[bare.name]
    _print_largest(mine[0])
    return [
        _bytes("first_load decoded", [x.decoded for x in mine], [x.decoded for x in theirs]),
        _bytes("first_load gzip", [x.sent for x in mine], [x.sent for x in theirs]),
        Figure(
            "first_load answered",
            "ms",
            [x.answered for x in mine],
            [x.answered for x in theirs],
            TIME_LIMIT,
        ),
    ]


def load(browser: Browser, side: Side) -> Load:
    """Open the page cold, click once, and count."""
    context = browser.new_context(storage_state=side.cookies)
    context.set_default_timeout(WAIT)
    page = context.new_page()
    asked = json.dumps({"switch": side.switch, "said": side.said})
    page.add_init_script(f"{SCRIPT}({asked})")
    responses: list[Response] = []
    page.on("response", lambda response: responses.append(response))
    page.goto(side.url)
    answered = page.evaluate(_AWAIT, WAIT)
    page.wait_for_timeout(SETTLE)
    files = {r.url: _size(r) for r in responses if r.request.resource_type in KINDS}
    context.close()
    return Load(answered, files)


_AWAIT = """(patience) => new Promise((done, fail) => {
  const started = performance.now();
  const look = () => {
    if (window.firstAnswer) done(window.firstAnswer);
    else if (performance.now() - started > patience) fail(new Error("no click was answered"));
    else setTimeout(look, 20);
  };
  look();
})"""


def _size(response: Response) -> tuple[int, int]:
    return len(response.body()), response.request.sizes()["responseBodySize"]


def _bytes(name: str, ours: list[float], bare: list[float]) -> Figure:
    """Bytes do not vary between loads; their median is the figure."""
    middle = statistics.median
    return Figure(name, "kB", [middle(ours)], [middle(bare)], BYTES_LIMIT)


def _print_largest(seen: Load) -> None:
    ordered = sorted(seen.files.items(), key=lambda item: item[1], reverse=True)
    print(f"largest of {len(ordered)} files of our page (decoded, gzip):")
    for address, (decoded, sent) in ordered[:LARGEST]:
        print(f"  {decoded / 1000:6.1f} kB {sent / 1000:6.1f} kB  {address.rsplit('/', 1)[-1]}")
