"""Nobody copies the directory; typing is never stopped."""

import pytest

from pacs_settings.core import db
from pacs_settings.core.audit import Actor
from pacs_settings.core.search import find, journal, limits
from pacs_settings.core.search.limits import TooManySearches
from pacs_settings.core.tables import AuditEntry, LookUp
from tests import factories
from tests.core.conftest import Clock
from tests.factories import AN, LEA

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def actor() -> Actor:
    return factories.actor(factories.person(AN))


def trail(tag: str = "colleagues:searched") -> list[dict[str, object]]:
    return [entry.after for entry in factories.rows(AuditEntry) if entry.tag == tag]


def few(monkeypatch: pytest.MonkeyPatch, searches: int = 600, shown: int = 10_000) -> None:
    (_, hour), (_, day) = limits._WINDOWS.values()
    monkeypatch.setattr(limits, "_WINDOWS", {"search": (searches, hour), "shown": (shown, day)})


def test_a_day_of_typing_is_never_stopped(actor: Actor, moved: Clock) -> None:
    """A look-up each two minutes, key by key."""
    for _ in range(20):
        for text in ("d", "du", "dub", "dubo", "dubois"):
            find.find(actor, text)
        moved.forward(minutes=2)


def test_searches_of_an_hour_are_counted(
    actor: Actor, moved: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch, searches=5)
    for _ in range(5):
        find.find(actor, "xx")
    for _ in range(3):
        with pytest.raises(TooManySearches) as stopped:
            find.find(actor, "xx")
        assert 0 < stopped.value.retry_in <= 12 * 60
    assert len(trail("colleagues:search:stopped")) == 1
    find.find(factories.actor(factories.person(LEA)), "xx")
    moved.forward(minutes=13)
    find.find(actor, "xx")


def test_people_shown_in_a_day_are_counted(
    actor: Actor, moved: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch, shown=3)
    for _ in range(3):
        find.find(actor, "dubois")
    with pytest.raises(TooManySearches):
        find.find(actor, "dubois")
    moved.forward(hours=9)
    assert find.find(actor, "dubois").people


def test_no_two_workers_count_less_than_they_show(
    actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch, searches=5)
    ends = factories.together(*[lambda: find.find(actor, "dubois")] * 12)
    assert sum(isinstance(end, find.Answer) for end in ends) == 5
    assert sum(isinstance(end, TooManySearches) for end in ends) == 7


def test_an_empty_query_costs_nothing(actor: Actor) -> None:
    with factories.statements() as sent:
        assert find.find(actor, "   ") == find.Answer()
    assert sent == []


# The trail.


def test_one_line_for_what_was_typed(actor: Actor, moved: Clock) -> None:
    for text in ("d", "du", "dubois"):
        find.find(actor, text)
    assert trail() == []
    find.find(actor, "peeters")
    assert trail() == [{"query": "dubois", "searches": 3, "shown": 3}]
    assert journal.work_off() == 0
    moved.forward(seconds=61)
    assert journal.work_off() == 1
    assert trail()[1:] == [{"query": "peeters", "searches": 1, "shown": 1}]
    [entry] = [e for e in factories.rows(AuditEntry) if e.after.get("query") == "dubois"]
    assert (entry.actor_id, entry.session_id) == (actor.account_id, actor.session_id)
    assert factories.rows(LookUp) == []


def test_every_answered_query_begins_one_of_the_trail(actor: Actor, moved: Clock) -> None:
    asked = ["a", "ab", "a", "ac", "AB", "áb", "abc", "x", "ab", "b"]
    for text in asked:
        find.find(actor, text)
    moved.forward(seconds=61)
    journal.work_off()
    lines = [str(line["query"]).lower().replace("á", "a") for line in trail()]
    for text in asked:
        assert any(line.startswith(text.lower().replace("á", "a")) for line in lines), text
    assert sum(int(str(line["searches"])) for line in trail()) == len(asked)


def test_typing_for_long_makes_a_line_a_minute(actor: Actor, moved: Clock) -> None:
    for _ in range(3):
        find.find(actor, "dubois")
        moved.forward(seconds=40)
    assert [line["searches"] for line in trail()] == [2]


def test_another_session_is_another_line() -> None:
    for _ in range(2):
        find.find(factories.actor(factories.person(AN)), "dubois")
    assert len(trail()) == 1


def test_a_refused_search_is_not_answered_and_not_in_the_trail(
    actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch, searches=1)
    find.find(actor, "xx")
    with pytest.raises(TooManySearches):
        find.find(actor, "dubois")
    assert [row.query for row in factories.rows(LookUp)] == ["xx"]
    with db.reading() as session, pytest.raises(TooManySearches):
        limits.look(session, actor.account_id)
