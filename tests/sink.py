"""Stands for a provider of text messages: takes what is posted to it, on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote


class Sink:
    """What was posted, and how it is answered."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, Any]]] = []
        self.status = 200
        self.port = 0
        self.heard = threading.Event()

    def url(self, path: str = "sms/{to}", schema: str = "json") -> str:
        """Its address as Apprise writes it, with credentials."""
        return f"{schema}://portal:sekret@127.0.0.1:{self.port}/{path}"


@contextmanager
def listening() -> Iterator[Sink]:
    """A sink, until the end of the block."""
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sink.posts.append((unquote(self.path), json.loads(body)))
            self.send_response(sink.status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            sink.heard.set()

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        sink.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join(10)
