"""Kills workers at random moments between a source's event and its e-mail, and counts afterwards.

python -m tests.soak_mail [rounds] prints what came of it on SQLite and on PostgreSQL.
"""

import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from pacs_settings.adapters.smtp import SmtpMailer
from pacs_settings.core import db, delivery
from pacs_settings.core.accounts import numbers
from pacs_settings.core.clock import now
from pacs_settings.core.outbox import Channel
from pacs_settings.core.studies import intake
from pacs_settings.core.studies.events import Referrer, StudyEvent
from pacs_settings.core.tables import OutboxMessage, StudyKind
from tests import postgres
from tests.adapters.mail_server import Post, receiving
from tests.conftest import fill, free_port, using
from tests.fakes import FakeTexter

ROUNDS = 200
LONGEST_LIFE = 0.25  # seconds from a worker's first event to its end
NUMBERS = tuple(numbers.riziv(n, 4, modulus=m) for n, m in ((123456, 97), (145111, 97)))
_OUTBOX: sa.Table = OutboxMessage.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Result:
    """What came of all events that were acknowledged or found committed."""

    events: int
    accepted: int
    repeated: int
    lost: int
    too_often: int = 0

    def __add__(self, other: "Result") -> "Result":
        return Result(
            *(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True))
        )

    def __str__(self) -> str:
        return (
            f"{self.events} events, {self.accepted} accepted, {self.repeated} repeated,"
            f" {self.lost} lost"
        )


def soak(rounds: int, workers: int, seed: int | None = None) -> Result:
    """So many rounds of so many workers on the database of this process."""
    chance = random.Random(seed)
    acknowledged: set[str] = set()
    with receiving() as post:
        for number in range(rounds):
            acknowledged |= _round(post, number, workers, chance)
            _let_time_pass()
        _drain(post)
        return _count(post, acknowledged)


def _round(post: Post, number: int, workers: int, chance: random.Random) -> set[str]:
    """Start workers, kill each at a moment of its own; what they acknowledged."""
    db.forget_engine()
    children = [_start(post, f"{number}.{worker}") for worker in range(workers)]
    ends = [threading.Thread(target=_end, args=(pid, chance.random())) for pid, _ in children]
    begun = []
    for (_, pipe), end in zip(children, ends, strict=True):
        begun.append(os.read(pipe, 1024))  # it is at work; the last line may be half of one
        end.start()
    told: set[str] = set()
    for (pid, pipe), end, first in zip(children, ends, begun, strict=True):
        end.join()
        os.waitpid(pid, 0)
        told |= set((first + _rest(pipe)).decode().split())
    return told


def _rest(pipe: int) -> bytes:
    """What is still in a pipe that nobody writes to any more."""
    with os.fdopen(pipe, "rb") as end:
        return end.read()


def _start(post: Post, prefix: str) -> tuple[int, int]:
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        return pid, read
    try:
        os.close(read)
        _work(post.port, prefix, write)
    finally:
        os._exit(1)


def _end(pid: int, chance: float) -> None:
    time.sleep(chance * LONGEST_LIFE)
    os.kill(pid, signal.SIGKILL)


def _work(port: int, prefix: str, pipe: int) -> None:
    """A worker: takes events and delivers, for ever; tells what it would acknowledge."""
    threading.Thread(target=_deliver, args=(port,), daemon=True).start()
    number = 0
    while True:
        number += 1
        uid = f"1.{prefix}.{number}"
        referrer = Referrer(NUMBERS[number % len(NUMBERS)], "SOMEBODY")
        intake.take(2, StudyEvent(StudyKind.STUDY, (referrer,), study_instance_uid=uid))
        os.write(pipe, f"{uid}\n".encode())


def _deliver(port: int) -> None:
    mailer = SmtpMailer(f"smtp://127.0.0.1:{port}?tls=none")
    while True:
        delivery.send_portion(Channel.NOTICE, mailer, FakeTexter())


def _let_time_pass() -> None:
    """What a dead worker had claimed is due again, as after a minute."""
    with db.transaction() as connection:
        claimed = sa.update(_OUTBOX).where(_OUTBOX.c.next_try.is_not(None))
        connection.execute(claimed.values(next_try=now()))


def _drain(post: Post) -> None:
    mailer = SmtpMailer(f"smtp://127.0.0.1:{post.port}?tls=none")
    while delivery.send_portion(Channel.NOTICE, mailer, FakeTexter()).count:
        pass
    mailer.close()


def _count(post: Post, acknowledged: set[str]) -> Result:
    accepted = Counter(
        str(taken.mail["Message-ID"]).strip("<>").partition("@")[0] for taken in post.taken
    )
    with db.reading() as session:
        rows = session.execute(
            sa.text(
                "SELECT e.study_instance_uid, o.message_id, o.tries FROM study_event e"
                " JOIN event_recipient r ON r.event_id = e.id"
                " LEFT JOIN outbox_message o ON o.id = r.message_id WHERE r.fate = 'mailed'"
            )
        ).all()
    known = {row[0] for row in rows}
    sent = [accepted[str(row[1]).partition("@")[0]] for row in rows]
    lost = len(acknowledged - known) + sent.count(0)
    too_often = sum(times > row[2] for times, row in zip(sent, rows, strict=True))
    unknown = sum(accepted.values()) - sum(sent)  # of nothing that is committed
    return Result(
        len(rows),
        len(rows) - sent.count(0),
        sum(sent) - len(sent) + sent.count(0),
        lost,
        too_often + unknown,
    )


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """Addresses of a fresh database of each kind, with demo data."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        found = {"sqlite": f"sqlite:///{Path(folder)}/pacs_settings.db"}
        with postgres.running(free_port()) as server:
            found["postgresql"] = server.create("soak")
            yield found


WORKERS = {"sqlite": 1, "postgresql": 3}


def main(rounds: int) -> int:
    """Both databases; 1 where anything was lost or sent more often than it was tried."""
    total = Result(0, 0, 0, 0)
    with databases() as found:
        for kind, url in found.items():
            with using(url):
                fill()
                result = soak(rounds, WORKERS[kind])
            print(f"{kind}, {WORKERS[kind]} workers, {rounds} rounds: {result}", flush=True)
            total += result
    print(total)
    return 1 if total.lost or total.too_often or not total.events else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
