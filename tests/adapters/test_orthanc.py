"""A real Orthanc is followed, whatever happens to it, to us and to what it says."""

import asyncio
import logging
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pacs_settings.adapters import orthanc, orthanc_client
from pacs_settings.adapters.orthanc import Follower
from pacs_settings.adapters.orthanc_client import Client, Unanswered
from pacs_settings.core import clock
from pacs_settings.core.studies import intake, sources
from pacs_settings.core.studies.sources import Archive, Ways
from pacs_settings.core.tables import EventRecipient, Fate, OutboxMessage, ReceivedEvent, Source
from tests import factories
from tests.adapters import faults, orthanc_server
from tests.adapters.fake_orthanc import FakeOrthanc, fake_orthanc
from tests.adapters.faults import Behaviour, Faulty
from tests.adapters.orthanc_server import LOGIN, Orthanc, image
from tests.conftest import in_a_loop, require

pytestmark = pytest.mark.usefixtures("database")
HOUSE = "Radiology"


@pytest.fixture(autouse=True)
def prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits longer than it must."""
    monkeypatch.setattr(orthanc, "EVERY", 0.01)
    monkeypatch.setattr(orthanc, "LOOK_FOR_NEW", 0.01)
    monkeypatch.setattr(orthanc, "SOONEST", 0.01)
    monkeypatch.setattr(orthanc, "SLOWEST", 0.05)
    monkeypatch.setattr(orthanc, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(orthanc.Study, "pause", 0.0)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Orthanc]:
    require(orthanc_server.missing())
    running = Orthanc(tmp_path / "orthanc")
    running.start()
    yield running
    running.end()


@pytest.fixture
def lying() -> Iterator[FakeOrthanc]:
    with fake_orthanc() as fake:
        yield fake


def connect(url: str, name: str = HOUSE) -> None:
    """What the service desk does."""
    sources.put(name, Ways(orthanc_url=url, orthanc_login=":".join(LOGIN)))


def stored(name: str = HOUSE) -> Source:
    [found] = factories.rows(Source, Source.name == name)  # type: ignore[arg-type]
    return found


def known(name: str = HOUSE) -> Archive:
    return next(found for found in sources.archives() if found.name == name)


def read(name: str = HOUSE) -> None:
    """Read on from what is stored, as after a start of ours, until there is no more."""

    async def look() -> None:
        client = Client(known(name))
        try:
            follower = Follower(known(name), client)
            while await follower.look():
                pass
        finally:
            await client.close()

    in_a_loop(look())


def told() -> list[str]:
    """The studies that were told, oldest first."""
    return [event.study_instance_uid for event in factories.rows(ReceivedEvent)]


@asynccontextmanager
async def followed() -> AsyncIterator[None]:
    """All sources are followed meanwhile."""
    task = asyncio.create_task(orthanc.follow_all())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(done: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(done):
            await asyncio.sleep(0.01)


def follow_until(done: Callable[[], object]) -> None:
    async def work() -> None:
        async with followed():
            await until(done)

    in_a_loop(work())


# What a real one tells.


def test_a_new_archive_begins_now(archive: Orthanc) -> None:
    archive.put(image())
    connect(archive.url)
    read()
    read()
    assert told() == []
    assert stored().orthanc_cursor == archive.last() > 0
    assert stored().seen_at


def test_a_study_is_one_event_and_one_mail(archive: Orthanc) -> None:
    who = factories.account()
    number = factories.number(who)
    connect(archive.url)
    read()
    made = image(
        number.value,
        AccessionNumber="A-17",
        StudyDate="20261124",
        InstitutionName="UZ Demo",
        StudyDescription="CT abdomen",
    )
    archive.put(made)
    read()
    read()
    [event] = factories.rows(ReceivedEvent)
    assert event.study_instance_uid == made.StudyInstanceUID
    assert (event.accession_number, event.description) == ("A-17", "CT abdomen")
    assert (event.studied_on, event.institution) == (date(2026, 11, 24), "UZ Demo")
    assert event.patient_initials == "J.D."
    [recipient] = factories.rows(EventRecipient)
    assert (recipient.fate, recipient.account_id) == (Fate.MAILED, who.id)
    assert (recipient.number, recipient.name_at_source) == (number.value, "Willems Robin")
    [message] = factories.rows(OutboxMessage)
    assert message.account_id == who.id
    assert "Dupont" not in factories.everything()


@pytest.mark.parametrize(
    ("characters", "name", "physician", "letters", "shown"),
    [
        ("ISO_IR 100", "Étienne^Åsa", "Müller^Jürgen", "Å.É.", "Müller Jürgen"),
        ("ISO_IR 192", "Şahin^Ömer", "Łukasiewicz^Jan", "Ö.Ş.", "Łukasiewicz Jan"),
        ("ISO_IR 192", "Yamada^Tarou=山田^太郎", "Sato^Ken=佐藤^健", "T.Y.", "Sato Ken"),
        ("ISO_IR 192", "=山田^太郎", "=佐藤^健", "太.山.", "佐藤 健"),
    ],
)
def test_names_in_their_own_letters(
    archive: Orthanc, characters: str, name: str, physician: str, letters: str, shown: str
) -> None:
    connect(archive.url)
    read()
    archive.put(
        image(
            "7",
            SpecificCharacterSet=characters,
            PatientName=name,
            ReferringPhysicianName=physician,
            StudyDescription="Schädel",
        )
    )
    read()
    [event] = factories.rows(ReceivedEvent)
    assert (event.patient_initials, event.description) == (letters, "Schädel")
    assert [row.name_at_source for row in factories.rows(EventRecipient)] == [shown]


def test_a_late_image_tells_nothing_new(archive: Orthanc) -> None:
    connect(archive.url)
    read()
    first = image()
    late = image(StudyInstanceUID=first.StudyInstanceUID)
    archive.put(first)
    read()
    reached = stored().orthanc_cursor
    archive.put(late)
    read()
    assert told() == [first.StudyInstanceUID]
    assert (stored().orthanc_cursor or 0) > (reached or 0)


def test_several_studies_at_once(archive: Orthanc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orthanc, "PORTION", 3)
    connect(archive.url)
    read()
    made = [image() for _ in range(4)]
    for one in made[:-1]:
        archive.ask("POST", "/instances", orthanc_server._bytes(one))
    archive.put(made[-1])
    follow_until(lambda: len(told()) == 4)
    assert sorted(told()) == sorted(one.StudyInstanceUID for one in made)


def test_a_study_that_was_deleted_meanwhile(archive: Orthanc) -> None:
    connect(archive.url)
    read()
    name = archive.put(image())
    archive.ask("DELETE", f"/studies/{name}")
    stays = image()
    archive.put(stays)
    read()
    assert told() == [stays.StudyInstanceUID]
    assert stored().problem == ""


def test_what_is_stored_is_how_far_was_taken(
    archive: Orthanc, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(archive.url)
    read()
    before = stored().orthanc_cursor
    made = image()
    archive.put(made)

    def fail(*_: Any) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(intake, "_keep", fail)
        with pytest.raises(OSError):
            read()
    assert (told(), stored().orthanc_cursor) == ([], before)
    read()
    assert told() == [made.StudyInstanceUID]
    assert stored().orthanc_cursor == archive.last()


def test_two_archives_side_by_side(archive: Orthanc, tmp_path: Path) -> None:
    other = Orthanc(tmp_path / "other")
    other.start()
    try:
        connect(archive.url)
        connect(other.url, "Cardiology")
        read()
        read("Cardiology")
        here, there = image(), image()
        shared = image()
        archive.put(here)
        other.put(there)
        archive.put(shared)
        other.put(shared)
        follow_until(lambda: len(told()) == 4)
    finally:
        other.end()
    found = [(event.source_id, event.study_instance_uid) for event in factories.rows(ReceivedEvent)]
    a, b = stored().id, stored("Cardiology").id
    one, two = here.StudyInstanceUID, there.StudyInstanceUID
    both = shared.StudyInstanceUID
    assert sorted(found) == sorted([(a, one), (b, two), (a, both), (b, both)])


# What happens to it.


def test_it_is_killed_and_comes_back_with_its_data(
    archive: Orthanc, caplog: pytest.LogCaptureFixture
) -> None:
    connect(archive.url)
    read()
    unread, later = image(), image()
    archive.put(unread)
    archive.end(signal.SIGKILL)

    async def work() -> None:
        async with followed():
            await until(lambda: stored().problem)
            await asyncio.to_thread(archive.start)
            await until(lambda: len(told()) == 1)
            await asyncio.to_thread(archive.put, later)
            await until(lambda: len(told()) == 2)

    in_a_loop(work())
    assert told() == [unread.StudyInstanceUID, later.StudyInstanceUID]
    assert stored().problem == ""
    assert "no connection" in caplog.text
    assert "Traceback" not in caplog.text
    assert LOGIN[1] not in caplog.text


def test_it_begins_anew_and_nothing_is_told_twice(archive: Orthanc) -> None:
    connect(archive.url)
    read()
    before, also, after = image(), image(), image()
    archive.put(before)
    archive.put(also)
    read()
    archive.end()
    shutil.rmtree(archive.folder)
    archive.start()
    archive.put(after)
    assert archive.last() < (stored().orthanc_cursor or 0)
    read()
    archive.put(before)
    read()
    assert told() == [one.StudyInstanceUID for one in (before, also, after)]
    assert stored().orthanc_cursor == archive.last()


def test_a_wrong_password_is_said(archive: Orthanc, caplog: pytest.LogCaptureFixture) -> None:
    sources.put(HOUSE, Ways(orthanc_url=archive.url, orthanc_login="portal:wrong-password"))
    follow_until(lambda: stored().problem)
    assert stored().problem == "it answers with status 401"
    assert "wrong-password" not in caplog.text


@pytest.mark.parametrize("behave", [None, faults.silent, faults.closing])
def test_one_that_is_away_delays_no_other(
    archive: Orthanc,
    tmp_path: Path,
    faulty: Callable[[Behaviour], Faulty],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    behave: Behaviour | None,
) -> None:
    monkeypatch.setattr(orthanc_client, "SILENCE", 0.2)
    other = Orthanc(tmp_path / "other")
    other.start()
    connect(archive.url)
    connect(other.url, "Cardiology")
    read()
    read("Cardiology")
    missed, made = image(), image()
    other.put(missed)
    other.end()
    away = faulty(behave).url("http") if behave else other.url
    cursor = stored("Cardiology").orthanc_cursor
    factories.store(_changed(stored("Cardiology"), orthanc_url=away))
    archive.put(made)

    async def work() -> None:
        async with followed():
            await until(lambda: stored("Cardiology").problem)
            await until(lambda: told() == [made.StudyInstanceUID])
            await asyncio.to_thread(other.start)
            back = _changed(stored("Cardiology"), orthanc_url=other.url)
            await asyncio.to_thread(factories.store, back)
            await until(lambda: len(told()) == 2)
            await until(lambda: not stored("Cardiology").problem)

    try:
        assert cursor == stored("Cardiology").orthanc_cursor
        in_a_loop(work())
    finally:
        other.end()
    assert told() == [made.StudyInstanceUID, missed.StudyInstanceUID]
    assert ("no answer in time" if behave == faults.silent else "no connection") in caplog.text
    assert "Traceback" not in caplog.text


def _changed(source: Source, **values: Any) -> Source:
    for name, value in values.items():
        setattr(source, name, value)
    return source


# What it says.

LIES = {
    "no JSON": (200, b"<html>"),
    "nothing": (200, b""),
    "a list": (200, b"[]"),
    "deep": (200, b"[" * 100_000),
    "no numbers": (200, b'{"Last": "7", "Changes": []}'),
    "beyond all numbers": (200, b'{"Last": 1' + b"0" * 30 + b', "Changes": []}'),
    "no list": (200, b'{"Last": 7, "Changes": 7}'),
    "no changes": (200, b'{"Last": 0, "Changes": [7]}'),
    "no places": (200, b'{"Last": 0, "Changes": [{"ChangeType": "StableStudy", "ID": "a"}]}'),
    "no names": (200, b'{"Last": 1, "Changes": [{"ChangeType": "StableStudy", "Seq": 1}]}'),
    "a circle": (200, b'{"Last": 0, "Done": false, "Changes": [{"Seq": 0}]}'),
    "not found": (404, b""),
    "elsewhere": (302, b""),
    "broken": (500, b"{}"),
    "endless": (200, b" " * 2_000_000),
}


@pytest.mark.parametrize("lie", LIES)
def test_lies_are_told_apart_from_news(
    lying: FakeOrthanc, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    monkeypatch.setattr(orthanc_client, "LARGEST", 1_000_000)
    connect(lying.url)
    read()
    lying.add("first")
    lying.lies["/changes"] = LIES[lie]

    async def work() -> None:
        async with followed():
            await until(lambda: stored().problem)
            lying.lies.clear()
            await until(told)
            await until(lambda: not stored().problem)

    in_a_loop(work())
    assert told() == ["1.2.1"]
    assert "its Orthanc: it" in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("path", ["/studies/bad", "/series/bad", "/instances/bad/simplified-tags"])
@pytest.mark.parametrize("lie", [(500, b""), (200, b"x"), (200, b"[]"), (403, b"")])
def test_one_bad_study_delays_no_other(
    lying: FakeOrthanc, path: str, lie: tuple[int, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    connect(lying.url)
    read()
    for name in ("before", "bad", "after"):
        lying.add(name)
    lying.lies[path] = lie

    async def work() -> None:
        async with followed():
            await until(lambda: len(told()) == 2)
            assert await asyncio.to_thread(told) == ["1.2.1", "1.2.3"]
            assert (await asyncio.to_thread(stored)).problem == "studies cannot be read"
            lying.add("later")
            await until(lambda: len(told()) == 3)
            assert (await asyncio.to_thread(stored)).orthanc_cursor == 1
            lying.lies.clear()
            await until(lambda: len(told()) == 4)
            await until(lambda: not stored().problem)

    in_a_loop(work())
    assert told() == ["1.2.1", "1.2.3", "1.2.4", "1.2.2"]
    assert stored().orthanc_cursor == 4
    assert "a study is put aside" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_study_put_aside_outlives_us(lying: FakeOrthanc) -> None:
    connect(lying.url)
    read()
    for name in ("bad", "good"):
        lying.add(name)
    lying.lies["/studies/bad"] = (500, b"")
    read()
    assert (told(), stored().orthanc_cursor) == (["1.2.2"], 0)
    lying.lies.clear()
    read()
    assert (told(), stored().orthanc_cursor) == (["1.2.2", "1.2.1"], 2)


def test_a_study_is_given_up_after_a_day(
    lying: FakeOrthanc, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(orthanc, "GIVE_UP", 0.0)
    connect(lying.url)
    read()
    lying.add("bad")
    lying.lies["/studies/bad"] = (500, b"")
    read()
    assert stored().orthanc_cursor == 1
    assert "a study is given up: it answers with status 500" in caplog.text


def test_too_many_bad_studies_stop_it_until_they_can_be_read(
    lying: FakeOrthanc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orthanc, "MOST_ASIDE", 2)
    monkeypatch.setattr(orthanc, "PORTION", 3)
    connect(lying.url)
    read()
    for name in "abcdef":
        lying.add(name)
        lying.lies[f"/studies/{name}"] = (500, b"")

    async def work() -> None:
        async with followed():
            await until(lambda: stored().problem == "too many studies cannot be read")
            assert (await asyncio.to_thread(stored)).orthanc_cursor == 0
            lying.lies.clear()
            await until(lambda: len(told()) == 6)

    in_a_loop(work())
    assert sorted(told()) == [f"1.2.{place}" for place in range(1, 7)]


@pytest.mark.parametrize("tags", [{"StudyInstanceUID": "x"}, {"StudyInstanceUID": "1" * 65}])
def test_a_study_that_is_none_is_passed_over(
    lying: FakeOrthanc, tags: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    connect(lying.url)
    read()
    lying.add("none", **tags)
    lying.add("good")
    read()
    assert told() == ["1.2.2"]
    assert "a study is refused: " in caplog.text


def test_what_is_old_is_no_news_when_changes_are_read_anew(lying: FakeOrthanc) -> None:
    connect(lying.url)
    lying.add("first")
    lying.add("second")
    read()
    lying.changes.clear()
    days_ago = clock.now() - orthanc.NEWS - timedelta(hours=1)
    lying.add("old", f"{days_ago:%Y%m%dT%H%M%S}", StudyInstanceUID="1.3.1")
    read()
    lying.changes.clear()
    lying.add("new", f"{clock.now():%Y%m%dT%H%M%S}", StudyInstanceUID="1.3.2")
    factories.store(_changed(stored(), orthanc_cursor=9))
    read()
    assert told() == ["1.3.2"]


def test_another_archive_does_not_go_on_from_the_former(lying: FakeOrthanc) -> None:
    connect(lying.url)
    read()
    lying.add("first")
    former = known()

    async def look() -> None:
        follower = Follower(former, Client(former), cursor=0)
        connect("http://127.0.0.1:1/other")
        await follower.look()

    with pytest.raises(Exception, match="source_changed"):
        in_a_loop(look())
    assert (told(), stored().orthanc_cursor) == ([], None)


def test_the_same_address_again_reads_on(lying: FakeOrthanc) -> None:
    connect(lying.url)
    read()
    lying.add("first")
    connect(lying.url)
    read()
    assert told() == ["1.2.1"]


def test_a_source_that_is_gone_is_followed_no_more(lying: FakeOrthanc) -> None:
    connect(lying.url)

    async def work() -> None:
        async with followed():
            await until(lambda: stored().orthanc_cursor is not None)
            await asyncio.to_thread(connect, "")
            await until(lambda: _quiet(lying))

    in_a_loop(work())


def _quiet(lying: FakeOrthanc) -> bool:
    before = len(lying.asked)
    in_a_loop(asyncio.sleep(0.2))
    return len(lying.asked) == before


def test_sources_that_cannot_be_read_now_are_read_later(
    lying: FakeOrthanc, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connect(lying.url)
    read()
    lying.add("first")
    tries = []
    archives = sources.archives

    def failing() -> list[Archive]:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("the database is away")
        return archives()

    monkeypatch.setattr(sources, "archives", failing)
    follow_until(told)
    assert "sources could not be read" in caplog.text
    assert caplog.records[0].levelno == logging.ERROR


def test_an_address_that_is_none_is_said(caplog: pytest.LogCaptureFixture) -> None:
    factories.store(Source(name=HOUSE, orthanc_url="http://127.0.0.1:port"))
    follow_until(lambda: stored().problem)


def test_answers_that_drip_are_ended(
    faulty: Callable[[Behaviour], Faulty], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orthanc_client, "SLOWEST", 0.5)

    def drip(connection: Any, over: Any) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not over.wait(0.05):
            connection.sendall(b" ")

    connect(faulty(drip).url("http"))
    with pytest.raises(Unanswered, match="no answer in time"):
        read()
