"""A PostgreSQL server for tests: on loopback, in a folder of its own, forgetful and quick."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
ACCOUNT = "postgres"  # whose the server is where root runs the tests: it refuses to be root's
OWNER = "portal"
# Nothing here outlives a test, so nothing waits for a disk.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "deadlock_timeout": "100ms",
}

# Remembers what is in a database, so that it can be put back in no time; copying databases file by
# file may take half a second each. What changes the tables themselves is only noticed.
KEEP = """
CREATE SCHEMA kept;
CREATE TABLE kept.altered ();
CREATE TABLE kept.sequences AS
  SELECT format('%I.%I', schemaname, sequencename)::regclass AS name, last_value
  FROM pg_sequences WHERE schemaname = 'public';
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('CREATE TABLE kept.%1$I AS TABLE public.%1$I', name);
  END LOOP;
END $$;
CREATE FUNCTION kept.note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO kept.altered DEFAULT VALUES;
END $$;
CREATE FUNCTION kept.put_back() RETURNS boolean LANGUAGE plpgsql
SET session_replication_role = replica AS $$ DECLARE name text; BEGIN
  IF EXISTS (SELECT FROM kept.altered) THEN RETURN false; END IF;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('DELETE FROM public.%I', name);
    EXECUTE format('INSERT INTO public.%1$I TABLE kept.%1$I', name);
  END LOOP;
  PERFORM setval(s.name, coalesce(last_value, 1), last_value IS NOT NULL) FROM kept.sequences s;
  RETURN true;
END $$;
CREATE EVENT TRIGGER altered ON ddl_command_end EXECUTE FUNCTION kept.note();
"""
# A server ends with the thread that has begun it, should the tests be killed; this one lives as long
# as they do.
_THREAD = ThreadPoolExecutor(1)
OTHERS = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = %s AND pid <> pg_backend_pid()"""
BUSY = f"{OTHERS} AND state <> 'idle'"  # what a test has left behind; an idle one may be used again


def missing() -> str:
    """Why there is no PostgreSQL here; empty where it is."""
    needed = [PROGRAMS / "initdb", PROGRAMS / "postgres"]
    found = all(map(os.access, needed, [os.X_OK] * 2)) and shutil.which("setpriv")
    return "" if found else "not installed: postgresql-15"


@dataclass
class Postgres:
    """A running server."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None
    open: "dict[str, psycopg.Connection[tuple[object, ...]]]" = field(default_factory=dict)

    def url(self, name: str) -> str:
        """Address of one of its databases, as an operator writes it."""
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/{name}"

    def connect(self, name: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        """A connection past the product, each statement a transaction."""
        return psycopg.connect(self.url(name), autocommit=True, connect_timeout=5)

    def create(self, name: str, template: str = "template0") -> str:
        """Make a database, as a copy of another one that nobody uses; returns its address."""
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, name: str) -> None:
        """Take a database away from whoever still uses it."""
        self.open.pop(name, None)
        with self.connect() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def keep(self, name: str) -> None:
        """Remember what a database holds now."""
        with self.connect(name) as connection:
            connection.execute(KEEP)

    def put_back(self, name: str) -> bool:
        """Have a database hold what it was told to keep; false where its tables are others."""
        if name not in self.open:
            self.open[name] = self.connect(name)
        self.open[name].execute(BUSY, [name])
        return self.open[name].execute("SELECT kept.put_back()").fetchone() == (True,)

    def start(self) -> None:
        """Begin to run, and wait until it answers."""
        chosen = [f"--{name}={value}" for name, value in SETTINGS.items()]
        command = [PROGRAMS / "postgres", "-D", self.folder / "data", "-p", str(self.port), *chosen]
        with (self.folder / "log").open("ab") as log:
            self.process = _THREAD.submit(
                subprocess.Popen,
                [*_as_somebody(), "--pdeathsig=INT", *command],
                cwd=self.folder,
                stdout=log,
                stderr=log,
            ).result()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"no PostgreSQL:\n{(self.folder / 'log').read_text()[-4000:]}")

    def stop(self, how: int = signal.SIGINT) -> None:
        """End the process that was started, whoever is connected."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(30)


@contextmanager
def running(port: int) -> Iterator[Postgres]:
    """A server on a free port, without databases of ours; gone without a trace afterwards."""
    # Not below pytest's own folder, which only its owner may enter.
    with tempfile.TemporaryDirectory(prefix="pacs-postgres-", dir=_quick_folder()) as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, ACCOUNT, ACCOUNT)
        chosen = ["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        command = [PROGRAMS / "initdb", *chosen, f"--username={OWNER}", "-D", folder / "data"]
        subprocess.run(
            [*_as_somebody(), *command], check=True, capture_output=True, timeout=60, cwd=folder
        )
        server = Postgres(folder, port)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _as_somebody() -> list[str]:
    """What makes a command run as anybody but root."""
    change = [f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups"]
    return ["setpriv", *(change if os.geteuid() == 0 else [])]


def _quick_folder() -> Path | None:
    """Memory, where there is enough that looks like a disk."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > 2**30 else None
