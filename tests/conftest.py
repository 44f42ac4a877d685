"""Fixtures: a database for core, and the real product in production mode with a browser."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests import postgres
from tests.postgres import Postgres

ROOT = Path(__file__).parents[1]
os.environ.setdefault("PACS_BCRYPT_COST", "4")
os.environ.setdefault("PACS_DEMO", "1")
os.environ.setdefault("PACS_SECRET_KEY", "a key for tests, never for real data")
T = TypeVar("T")
pytest_plugins = ["tests.adapters.clinic"]  # what more than one folder asks for
PASSWORD = "radiology-demo-2026"


def require(missing: str) -> None:
    """Skip where something is not installed; on the build server that is a failure."""
    if missing and os.environ.get("CI"):
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)


@contextmanager
def using(url: str, *, again: bool = False) -> Iterator[None]:
    """Let this process use a database; connections stay open where it is used `again`."""
    from pacs_settings.config import config
    from pacs_settings.core import db

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PACS_DATABASE_URL", url)
        config.cache_clear()
        if not _connected_to(url):
            db.forget_engine()
        yield
        if not again:
            db.forget_engine()
    config.cache_clear()


def _connected_to(url: str) -> bool:
    from pacs_settings.core import db

    if not db.engine.cache_info().currsize:
        return False
    address = db.engine().url
    return make_url(url).set(drivername=address.drivername) == address


def fill() -> None:
    """Migrate the database of this process and load demo data."""
    from pacs_settings.core import demo, migrate

    migrate.upgrade()
    demo.load_into_empty()


@pytest.fixture(scope="session")
def template_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file with demo data, made once and copied by every test."""
    from pacs_settings.core import db

    path = tmp_path_factory.mktemp("template") / "template.db"
    with using(f"sqlite:///{path}"):
        fill()
        with db.engine().connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgres]:
    """A PostgreSQL server for all tests of this process that want one."""
    require(postgres.missing())
    with postgres.running(free_port()) as server:
        yield server


@pytest.fixture(scope="session")
def template_database(postgresql: Postgres) -> str:
    """The name of a migrated database with demo data; others are made as copies of it."""
    name = "demo"
    with using(postgresql.create(name)):
        fill()
    postgresql.keep(name)
    return name


@pytest.fixture
def demo_database(postgresql: Postgres, template_database: str) -> str:
    """The address of a database with demo data, in which no test has left anything."""
    try:
        if postgresql.put_back("test"):
            return postgresql.url("test")
    except psycopg.OperationalError:
        pass  # it is not there yet
    postgresql.drop("test")
    return postgresql.create("test", template_database)


@pytest.fixture
def database_kind() -> str:
    """On which database a test runs; those of core run on each (see tests/core/conftest.py)."""
    return "sqlite"


@pytest.fixture
def empty_database(
    database_kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[str]:
    """The address of a database without tables."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server = request.getfixturevalue("postgresql")
    yield server.create("empty")
    server.drop("empty")


@pytest.fixture
def database(
    database_kind: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """A database of its own with demo data, for this process; yields its address."""
    monkeypatch.setenv("PACS_DATA_DIR", str(tmp_path))
    if database_kind == "sqlite":
        path = shutil.copy(request.getfixturevalue("template_file"), tmp_path / "pacs_settings.db")
        url = f"sqlite:///{path}"
    else:
        url = request.getfixturevalue("demo_database")
    with using(url, again=database_kind == "postgresql"):
        yield url


def in_a_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own: Playwright keeps a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(copy_context().run, asyncio.run, work).result()


def free_port() -> int:
    """A port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until an address answers; raises RuntimeError with the log when it does not."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError(f"{url} did not come up:\n{log.read_text()[-4000:]}")


@dataclass
class Server:
    """The product as `make serve` runs it, in a folder of its own."""

    folder: Path
    port: int
    extra: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://localhost:{self.port}"

    @property
    def log(self) -> Path:
        """What it printed."""
        return self.folder / "server.log"

    @property
    def database(self) -> Path:
        """Its SQLite file."""
        return self.folder / "pacs_settings.db"

    @property
    def environment(self) -> dict[str, str]:
        """What it, and commands beside it, run in."""
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith("PACS_DATABASE")},
            "PORT": str(self.port),
            "PACS_DATA_DIR": str(self.folder),
            "REFLEX_USE_SYSTEM_BUN": "1",
            "REFLEX_CHECK_LATEST_VERSION": "false",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            **self.extra,
        }

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pacs_settings.serve"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_for(f"{self.url}/ping", self.process, self.log)

    def kill(self, how: int = signal.SIGKILL) -> None:
        """End the process that was started (its workers end with it)."""
        if self.process and self.process.poll() is None:
            os.kill(self.process.pid, how)
            self.process.wait(20)

    def stop(self) -> None:
        """End it in good order."""
        self.kill(signal.SIGTERM)


@pytest.fixture(scope="session")
def built() -> None:
    """The pages, built once for all tests (and only when their sources changed)."""
    from pacs_settings import build

    build.ensure()


@pytest.fixture(scope="module")
def server(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The product with demo data, for one module of tests."""
    running = Server(tmp_path_factory.mktemp("server"), free_port(), {})
    running.start()
    yield running
    running.stop()
