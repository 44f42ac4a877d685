"""`python -m bench`: build both apps, serve both, measure; ends with 1 when a limit is broken."""

import signal
import sys
import tempfile
from pathlib import Path

from bench import first_load, login_load, toggle
from bench.browser import sides
from bench.report import Figure
from bench.servers import bare, product
from tests.chromium import chromium

MEASURES = {
    "toggle": toggle.measure,
    "first_load": first_load.measure,
    "login_load": login_load.measure,
}


def main(wanted: list[str]) -> int:
    """Print one line for each figure; `wanted` names measures, none means all."""
    unknown = set(wanted) - MEASURES.keys()
    if unknown:
        print(f"no such figure: {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
        return 2
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folders = [Path(place) / name for name in ("ours", "bare")]
        for folder in folders:
            folder.mkdir()
        with product(folders[0]) as ours, bare(folders[1]) as peer, chromium() as browser:
            both = sides(browser, ours, peer)
            for name in wanted or MEASURES:
                found = MEASURES[name](browser, *both)
                print(*found, sep="\n", flush=True)
                figures += found
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers end as well
    sys.exit(main(sys.argv[1:]))
