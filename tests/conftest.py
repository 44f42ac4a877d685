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
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

ROOT = Path(__file__).parents[1]
os.environ.setdefault("PACS_BCRYPT_COST", "4")
os.environ.setdefault("PACS_DEMO", "1")
os.environ.setdefault("PACS_SECRET_KEY", "a key for tests, never for real data")
T = TypeVar("T")
PASSWORD = "radiology-demo-2026"


@pytest.fixture(scope="session")
def template_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file with demo data, made once and copied by every test."""
    from pacs_settings.config import config
    from pacs_settings.core import db, demo, migrate

    path = tmp_path_factory.mktemp("template") / "template.db"
    os.environ["PACS_DATABASE_URL"] = f"sqlite:///{path}"
    config.cache_clear()
    db.forget_engine()
    migrate.upgrade()
    demo.load_into_empty()
    with db.engine().connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.forget_engine()
    return path


@pytest.fixture
def database(
    template_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A database of its own with demo data, for this process."""
    from pacs_settings.config import config
    from pacs_settings.core import db

    path = tmp_path / "pacs_settings.db"
    shutil.copy(template_database, path)
    monkeypatch.setenv("PACS_DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setenv("PACS_DATA_DIR", str(tmp_path))
    config.cache_clear()
    db.forget_engine()
    yield path
    db.forget_engine()
    config.cache_clear()


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

    def start(self) -> None:
        """Start it and wait until it answers."""
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("PACS_DATABASE")},
            "PORT": str(self.port),
            "PACS_DATA_DIR": str(self.folder),
            "REFLEX_USE_SYSTEM_BUN": "1",
            "REFLEX_CHECK_LATEST_VERSION": "false",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            **self.extra,
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pacs_settings.serve"],
                cwd=ROOT,
                env=environment,
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
