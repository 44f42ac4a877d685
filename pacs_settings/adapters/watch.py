"""Ends what takes too long, whatever it waits for."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Thread


class Watch:
    """Calls `cut`, in another thread, once what it watches takes longer than `seconds`.

    Limits of sockets begin again with each byte; this one does not. The thread looks on while
    things follow each other: a `threading.Timer` for each message costs as much as composing it.
    """

    def __init__(self, seconds: float, cut: Callable[[], None]) -> None:
        self._seconds, self._cut = seconds, cut
        self._lock = Lock()
        self._looking = False
        self._ends = 0.0  # when what is watched is over at the latest; 0 while nothing is

    @contextmanager
    def over(self) -> Iterator[None]:
        """Watch what is done inside; one thing at a time."""
        with self._lock:
            self._ends = time.monotonic() + self._seconds
            if not self._looking:
                self._looking = True
                Thread(target=self._look, daemon=True).start()
        try:
            yield
        finally:
            self._ends = 0.0

    def _look(self) -> None:
        left: float | None = self._seconds
        while left is not None:
            time.sleep(left)
            left = self._left()

    def _left(self) -> float | None:
        """Seconds until the next look; None where nothing is watched any more."""
        with self._lock:
            ends = self._ends
            if not ends:
                self._looking = False
                return None
            left = ends - time.monotonic()  # asked once: time goes on between two answers
            if left > 0:
                return left
        self._cut()
        return self._seconds
