"""How much of what is refused is written down: a client that floods fills no disk."""

from functools import lru_cache

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

MOST = RateLimitItemPerMinute(100)


@lru_cache(maxsize=1)
def _limiter() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(MemoryStorage())


def worth_noting(what: str, whose: str) -> bool:
    """Whether this is one of the first hundred of its kind and client in a minute."""
    return _limiter().hit(MOST, what, whose)
