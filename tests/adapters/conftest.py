"""Real directories on loopback, and bad servers in their place."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pacs_settings.adapters import ldap_directory
from tests.adapters import slapd
from tests.adapters.certificates import Authority
from tests.adapters.clinic import end, wait_for_port
from tests.adapters.faults import Behaviour, Faulty
from tests.conftest import require


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """No test remembers which servers failed in another."""
    ldap_directory._failed_at.clear()
    yield
    ldap_directory._failed_at.clear()


@pytest.fixture(scope="session")
def practice(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> Iterator[slapd.Slapd]:
    """OpenLDAP with few people, whom nobody changes."""
    with _slapd(tmp_path_factory.mktemp("slapd"), authority) as running:
        yield running


@pytest.fixture
def changing_practice(tmp_path: Path, authority: Authority) -> Iterator[slapd.Slapd]:
    """The same for one test, which may change it."""
    with _slapd(tmp_path, authority) as running:
        yield running


@contextmanager
def _slapd(folder: Path, authority: Authority) -> Iterator[slapd.Slapd]:
    require(slapd.missing())
    running = slapd.start(folder, authority)
    try:
        for url in (running.plain, running.encrypted):
            host, _, port = url.partition("://")[2].partition(":")
            wait_for_port((host, int(port)), running.process)
        yield running
    finally:
        end(running.process)


@pytest.fixture
def faulty() -> Iterator[Callable[[Behaviour], Faulty]]:
    """Makes servers that behave badly, and ends them."""
    made: list[Faulty] = []

    def make(behave: Behaviour) -> Faulty:
        made.append(Faulty(behave))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture(autouse=True)
def _no_loop_in_this_thread() -> Iterator[None]:
    """Deliveries run in threads without one; here Playwright may keep its own from other tests."""
    before = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(before)
