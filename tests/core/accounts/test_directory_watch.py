"""Whoever left their directory is signed out here, and nobody else is."""

import threading
from collections.abc import Iterable, Iterator

import pytest
from sqlmodel import col

from pacs_settings.core import ports
from pacs_settings.core.accounts import directory_watch, sessions
from pacs_settings.core.tables import Account, AuditEntry, Domain, SignInSession
from pacs_settings.locale import text
from tests import factories
from tests.core.conftest import Clock
from tests.factories import AN, LEA
from tests.fakes import FakeDirectory

pytestmark = pytest.mark.usefixtures("database")
TAG = "session:directory:ended"


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch) -> FakeDirectory:
    """Stands behind the domain of the demo data."""
    fake = FakeDirectory()
    monkeypatch.setitem(ports.directories, "demo", fake)
    return fake


class Slow(FakeDirectory):
    """A directory that is silent until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.heard, self.free = threading.Event(), threading.Event()
        self.looks = 0

    def gone(self, guids: Iterable[str]) -> set[str]:
        self.looks += 1
        self.heard.set()
        self.free.wait(60)
        return super().gone(guids)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    fake = Slow()
    monkeypatch.setitem(ports.directories, "slow", fake)
    yield fake
    fake.free.set()


def look() -> None:
    for thread in directory_watch.look():
        thread.join(30)


def lea() -> str:
    """Her GUID."""
    return factories.person(LEA).directory_guid or ""


def colleague(guid: str, directory: str = "demo") -> Account:
    """Somebody of a directory, of the same domain as Lea where it is the same."""
    domain_id = factories.person(LEA).domain_id
    if directory != "demo":
        domain_id = factories.store(Domain(name=f"{guid}.example", directory=directory)).id
    return factories.account(domain_id=domain_id, directory_guid=guid, password_hash=None)


def entries() -> list[AuditEntry]:
    return factories.rows(AuditEntry, col(AuditEntry.tag) == TAG)


def test_the_sessions_of_who_is_gone_end(directory: FakeDirectory) -> None:
    cookies = [factories.session(factories.person(LEA)) for _ in range(2)]
    look()
    assert all(sessions.find(cookie) for cookie in cookies)
    directory.away = {lea()}
    look()
    assert not any(sessions.find(cookie) for cookie in cookies)
    assert sessions.why_ended(cookies[0]) == "disabled"
    for language in ("en", "nl"):
        assert text(language, "login.ended.disabled")


def test_nobody_else_is_signed_out(directory: FakeDirectory) -> None:
    local = factories.session(factories.person(AN))
    other = factories.session(colleague("b"))
    gone = factories.session(factories.person(LEA))
    directory.away = {lea(), "a stranger"}
    look()
    assert sessions.find(local)
    assert sessions.find(other)
    assert not sessions.find(gone)


def test_it_is_audited_once(directory: FakeDirectory) -> None:
    for _ in range(2):
        factories.session(factories.person(LEA))
    directory.away = {lea()}
    factories.together(look, look)
    look()
    [entry] = entries()
    assert entry.actor_id is None
    assert entry.after == {"username": LEA, "why": "disabled", "sessions": 2}


def test_who_may_come_again_signs_in_anew(directory: FakeDirectory) -> None:
    directory.away = {lea()}
    factories.session(factories.person(LEA))
    look()
    directory.away = set()
    cookie = factories.session(factories.person(LEA))
    look()
    assert sessions.find(cookie)


def test_the_same_guid_in_another_domain_is_somebody_else(
    directory: FakeDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ports.directories, "other", FakeDirectory())
    namesake = factories.session(colleague(lea(), "other"))
    gone = factories.session(factories.person(LEA))
    directory.away = {lea()}
    look()
    assert sessions.find(namesake)
    assert not sessions.find(gone)


def test_only_directories_of_somebody_signed_in_are_asked(
    directory: FakeDirectory, slow: Slow, moved: Clock
) -> None:
    ended = factories.session(colleague("b", "slow"))
    factories.session(colleague("c", "slow"))
    sessions.end(factories.actor(factories.person(AN), ended))
    moved.forward(days=1)
    assert directory_watch.look() == []
    assert slow.looks == 0


def test_a_directory_that_cannot_say_ends_nothing(
    directory: FakeDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie = factories.session(factories.person(LEA))
    for failure in (ports.DirectoryRefused("unreachable"), ports.DirectoryRefused("wrong")):
        monkeypatch.setattr(directory, "gone", _raiser(failure))
        look()
    assert sessions.find(cookie)
    monkeypatch.delitem(ports.directories, "demo")
    look()
    assert sessions.find(cookie)


def test_a_directory_that_fails_is_told_and_asked_again(
    directory: FakeDirectory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cookie = factories.session(factories.person(LEA))
    with monkeypatch.context() as failing:
        failing.setattr(directory, "gone", _raiser(RuntimeError("broken")))
        look()
    assert "could not be looked at" in caplog.text
    assert sessions.find(cookie)
    directory.away = {lea()}
    look()
    assert not sessions.find(cookie)


def _raiser(failure: Exception) -> object:
    def gone(_guids: Iterable[str]) -> set[str]:
        raise failure

    return gone


def test_a_silent_directory_delays_no_other_and_does_not_pile_up(
    directory: FakeDirectory, slow: Slow
) -> None:
    waits = factories.session(colleague("b", "slow"))
    ends = factories.session(factories.person(LEA))
    slow.away, directory.away = {"b"}, {lea()}
    first = directory_watch.look()
    assert slow.heard.wait(30)
    for thread in first:
        if thread.name != "b.example":
            thread.join(30)
    for _ in range(3):
        for thread in directory_watch.look():
            thread.join(30)
            assert not thread.is_alive()
    assert slow.looks == 1
    assert not sessions.find(ends)
    assert sessions.find(waits)
    slow.free.set()
    for thread in first:
        thread.join(30)
    assert not sessions.find(waits)
    look()
    assert len(entries()) == 2


def test_what_is_known_of_a_session_stays(directory: FakeDirectory) -> None:
    factories.session(factories.person(LEA))
    [before] = factories.rows(SignInSession)
    directory.away = {lea()}
    look()
    [after] = factories.rows(SignInSession)
    assert after.ended_at
    assert (after.started_at, after.address) == (before.started_at, before.address)
