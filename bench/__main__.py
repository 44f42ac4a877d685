"""`python -m bench [name …]`: measure; ends with 1 when a limit is broken."""

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import first_load, login_load, notify, toggle
from bench.browser import sides
from bench.report import Figure
from bench.servers import bare, product
from tests.chromium import chromium

# What is measured in a browser, on both apps built and served.
IN_A_BROWSER = {
    "toggle": toggle.measure,
    "first_load": first_load.measure,
    "login_load": login_load.measure,
}
MEASURES = {**IN_A_BROWSER, **notify.MEASURES}


def main(wanted: list[str]) -> int:
    """Print one line for each figure; `wanted` names measures, none means all."""
    unknown = set(wanted) - MEASURES.keys()
    if unknown:
        print(f"no such figure: {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
        return 2
    names = wanted or list(MEASURES)
    figures = _measured({name: notify.MEASURES[name] for name in names if name not in IN_A_BROWSER})
    served = [name for name in names if name in IN_A_BROWSER]
    if served:
        with _both() as both:
            figures += _measured({name: lambda n=name: IN_A_BROWSER[n](*both) for name in served})
    return 0 if all(figure.holds for figure in figures) else 1


def _measured(measures: dict[str, Any]) -> list[Figure]:
    figures: list[Figure] = []
    for measure in measures.values():
        found = measure()
        print(*found, sep="\n", flush=True)
        figures += found
    return figures


@contextmanager
def _both() -> Iterator[tuple[Any, ...]]:
    """A browser, and both apps in it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folders = [Path(place) / name for name in ("ours", "bare")]
        for folder in folders:
            folder.mkdir()
        with product(folders[0]) as ours, bare(folders[1]) as peer, chromium() as browser:
            yield browser, *sides(browser, ours, peer)


if __name__ == "__main__":
    os.environ.setdefault("PACS_DEMO", "1")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers end as well
    sys.exit(main(sys.argv[1:]))
