"""A raw websocket that speaks just enough Engine.IO 4 and Socket.IO 5 to attack the gate."""

import asyncio
import itertools
import json
import re
import uuid
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import Ping, RejectConnection, Request, TextMessage
from wsproto.utilities import RemoteProtocolError

from tests.conftest import Server

ROOT = "reflex___state____state"
PAGES = f"{ROOT}.pacs_settings___pages___"
SPACE = "/_event"
DEADLINE = 15.0  # seconds within which anything expected must have arrived
_fences = itertools.count(1)


def handler(section: str, state: str, name: str) -> str:
    """Full name of a handler, such as ("mappings", "mappings_state", "toggle")."""
    return f"{PAGES}{section}___state____{state}.{name}"


def full(section: str, name: str) -> str:
    """Full name of a handler of a section's main state."""
    state = {"shell": "session_state"}.get(section, f"{section}_state")
    return handler(section, state, name)


class Tab:
    """One socket with a client token of its choice; keeps every frame it was sent."""

    def __init__(self, server: Server, cookie: str = "", token: str = "", **headers: str) -> None:
        self.server = server
        self.token = token or str(uuid.uuid4())
        self.headers = {"Origin": server.url, "User-Agent": "test"}
        self.headers |= {name.replace("_", "-"): value for name, value in headers.items()}
        if cookie:
            self.headers["Cookie"] = cookie
        self.headers = {name: value for name, value in self.headers.items() if value}
        self.frames: list[str] = []
        self.new_token = ""
        self.status = 101
        self._socket = WSConnection(ConnectionType.CLIENT)
        self._part = ""
        self._reader: asyncio.Task[None] | None = None
        self._arrived = asyncio.Condition()
        self.closed = False

    async def __aenter__(self) -> "Tab":
        await self.connect()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    async def connect(self, auth: dict[str, Any] | None = None) -> None:
        self._reads, self._writes = await asyncio.open_connection("localhost", self.server.port)
        target = f"{SPACE}/?EIO=4&transport=websocket&token={self.token}"
        sent = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        host = f"localhost:{self.server.port}"
        self._writes.write(self._socket.send(Request(host, target, extra_headers=sent)))
        self._reader = asyncio.create_task(self._read())
        await self.until(lambda frame: frame.startswith("0"))
        await self.raw(f"40{SPACE},{json.dumps(auth or {})}")
        await self.until(lambda frame: frame.startswith(f"40{SPACE}"))

    async def close(self) -> None:
        if self._reader:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
            self._writes.close()

    async def _read(self) -> None:
        try:
            while chunk := await self._reads.read(65536):
                self._socket.receive_data(chunk)
                for event in self._socket.events():
                    await self._heard(event)
        except (OSError, RemoteProtocolError):
            pass
        await self._tell(closed=True)

    async def _heard(self, event: Any) -> None:
        if isinstance(event, RejectConnection):
            self.status = event.status_code
            await self._tell(closed=True)
        elif isinstance(event, Ping):
            self._writes.write(self._socket.send(event.response()))
        elif isinstance(event, TextMessage):
            self._part += event.data
            if event.message_finished:
                frame, self._part = self._part, ""
                await self._got(frame)

    async def _got(self, frame: str) -> None:
        if frame == "2":
            await self.raw("3")
            return
        if frame.startswith(f'42{SPACE},["new_token"'):
            self.new_token = json.loads(frame.partition(",")[2])[1]
        await self._tell(frame)

    async def _tell(self, frame: str = "", closed: bool = False) -> None:
        async with self._arrived:
            self.frames += [frame] if frame else []
            self.closed = self.closed or closed
            self._arrived.notify_all()

    async def raw(self, frame: str) -> None:
        self._writes.write(self._socket.send(TextMessage(frame)))

    async def emit(self, name: str, *data: Any) -> None:
        await self.raw(f"42{SPACE},{json.dumps([name, *data])}")

    async def send(
        self, name: Any, payload: Any = None, path: str = "/login", query: Any = None
    ) -> None:
        """Send an event as the page would; the token in it is worth nothing."""
        where = {"pathname": path, "asPath": path, "query": query or {}}
        event = {"name": name, "payload": {} if payload is None else payload}
        await self.emit("event", {**event, "router_data": where, "token": self.token})

    async def until(self, wanted: Any, start: int = 0) -> str:
        """Wait for the first frame from `start` on for which `wanted` holds; fails in time."""
        async with asyncio.timeout(DEADLINE), self._arrived:
            seen = start
            while True:
                for frame in self.frames[seen:]:
                    if wanted(frame):
                        return frame
                seen = len(self.frames)
                if self.closed:
                    raise ConnectionError(f"closed by the server, status {self.status}")
                await self._arrived.wait()

    async def fence(self) -> str:
        """Wait until all that was sent is done; answers what hydrating told.

        The events of a tab are worked off in order, and hydrating always answers.
        """
        mark = f"fence-{next(_fences)}-end"
        await self.send(f"{ROOT}.hydrate", path="/login", query={"fence": mark})
        return await self.until(lambda frame: mark in frame)

    async def act(self, name: str, payload: Any = None, path: str = "/login") -> list[str]:
        """Send an event, wait until it is done, and return what was told (without the fence)."""
        start = len(self.frames)
        await self.send(name, payload, path)
        last = await self.fence()
        return self.frames[start : self.frames.index(last)]

    async def open(self, path: str) -> str:
        """Open a page as a browser does, and wait until its loaders have run."""
        start = len(self.frames)
        await self.send(f"{ROOT}.hydrate_and_load", {"vars": {}}, path)
        return await self.until(lambda frame: re.search(r'"is_hydrated\w*":true', frame), start)


def values(frames: list[str], state: str) -> dict[str, Any]:
    """What the frames told of a state (its last part, such as "mappings_state"), latest last."""
    told: dict[str, Any] = {}
    for frame in frames:
        if not frame.startswith("42"):
            continue
        _event, update = json.loads(frame.partition(",")[2])
        if not isinstance(update, dict):
            continue
        for name, changes in (update.get("delta") or {}).items():
            if name.endswith(f"____{state}"):
                told |= {key.partition("_rx_state_")[0]: value for key, value in changes.items()}
    return told


def told_of(frames: list[str], secrets: list[str]) -> list[str]:
    """Which of the secrets occur in the frames, however they are spaced."""
    text = "\n".join(frames)
    squeezed = re.sub(r"[\s.\-/]", "", text)
    return [s for s in secrets if s in text or re.sub(r"[\s.\-/]", "", s) in squeezed]
