"""A browser without a screen: cookies kept by hand, Origin sent as a page of ours would."""

import socket
import sqlite3
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import httpx

from tests.conftest import PASSWORD, Server

AN = "an.peeters@demo.example"
JAN = "jan.claes@demo.example"
LEA = "lea.dubois@uz-demo.example"
SOFIE = "sofie.maes@demo.example"
SESSION = "__Host-pacs-session"
SIGN_IN = "__Host-pacs-sign-in"
BROWSER = "__Host-pacs-browser"
LANGUAGE = "__Host-pacs-language"
LINK = "__Host-pacs-link"
LINK = "__Host-pacs-link"


# One client for all: it keeps connections, and its own jar never holds or sends a cookie of ours.
# A connection each: the server may close one that waits just when it is used again.
CLIENT = httpx.Client(
    verify=False, trust_env=False, timeout=20, limits=httpx.Limits(max_keepalive_connections=0)
)


# What changes by itself: a session that is used, a message that leaves (and its secret with it).
RESTLESS = {
    "sign_in_session": {"used_at"},
    "outbox_message": {"next_try", "tries", "sent_at", "problem", "sealed"},
}


@dataclass
class Browser:
    """Cookies are carried by hand: Secure ones are not returned over http by an HTTP client."""

    server: Server
    jar: dict[str, str] = field(default_factory=dict)

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.jar.items())

    def headers(self, **more: str) -> dict[str, str]:
        """What a page of ours sends; a value of "" leaves that header out."""
        sent = {"Origin": self.server.url, "Cookie": self.cookie, "User-Agent": "test"}
        sent |= {name.replace("_", "-"): value for name, value in more.items()}
        return {name: value for name, value in sent.items() if value}

    def post(self, path: str, data: dict[str, Any] | None = None, **more: str) -> httpx.Response:
        headers = self.headers(**more)
        return self.keep(CLIENT.post(f"{self.server.url}{path}", data=data or {}, headers=headers))

    def get(self, path: str, **more: str) -> httpx.Response:
        more = {"Origin": "", **more}
        return CLIENT.get(f"{self.server.url}{path}", headers=self.headers(**more))

    def keep(self, answer: httpx.Response) -> httpx.Response:
        """Keep the cookies of an answer, drop those it takes back."""
        CLIENT.cookies.clear()
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.jar.pop(name, None)
                else:
                    self.jar[name] = morsel.value
        return answer

    def sign_in(self, username: str, password: str = PASSWORD) -> "Browser":
        self.post("/auth/address", {"email": username})
        answer = self.post("/auth/password", {"password": password})
        assert SESSION in self.jar, answer.headers.get("location")
        return self

    @property
    def session_id(self) -> str:
        return self.jar[SESSION].partition(".")[0]


def signed_in(server: Server, username: str) -> Browser:
    """A fresh browser in which somebody has signed in."""
    return Browser(server).sign_in(username)


def rows(server: Server, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows of the server's database."""
    with sqlite3.connect(server.database, timeout=10) as db:
        return db.execute(query, values).fetchall()


def execute(server: Server, statement: str, *values: Any) -> None:
    """Change the server's database behind its back."""
    with sqlite3.connect(server.database, timeout=10) as db:
        db.execute(statement, values)


def contents(server: Server) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, but for what counts attempts and uses."""
    found = {}
    for (table,) in rows(server, "SELECT name FROM sqlite_master WHERE type = 'table'"):
        if table in (
            *("audit_entry", "throttle", "alembic_version", "sqlite_sequence"),
            "look_up",  # the worker clears it by itself
        ):
            continue
        columns = [row[1] for row in rows(server, f"PRAGMA table_info({table})")]
        wanted = [c for c in columns if c not in RESTLESS.get(table, ())]
        listed = ", ".join(f'"{c}"' for c in wanted)
        found[table] = sorted(rows(server, f"SELECT {listed} FROM {table}"), key=repr)
    return found


def account_id(server: Server, username: str) -> int:
    return int(rows(server, "SELECT id FROM account WHERE username = ?", username)[0][0])


def raw(
    server: Server, method: str, path: str, host: str = "", more: str = ""
) -> tuple[int, dict[str, str], str]:
    """Send a request as it is, which clients would tidy up: status, headers, all of it."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {host or f'localhost:{server.port}'}\r\n"
    head += f"Content-Length: 0\r\nConnection: close\r\n{more}\r\n"
    with socket.create_connection(("localhost", server.port), timeout=20) as link:
        link.sendall(head.encode())
        told = b""
        while chunk := link.recv(65536):
            told += chunk
    text = told.decode("latin-1")
    lines = text.partition("\r\n\r\n")[0].split("\r\n")
    headers = {
        name.strip().casefold(): value.strip()
        for name, _, value in (line.partition(":") for line in lines[1:])
    }
    return int(lines[0].split()[1]), headers, text
