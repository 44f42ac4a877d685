"""Numbers into lines: median, 95th percentile, ratio to the peer, and whether the limit holds."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


def p95(samples: Sequence[float]) -> float:
    """The value that 95 of 100 samples do not exceed."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


@dataclass(frozen=True)
class Figure:
    """One figure of ours beside the same of a peer, in `unit`; lower is better."""

    name: str
    unit: str
    ours: Sequence[float]
    peer: Sequence[float]
    limit: float
    sides: tuple[str, str] = ("ours", "bare")
    compared: Callable[[Sequence[float]], float] = statistics.median

    @property
    def ratio(self) -> float:
        """Ours by theirs: of medians, unless something else is compared."""
        return self.compared(self.ours) / self.compared(self.peer)

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        return self.ratio <= self.limit

    def __str__(self) -> str:
        """The line that is printed."""
        verdict = "ok" if self.holds else "BROKEN"
        ours, peer = self.sides
        of = "ratio of p95" if self.compared is p95 else "ratio"
        return (
            f"{self.name} {ours} {self._told(self.ours)} {peer} {self._told(self.peer)} "
            f"{of} {self.ratio:.2f} limit {self.limit:.2f} {verdict}"
        )

    def _told(self, samples: Sequence[float]) -> str:
        digits = 1 if statistics.median(samples) < 100 else 0
        middle = f"{statistics.median(samples):.{digits}f} {self.unit}"
        return middle if len(samples) == 1 else f"{middle} (p95 {p95(samples):.{digits}f})"
