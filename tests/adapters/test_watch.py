"""What takes too long is ended, and nothing else is."""

import itertools
import threading
import time
from queue import Queue
from types import SimpleNamespace

import pytest

from pacs_settings.adapters import watch as module
from pacs_settings.adapters.watch import Watch

PATIENCE = 10  # seconds until a test that hangs is ended


def test_what_takes_too_long_is_cut() -> None:
    cut = threading.Event()
    watch = Watch(0.05, cut.set)
    for _ in range(2):
        with watch.over():
            assert cut.wait(PATIENCE)
        cut.clear()


def test_time_that_goes_on_while_it_looks_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = threading.Event()
    watch = Watch(0.03, cut.set)
    ticks = itertools.count(step=0.02)
    fast = SimpleNamespace(monotonic=lambda: next(ticks), sleep=time.sleep)
    monkeypatch.setattr(module, "time", fast)
    with watch.over():
        assert cut.wait(PATIENCE)


def test_what_is_in_time_is_not() -> None:
    cuts: Queue[None] = Queue()
    watch = Watch(0.5, lambda: cuts.put(None))
    for _ in range(100):
        with watch.over():
            pass
    for thread in threading.enumerate():
        if getattr(thread, "_target", None) == watch._look:
            thread.join(PATIENCE)  # it ends by itself where nothing follows
    assert cuts.empty()
    assert not watch._looking
