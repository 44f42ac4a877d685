"""Asks one Orthanc by its REST API; whatever it answers costs bounded time and memory."""

import asyncio
import json
import ssl
from collections.abc import Awaitable
from typing import Any

import httpx

from pacs_settings.core.studies.sources import Archive

SILENCE = 5.0  # seconds without a byte
SLOWEST = 20.0  # seconds for a whole answer
LARGEST = 16 * 1024 * 1024  # bytes of an answer: an enhanced image describes each of its frames
REFUSALS = (400, 413, 415, 422)  # statuses: what was posted is at fault
KEPT = 0.5  # seconds that a connection is used again; Orthanc closes it after one


class Unanswered(Exception):
    """The archive answered with something that cannot be used; says what, without content."""


class Away(Unanswered):
    """The archive did not answer at all."""


class Gone(Unanswered):
    """What was asked for is not there (any more)."""


class Refused(Unanswered):
    """It does not take what was posted, now or later."""


class Client:
    """Connections to one archive."""

    def __init__(self, archive: Archive) -> None:
        self._http = httpx.AsyncClient(
            base_url=archive.url,
            auth=(archive.user, archive.password) if archive.user else None,
            headers={"Accept-Encoding": "identity"},
            timeout=httpx.Timeout(SILENCE),
            limits=httpx.Limits(max_connections=2, keepalive_expiry=KEPT),
            trust_env=False,  # a proxy for the way out is none for an archive
            verify=ssl.create_default_context(),  # the authorities of this machine
        )

    async def close(self) -> None:
        """Close them."""
        await self._http.aclose()

    async def post(self, path: str, content: bytes) -> Any:
        """What is answered to what is posted, from JSON; raises Refused, Unanswered."""
        body = await self._bounded(self._read(path, {}, content))
        return _json(body)

    async def get(self, path: str, **query: int) -> dict[str, Any]:
        """The object at a path; raises Gone, Unanswered."""
        return _object(await self._bounded(self._read(path, query)))

    async def _bounded(self, reading: Awaitable[bytes]) -> bytes:
        try:
            async with asyncio.timeout(SLOWEST):
                return await reading
        except (TimeoutError, httpx.TimeoutException):
            raise Away("no answer in time") from None
        except httpx.HTTPError as failure:
            raise Away(f"no connection ({type(failure).__name__})") from None

    async def _read(self, path: str, query: dict[str, int], content: bytes | None = None) -> bytes:
        method = "GET" if content is None else "POST"
        asked = {"params": query or None, "content": content}
        async with self._http.stream(method, path, **asked) as response:  # type: ignore[arg-type]
            if response.status_code in REFUSALS and content is not None:
                raise Refused(f"it answers with status {response.status_code}")
            if response.status_code == httpx.codes.NOT_FOUND:
                raise Gone("it answers with status 404")
            if response.status_code != httpx.codes.OK:
                raise Unanswered(f"it answers with status {response.status_code}")
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > LARGEST:
                    raise Unanswered("its answer is too long")
        return bytes(body)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Unanswered("its answer is no JSON") from None


def _object(body: bytes) -> dict[str, Any]:
    found = _json(body)
    if not isinstance(found, dict):
        raise Unanswered("its answer is of another form")
    return found
