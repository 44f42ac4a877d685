"""A source that speaks HTTP, at a running server."""

from itertools import count
from typing import Any

import httpx

from pacs_settings.core import secrets
from tests.access.browser import CLIENT, execute, rows
from tests.conftest import Server

EVENTS = "/api/v1/study-events"
NUMBER = "1-23456-25-004"  # of An
_keys = count(1)


class Sender:
    """Posts as the first source of the demo data."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.token = secrets.new_token()
        execute(
            server,
            "INSERT INTO source_token (token_hash, source_id, created_at)"
            " VALUES (?, 1, datetime('now'))",
            secrets.fingerprint(self.token),
        )

    def headers(self, **more: str) -> dict[str, str]:
        given = {
            "authorization": f"Bearer {self.token}",
            "idempotency-key": f"key-{next(_keys)}",
            "content-type": "application/json",
        } | {name.replace("_", "-"): value for name, value in more.items()}
        return {name: value for name, value in given.items() if value}

    def post(self, event: Any, **more: str) -> httpx.Response:
        url = f"{self.server.url}{EVENTS}"
        if isinstance(event, bytes):
            return CLIENT.post(url, content=event, headers=self.headers(**more))
        return CLIENT.post(url, json=event, headers=self.headers(**more))


def study(uid: str, **values: Any) -> dict[str, Any]:
    """A study of An's patient, as JSON."""
    return {
        "kind": "study",
        "referrers": [{"number": NUMBER, "name": "PEETERS An"}],
        "study_instance_uid": uid,
        "patient_initials": "J.V.",
        "description": "CT thorax",
        "studied_on": "2026-03-02",
    } | values


def events(server: Server) -> int:
    """How many events are stored."""
    return int(rows(server, "SELECT count(*) FROM study_event")[0][0])
