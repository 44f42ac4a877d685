"""Numbers into lines: median, 95th percentile, ratio to the peer, and whether the limit holds."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


def p95(samples: Sequence[float]) -> float:
    """The value that 95 of 100 samples do not exceed."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


@dataclass(frozen=True)
class Figure:
    """One figure of ours beside the same of the bare app, in `unit`; lower is better."""

    name: str
    unit: str
    ours: Sequence[float]
    bare: Sequence[float]
    limit: float

    @property
    def ratio(self) -> float:
        """Our median by theirs."""
        return statistics.median(self.ours) / statistics.median(self.bare)

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        return self.ratio <= self.limit

    def __str__(self) -> str:
        """The line that is printed."""
        verdict = "ok" if self.holds else "BROKEN"
        return (
            f"{self.name} ours {self._told(self.ours)} bare {self._told(self.bare)} "
            f"ratio {self.ratio:.2f} limit {self.limit:.2f} {verdict}"
        )

    def _told(self, samples: Sequence[float]) -> str:
        digits = 1 if statistics.median(samples) < 100 else 0
        middle = f"{statistics.median(samples):.{digits}f} {self.unit}"
        return middle if len(samples) == 1 else f"{middle} (p95 {p95(samples):.{digits}f})"
