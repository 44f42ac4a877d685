"""Every test on each database, time that tests can move, and passwords that are counted."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import bcrypt
import pytest

from pacs_settings.core import clock
from pacs_settings.core.accounts import passwords
from pacs_settings.core.accounts.second_factor.totp import STEP_SECONDS

DATABASES = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever uses a database runs on each, but for what is about one of them."""
    if "database_kind" in metafunc.fixturenames:
        only = metafunc.definition.get_closest_marker("only_on")
        metafunc.parametrize("database_kind", [only.args[0]] if only else DATABASES)


class Clock:
    """The product's clock; it goes on by itself, and further when told."""

    def __init__(self) -> None:
        self._moved = timedelta(0)

    def forward(self, **by: float) -> None:
        """Let time pass, as in `forward(minutes=15)`."""
        self._moved += timedelta(**by)
        clock.shift(self._moved)

    def start_of_step(self) -> None:
        """Go to the beginning of the next step of one-time codes, so that none ends meanwhile."""
        self.forward(seconds=STEP_SECONDS - clock.now().timestamp() % STEP_SECONDS + 0.1)


@pytest.fixture
def moved() -> Iterator[Clock]:
    """The clock; put right again afterwards."""
    yield Clock()
    clock.shift(timedelta(0))


class Still:
    """A moment that stays until it is moved."""

    def __init__(self) -> None:
        self.moment = clock.now()

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **by: float) -> None:
        """Go on by so much."""
        self.moment += timedelta(**by)


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> Still:
    """The clock of the throttle stands still: how fast this machine is decides nothing."""
    from pacs_settings.core.accounts import throttle

    time = Still()
    monkeypatch.setattr(throttle, "now", time)
    return time


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every bcrypt computation from now on, by name."""
    passwords.warm_up()
    done: list[str] = []
    check, make = bcrypt.checkpw, bcrypt.hashpw

    def checkpw(password: bytes, hashed: bytes) -> bool:
        done.append("check")
        return check(password, hashed)

    def hashpw(password: bytes, salt: bytes) -> bytes:
        done.append("make")
        return make(password, salt)

    monkeypatch.setattr(bcrypt, "checkpw", checkpw)
    monkeypatch.setattr(bcrypt, "hashpw", hashpw)
    return done
