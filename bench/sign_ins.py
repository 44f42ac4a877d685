"""Many people who sign in, each once: an account, an address and a browser for everyone."""

import http.client
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

import sqlalchemy as sa

from bench.browser import PASSWORD, USERNAME
from bench.servers import Served
from pacs_settings.core import secrets
from pacs_settings.core.clock import now
from pacs_settings.core.tables import Account, KnownBrowser

AT_ONCE = 128  # more than the server lets wait
PATIENCE = 300  # seconds for an answer; what waits in a full queue waits long
DONE, BUSY = "signed in", "busy"
_ACCOUNT: Any = Account.__table__  # type: ignore[attr-defined]
_BROWSER: Any = KnownBrowser.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Person:
    """One of many."""

    account_id: int

    @property
    def username(self) -> str:
        """Nobody else's."""
        return f"person.{self.account_id}@load.example"

    @property
    def address(self) -> str:
        """Distinct for 16 million people."""
        return "10." + ".".join(str(self.account_id >> shift & 255) for shift in (16, 8, 0))

    @property
    def browser(self) -> str:
        """The cookie of a browser that has signed in before, as almost all have."""
        return f"browser-of-{self.account_id}"


def enlist(server: Served, count: int) -> tuple[list[Person], str]:
    """So many people, who all have the demo account's password; and the hash of it."""
    engine = sa.create_engine(f"sqlite:///{server.folder}/pacs_settings.db")
    with engine.begin() as db:
        demo = db.execute(sa.select(_ACCOUNT).where(_ACCOUNT.c.username == USERNAME)).one()
        first = 1 + db.scalar(sa.select(sa.func.max(_ACCOUNT.c.id)))
        people = [Person(first + n) for n in range(count)]
        db.execute(_ACCOUNT.insert(), [_account(demo, person) for person in people])
        db.execute(_BROWSER.insert(), [_known_browser(person) for person in people])
    engine.dispose()
    return people, str(demo.password_hash)


def _account(demo: sa.Row[Any], person: Person) -> dict[str, Any]:
    name = person.username
    return {**demo._asdict(), "id": person.account_id, "username": name, "username_key": name}


def _known_browser(person: Person) -> dict[str, Any]:
    mark = secrets.fingerprint(person.browser)
    return {"token_hash": mark, "account_id": person.account_id, "used_at": now()}


def sign_in(server: Served, person: Person) -> str:
    """Go through the two forms of the page; returns what came of it."""
    jar = {"__Host-pacs-browser": person.browser}
    jar |= _post(server, person, "address", {"email": person.username}, jar)[2]
    status, location, _ = _post(server, person, "password", {"password": PASSWORD}, jar)
    if status == 503:
        return BUSY
    return DONE if location.startswith("/settings/") else f"{status} {location}"


def _post(
    server: Served, person: Person, step: str, form: dict[str, str], jar: dict[str, str]
) -> tuple[int, str, dict[str, str]]:
    """Status, where to go, and the cookies that were set."""
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": "; ".join(f"{name}={value}" for name, value in jar.items()),
        "Origin": server.url,
        "X-Forwarded-For": person.address,
    }
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=PATIENCE)
    try:
        connection.request("POST", f"/auth/{step}", urlencode(form), headers)
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    told: SimpleCookie = SimpleCookie()
    for header in answer.headers.get_all("Set-Cookie", []):
        told.load(header)
    location = answer.headers.get("Location", "")
    return answer.status, location, {name: one.value for name, one in told.items()}


def rush(server: Served, people: Sequence[Person], a_second: float) -> "Counter[str]":
    """All of them begin at this rate, however long each takes; counts what came of it."""
    with ThreadPoolExecutor(AT_ONCE) as crowd:
        begun: list[Future[str]] = []
        start = time.monotonic()
        for n, person in enumerate(people):
            time.sleep(max(0.0, start + n / a_second - time.monotonic()))
            begun.append(crowd.submit(sign_in, server, person))
        return Counter(future.result() for future in begun)
