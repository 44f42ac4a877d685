"""An archive that can be told to lie; speaks as much of Orthanc's REST API as is asked of it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

STABLE = "StableStudy"


class FakeOrthanc:
    """Holds changes and the tags of studies; `lies` are what it says instead, by path."""

    def __init__(self) -> None:
        self.changes: list[dict[str, Any]] = []
        self.tags: dict[str, dict[str, Any]] = {}
        self.lies: dict[str, tuple[int, bytes]] = {}
        self.asked: list[str] = []
        self.url = ""

    def add(self, name: str, date: str = "", **tags: Any) -> None:
        """A study that became stable; its UID, unless given, follows from its place."""
        place = len(self.changes) + 1
        self.tags[name] = {"StudyInstanceUID": f"1.2.{place}", **tags}
        change = {"ChangeType": STABLE, "ID": name, "Seq": place, "Date": date}
        self.changes.append(change)

    def answer(self, target: str) -> tuple[int, bytes]:
        """Status and body."""
        address = urlsplit(target)
        self.asked.append(address.path)
        if address.path in self.lies:
            return self.lies[address.path]
        found = self._true(address.path, parse_qs(address.query, keep_blank_values=True))
        return (404, b"") if found is None else (200, json.dumps(found).encode())

    def _true(self, path: str, query: dict[str, list[str]]) -> Any:
        if path == "/changes":
            return self._changes(query)
        kind, _, name = path.strip("/").partition("/")
        name = name.removesuffix("/simplified-tags")
        if name not in self.tags:
            return None
        return {"studies": {"Series": [name]}, "series": {"Instances": [name]}}.get(
            kind, self.tags[name]
        )

    def _changes(self, query: dict[str, list[str]]) -> dict[str, Any]:
        last = self.changes[-1]["Seq"] if self.changes else 0
        if "last" in query:
            return {"Changes": self.changes[-1:], "Done": True, "Last": last}
        since, limit = int(query["since"][0]), int(query["limit"][0])
        news = [change for change in self.changes if change["Seq"] > since]
        told = news[:limit]
        last = told[-1]["Seq"] if told else last
        return {"Changes": told, "Done": told == news, "Last": last}


@contextmanager
def fake_orthanc() -> Iterator[FakeOrthanc]:
    """One that runs."""
    fake = FakeOrthanc()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = fake.answer(self.path)
            with suppress(OSError):  # who asks may leave before the end
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
