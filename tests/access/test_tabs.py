"""Which tabs are nudged, and that a nudge names the socket it is meant for."""

import asyncio
import contextlib
from types import SimpleNamespace
from typing import Any

import pytest

from pacs_settings.access import tabs as module
from pacs_settings.access.tabs import Tab, Tabs, connected, deliver
from tests.conftest import in_a_loop

ONE, TWO, OTHER = Tab("token-1", "socket-1"), Tab("token-2", "socket-2"), Tab("token-3", "socket-3")


def fake_app(*open_tabs: Tab) -> Any:
    """Only what is asked of an app: its sockets, and a queue that keeps what it is given."""
    queued: list[tuple[str, Any]] = []

    async def enqueue(token: str, event: Any) -> None:
        queued.append((token, event))

    sockets = {tab.socket: tab.token for tab in open_tabs}
    return SimpleNamespace(
        event_namespace=SimpleNamespace(sid_to_token=sockets),
        event_processor=SimpleNamespace(enqueue=enqueue),
        queued=queued,
    )


@pytest.fixture
def tabs(monkeypatch: pytest.MonkeyPatch) -> Tabs:
    fresh = Tabs()
    monkeypatch.setattr(module, "tabs", fresh)
    fresh.note("session-1", 1, ONE)
    fresh.note("session-2", 1, TWO)
    fresh.note("session-3", 2, OTHER)
    return fresh


def delivered(app: Any, tabs: Tabs) -> list[tuple[str, Any]]:
    """What reaches the queue of events when all nudges have been worked off."""

    async def work() -> None:
        waiting, tabs.nudges = tabs.nudges, asyncio.Queue()
        while not waiting.empty():
            tabs.nudges.put_nowait(waiting.get_nowait())
        task = asyncio.create_task(deliver(app))
        for _ in range(20):
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    in_a_loop(work())
    return list(app.queued)


def test_the_other_tabs_of_the_account(tabs: Tabs):
    tabs.nudge_others(1, ONE.token, "refresh")
    assert [token for token, _event in delivered(fake_app(ONE, TWO, OTHER), tabs)] == [TWO.token]


def test_the_tabs_of_a_session(tabs: Tabs):
    tabs.nudge_session("session-1", "look")
    tabs.nudge_session("nobody's", "look")
    assert [token for token, _event in delivered(fake_app(ONE, TWO, OTHER), tabs)] == [ONE.token]


def test_a_nudge_names_its_socket_and_no_headers(tabs: Tabs):
    """Else whoever takes the token over before it runs would be answered in the owner's name."""
    tabs.nudge_session("session-1", "look")
    ((_token, event),) = delivered(fake_app(ONE), tabs)
    assert event.name == "look"
    assert event.payload == {}
    assert event.router_data == {"sid": ONE.socket, "token": ONE.token}


@pytest.mark.parametrize(
    "now", [(), (Tab(ONE.token, "of-another"),), (Tab("another", ONE.socket),)]
)
def test_a_tab_that_is_gone_is_not_nudged(tabs: Tabs, now: tuple[Tab, ...]):
    tabs.nudge_session("session-1", "look")
    app = fake_app(*now)
    assert not connected(app, ONE)
    assert delivered(app, tabs) == []


def test_tabs_that_are_gone_are_forgotten(tabs: Tabs):
    tabs.forget_gone(fake_app(TWO))
    assert tabs.of_session == {"session-2": {TWO}}
    assert tabs.of_account == {1: {TWO}}
