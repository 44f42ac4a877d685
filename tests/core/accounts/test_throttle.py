"""Wrong tries slow down."""

import pytest

from pacs_settings.core import db
from pacs_settings.core.accounts import throttle
from pacs_settings.core.accounts.throttle import TooManyTries
from tests.core.conftest import Still
from tests.factories import together

pytestmark = pytest.mark.usefixtures("database")
KINDS = [("account", 5), ("browser", 5), ("address", 30)]


def fail(*keys: str) -> None:
    with db.writing() as session:
        throttle.reserve(session, list(keys))


def wait(*keys: str) -> int:
    """Seconds until the next try; takes none where there is no wait."""
    with pytest.raises(TooManyTries) as refused:
        fail(*keys)
    return refused.value.retry_in


@pytest.mark.asvs("6.3.1")
@pytest.mark.parametrize(("kind", "free"), KINDS)
def test_the_first_failures_cost_no_delay(still: Still, kind: str, free: int) -> None:
    for _ in range(free + 1):  # the one after the free ones is still let through, then it waits
        fail(f"{kind}:one")
    assert wait(f"{kind}:one") > 0


@pytest.mark.asvs("6.3.1")
@pytest.mark.parametrize(("kind", "free"), KINDS)
def test_the_next_ones_wait_longer_and_longer(still: Still, kind: str, free: int) -> None:
    waits = []
    for _ in range(free):
        fail(f"{kind}:one")
    for _ in range(8):
        fail(f"{kind}:one")
        waits.append(wait(f"{kind}:one"))
        still.forward(seconds=waits[-1])
    assert waits == sorted(waits)
    assert waits[0] <= 3
    assert 60 <= waits[-1] <= 61


def test_a_refused_try_does_not_count(still: Still) -> None:
    for _ in range(6):
        fail("account:one")
    first = wait("account:one")
    for _ in range(20):
        assert wait("account:one") == first


def test_keys_do_not_share_failures(still: Still) -> None:
    for _ in range(6):
        fail("account:one", "address:here")
    wait("account:one")
    fail("account:other")
    fail("browser:one")
    fail("address:here")


def test_a_key_that_waits_counts_for_no_other(still: Still) -> None:
    for _ in range(6):
        fail("account:one")
    for _ in range(100):
        wait("account:one", "address:here")
    fail("address:here")


def test_a_quarter_of_an_hour_later_all_is_forgotten(still: Still) -> None:
    for _ in range(6):
        fail("account:one")
    still.forward(minutes=15, seconds=1)
    for _ in range(5):
        fail("account:one")


@pytest.mark.parametrize(("kind", "free"), KINDS)
def test_few_failures_never_add_up(still: Still, kind: str, free: int) -> None:
    pause = 15 * 60 / free
    for _ in range(4 * free):
        still.forward(seconds=pause)
        fail(f"{kind}:one")


@pytest.mark.asvs("6.3.1")
def test_one_who_does_not_stop_stays_slow(still: Still) -> None:
    tries = 0
    for _ in range(720):  # an hour
        still.forward(seconds=5)
        try:
            fail("account:one")
        except TooManyTries:
            continue
        tries += 1
    assert tries < 100


def test_a_right_one_forgets_the_account_and_gives_the_address_one_back(still: Still) -> None:
    for _ in range(6):
        fail("account:one", "address:here")
    with db.writing() as session:
        throttle.settle(session, ["account:one", "address:here"])
    for _ in range(5):
        fail("account:one")
    for _ in range(26):  # 6 - 1 + 26 = 31: one more than is free
        fail("address:here")
    wait("address:here")


@pytest.mark.asvs("6.3.1")
def test_parallel_tries_add_up(still: Still) -> None:
    ends = together(*[lambda: fail("account:one")] * 12)
    assert ends.count(None) == 6
    assert sum(isinstance(end, TooManyTries) for end in ends) == 6
