"""Both apps as in production: one worker, one port on loopback, a data folder of its own."""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
WORK = ROOT / ".build" / "bench"
BARE = WORK / "bare"
BUILD_SECONDS = 300  # the first build of the bare app installs its packages
START_SECONDS = 120
STOP_SECONDS = 10


@dataclass(frozen=True)
class Served:
    """A running server: its address, its data folder, and the process that leads its session."""

    url: str
    folder: Path
    leader: int

    def cpu(self) -> float:
        """Seconds of processor time that all its processes have taken."""
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # ended meanwhile
                fields = stat.read_text().rpartition(")")[2].split()  # see proc(5), from the third
                if int(fields[3]) == self.leader:
                    ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def product(folder: Path) -> Iterator[Served]:
    """The product with demo data behind a proxy, built when its sources changed."""
    port = free_port()
    extra = {
        "PORT": str(port),
        "PACS_DEMO": "1",
        "PACS_DATA_DIR": str(folder),
        "PACS_TRUSTED_PROXY_HOPS": "1",  # so that one machine can sign in from many addresses
        "PACS_SECRET_KEY": "a key for figures, never for real data",
    }
    _run([sys.executable, "-m", "pacs_settings.build"], ROOT, extra, folder / "build.log")
    command = [sys.executable, "-m", "pacs_settings.serve"]
    with _serving(command, ROOT, extra, folder, port) as served:
        yield served


@contextmanager
def bare(folder: Path) -> Iterator[Served]:
    """The bare app, built and served the way Reflex does it."""
    port = free_port()
    extra = {
        "REFLEX_API_URL": f"http://localhost:{port}",
        "REFLEX_ENV_MODE": "prod",
        "BARE_DATA": str(folder),
        "PYTHONPATH": str(BARE),
    }
    export = [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip"]
    with _exclusive():
        shutil.copytree(ROOT / "bench" / "bare_app", BARE, dirs_exist_ok=True)
        _run(export, BARE, extra, folder / "build.log")
    extra |= {"__REFLEX_SKIP_COMPILE": "true", "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true"}
    command = ["granian", "--interface", "asgi", "--factory", "--workers", "1"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    command += ["--no-access-log", "bare.bare:app"]
    with _serving(command, BARE, extra, folder, port) as served:
        yield served


def _environment(extra: dict[str, str]) -> dict[str, str]:
    """As the Makefile sets it, without settings that would change what is measured."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PACS_", "__REFLEX"))}
    return {
        "REFLEX_DIR": str(ROOT / ".build" / "reflex"),
        **kept,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "REFLEX_USE_SYSTEM_BUN": "1",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_TELEMETRY_ENABLED": "false",
        **extra,
    }


@contextmanager
def _exclusive() -> Iterator[None]:
    """One build of the bare app at a time; the product's build has a lock of its own."""
    WORK.mkdir(parents=True, exist_ok=True)
    with (WORK / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: list[str], where: Path, extra: dict[str, str], log: Path) -> None:
    process = _started(command, where, extra, log)
    try:
        process.wait(BUILD_SECONDS)
    finally:
        _end(process)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[1:])} failed:\n{log.read_text()[-4000:]}")


def _started(
    command: list[str], where: Path, extra: dict[str, str], log: Path
) -> "subprocess.Popen[bytes]":
    """A process that leads a group of its own, so that all it starts can be ended with it."""
    with log.open("wb") as out:
        return subprocess.Popen(
            command,
            cwd=where,
            env=_environment(extra),
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@contextmanager
def _serving(
    command: list[str], where: Path, extra: dict[str, str], folder: Path, port: int
) -> Iterator[Served]:
    log = folder / "server.log"
    process = _started(command, where, extra, log)
    try:
        _wait(process, f"http://localhost:{port}/ping", log)
        yield Served(f"http://localhost:{port}", folder, process.pid)
    finally:
        _end(process)


def _wait(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"the server did not come up:\n{log.read_text()[-4000:]}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process in good order; after a while, it and all that it started, at once."""
    if process.poll() is None:
        process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(STOP_SECONDS)
