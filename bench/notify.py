"""From event to e-mail: beside a bare smtplib loop, bare inserts, and ourselves when full."""

import asyncio
import resource
import smtplib
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Json
from sqlmodel import select

from bench.report import Figure
from pacs_settings.adapters import mime, orthanc
from pacs_settings.adapters.smtp import SmtpMailer
from pacs_settings.core import db, delivery, notice_mails
from pacs_settings.core.accounts import numbers
from pacs_settings.core.outbox import Channel
from pacs_settings.core.studies import intake, sources
from pacs_settings.core.studies.events import Referrer, StudyEvent
from pacs_settings.core.tables import Account, StudyKind
from pacs_settings.worker import SENDERS, deliver
from tests import postgres
from tests.adapters import orthanc_server
from tests.adapters.mail_server import Post, receiving
from tests.adapters.orthanc_server import LOGIN, Orthanc, image
from tests.conftest import fill, free_port, using
from tests.fakes import FakeTexter

# In a block of each side, and blocks: short ones that follow each other share the noise.
MAILS, EVENTS, BLOCKS = 200, 100, 20
SMTP_LIMIT, INSERT_LIMIT = 1 / 0.8, 1 / 0.5
STUDIES, PATIENCE = 15, 30.0
MANY, PHYSICIANS, TENTHS_LIMIT = 100_000, 10_000, 1.2
HERE = "127.0.0.1"
SOURCE = 2
TABLES = ("study_event", "outbox_message", "event_recipient")


@contextmanager
def receiver() -> Iterator[int]:
    """The port of a mail server in another process."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.receiver"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdin
        yield int(process.stdout.readline())
        process.stdin.close()


@contextmanager
def sqlite() -> Iterator[str]:
    """A fresh SQLite database with demo data, used by this process."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        url = f"sqlite:///{Path(folder)}/pacs_settings.db"
        with using(url):
            fill()
            yield url


def number() -> str:
    """An's first number."""
    return numbers.riziv(123456, 4)


def event(uid: str, value: str = "") -> StudyEvent:
    """A study of a patient of An's."""
    referrer = Referrer(value or number(), "PEETERS An")
    return StudyEvent(
        StudyKind.STUDY,
        (referrer,),
        study_instance_uid=uid,
        patient_initials="J.V.",
        description="CT thorax",
    )


def timed(work: Callable[[], object], count: int) -> float:
    """Milliseconds for each of `count`."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000 / count


def mails() -> list[Figure]:
    """Milliseconds for a delivered e-mail, beside smtplib with the same bytes ready."""
    ours, bare = [], []
    with (
        sqlite(),
        receiver() as port,
        smtplib.SMTP(HERE, port) as link,
        senders(port) as out,
    ):
        content = _content()
        for block in range(BLOCKS):
            for n in range(MAILS):
                intake.take(SOURCE, event(f"1.{block}.{n}"))
            ours.append(timed(lambda: _drain(out), MAILS))
            bare.append(timed(lambda: _bare_mails(link, content), MAILS))
    return [Figure("notify e-mail", "ms", ours, bare, SMTP_LIMIT, ("ours", "smtplib"))]


def _content() -> bytes:
    with db.reading() as session:
        account = session.exec(select(Account).where(Account.id == 1)).one()

    class Reader:
        account_id = 1
        title, gender, language = account.title, account.gender, account.language
        first_name, last_name = account.first_name, account.last_name

    values = {"mapping": 1, "source": "Source", "status": "", "initials": "J.V."}
    values |= {"description": "CT thorax", "date": "", "uid": "1.2", "accession": ""}
    letter = notice_mails.render(Reader(), "study", values)
    return mime.message("bench@pacs", account.username, letter, on_the_wire=True)


@contextmanager
def senders(port: int) -> Iterator[list[SmtpMailer]]:
    """As many mailers as send at once in the product."""
    mailers = [
        SmtpMailer(f"smtp://127.0.0.1:{port}?tls=none") for _ in range(SENDERS[Channel.NOTICE])
    ]
    yield mailers
    for mailer in mailers:
        mailer.close()


def _drain(mailers: list[SmtpMailer]) -> None:
    with ThreadPoolExecutor(len(mailers)) as pool:
        list(pool.map(_send_all, mailers))


def _send_all(mailer: SmtpMailer) -> None:
    while delivery.send_portion(Channel.NOTICE, mailer, FakeTexter()).count:
        pass


def _bare_mails(link: smtplib.SMTP, content: bytes) -> None:
    for _ in range(MAILS):
        link.sendmail("no-reply@demo.example", ["an.peeters@demo.example"], content)


def inserts() -> list[Figure]:
    """Milliseconds for an event that is committed, beside bare inserts of the same rows."""
    with sqlite() as url:
        peer = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=10)
        peer.execute("PRAGMA synchronous=FULL")
        found = [_inserts("sqlite", peer, "?", "BEGIN IMMEDIATE")]
        peer.close()
    if not postgres.missing():
        with postgres.running(free_port()) as server, using(server.create("bench")) as _:
            fill()
            with psycopg.connect(server.url("bench"), autocommit=True) as peer_link:
                found.append(_inserts("postgresql", peer_link, "%s", "BEGIN"))
    return found


def _inserts(kind: str, peer: Any, mark: str, begin: str) -> Figure:
    ours, bare = [], []
    for block in range(BLOCKS):
        told = [event(f"1.{block}.{n}") for n in range(EVENTS)]
        ours.append(timed(lambda told=told: [intake.take(SOURCE, one) for one in told], EVENTS))
        rows = [_latest(peer, table) for table in TABLES]
        work = _bare_inserts(peer, rows, mark, begin, f"9.{block}")
        bare.append(timed(work, EVENTS))
    return Figure(f"notify event {kind}", "ms", ours, bare, INSERT_LIMIT, ("ours", "inserts"))


def _latest(peer: Any, table: str) -> dict[str, Any]:
    """The last row of a table, less its id."""
    found = peer.execute(f"SELECT * FROM {table} ORDER BY id DESC LIMIT 1")
    names = [column[0] for column in found.description]
    row = dict(zip(names, found.fetchone(), strict=True))
    return {name: Json(row[name]) if type(row[name]) is dict else row[name] for name in names[1:]}


def _bare_inserts(
    peer: Any, rows: list[dict[str, Any]], mark: str, begin: str, prefix: str
) -> Callable[[], None]:
    """Insert rows like those of one event, again and again, under keys of their own."""
    told, message, recipient = rows
    texts = [_insert(table, row, mark) for table, row in zip(TABLES, rows, strict=True)]

    def work() -> None:
        execute = peer.execute
        for n in range(EVENTS):
            key = f"{prefix}.{n}"
            execute(begin)
            row = {**told, "key": key, "subject": key, "study_instance_uid": key}
            event_id = execute(texts[0], tuple(row.values())).fetchone()[0]
            row = {**message, "message_id": key, "channel": "bare"}
            message_id = execute(texts[1], tuple(row.values())).fetchone()[0]
            row = {**recipient, "event_id": event_id, "message_id": message_id}
            execute(texts[2], tuple(row.values()))
            execute("COMMIT")

    return work


def _insert(table: str, row: dict[str, Any], mark: str) -> str:
    names, marks = ", ".join(f'"{name}"' for name in row), ", ".join([mark] * len(row))
    return f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING id"


def many() -> list[Figure]:
    """The last tenth of 100,000 events beside the first, and how much memory grew meanwhile."""
    with sqlite(), receiver() as port, senders(port) as out:
        known = _enlist(PHYSICIANS)
        tenths: list[list[float]] = []
        before = 0
        for tenth in range(10):
            took = []
            for block in range(MANY // 10 // 100):
                first = tenth * MANY // 10 + block * 100
                took.append(timed(lambda f=first: _through(out, known, f), 100))
            tenths.append(took)
            before = before or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sides = ("last tenth", "first tenth")
    return [
        Figure("notify many", "ms", tenths[-1], tenths[0], TENTHS_LIMIT, sides),
        Figure("notify memory", "MB", [after / 1024], [before / 1024], TENTHS_LIMIT, sides),
    ]


def _enlist(count: int) -> list[str]:
    """So many physicians like An; their numbers."""
    with db.transaction() as connection:
        for n in range(count):
            values = {"name": f"bench{n}@demo.example"}
            columns = "title, first_name, last_name, gender, language, state, region_id"
            rest = "may_edit_reports, service_desk, second_factor, wrong_codes, contact_public"
            rest += ", email_public, mobile_public, default_on_study, default_on_report, created_at"
            connection.exec_driver_sql(
                f"INSERT INTO account (username, username_key, {columns}, {rest})"
                f" SELECT :name, :name, {columns}, {rest} FROM account WHERE id = 1",
                values,
            )
        ids = connection.exec_driver_sql(
            "SELECT id FROM account WHERE username LIKE 'bench%' ORDER BY id"
        ).scalars()
        known = [numbers.riziv(500_000 + n, 4) for n in range(count)]
        for account_id, value in zip(ids.all(), known, strict=True):
            row = {"account": account_id, "value": value, "stable": value[:8]}
            connection.exec_driver_sql(
                "INSERT INTO physician_number (account_id, kind, value, stable)"
                " VALUES (:account, 'riziv', :value, :stable)",
                row,
            )
    return known


def _through(mailers: list[SmtpMailer], known: list[str], first: int) -> None:
    for n in range(first, first + 100):
        intake.take(SOURCE, event(f"1.{n}", known[n % len(known)]))
    _drain(mailers)


def prompt() -> list[Figure]:
    """Milliseconds from a study that its archive calls stable to the e-mail that is accepted."""
    if orthanc_server.missing():
        return []
    with sqlite(), receiving() as post, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        archive = Orthanc(Path(folder) / "orthanc")
        archive.start()
        ways = sources.Ways(orthanc_url=archive.url, orthanc_login=":".join(LOGIN))
        sources.put("Archive", ways)
        took = asyncio.run(_beside(archive, post))
        archive.end()
    return [Figure("notify study", "ms", took, [1000.0], 1.0, ("from stable to e-mail", "allowed"))]


async def _beside(archive: Orthanc, post: Post) -> list[float]:
    """Measure beside what follows and sends in the product."""
    mailers = [
        SmtpMailer(f"smtp://{HERE}:{post.port}?tls=none") for _ in range(SENDERS[Channel.NOTICE])
    ]
    runs = [deliver(Channel.NOTICE, mailer, FakeTexter()) for mailer in mailers]
    tasks = [asyncio.create_task(run) for run in (orthanc.follow_all(), *runs)]
    took = [await asyncio.to_thread(_one_study, archive, post) for _ in range(STUDIES)]
    for task in tasks:
        task.cancel()
    return took


def _one_study(archive: Orthanc, post: Post) -> float:
    before = len(post.taken)
    archive.put(image(number()), every=0.01)
    stable = time.perf_counter()
    while len(post.taken) == before:
        if time.perf_counter() - stable > PATIENCE:
            raise RuntimeError("no e-mail came")
        time.sleep(0.005)
    return (time.perf_counter() - stable) * 1000


MEASURES = {"mails": mails, "inserts": inserts, "prompt": prompt, "many": many}
