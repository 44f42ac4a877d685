"""Pictures of signatures: who may post them, how large, how often, and what is answered."""

import httpx
import pytest

from pacs_settings.core.signature_kinds.picture import LARGEST
from pacs_settings.pages.signature.routes import FIRST, PREVIEW, RATE, REPLACE
from tests.access.browser import CLIENT, Browser, rows, signed_in
from tests.access.people import somebody
from tests.conftest import Server
from tests.e2e.test_signature_kinds import picture

ALL = (PREVIEW, FIRST, REPLACE)


@pytest.fixture
def radiologist(server: Server) -> Browser:
    return signed_in(server, somebody(server, may_edit_reports=1))


def send(browser: Browser, path: str, content: bytes, **more: str) -> httpx.Response:
    headers = browser.headers(**more)
    return CLIENT.post(f"{browser.server.url}{path}", content=content, headers=headers)


def count(server: Server) -> int:
    return int(rows(server, "SELECT count(*) FROM signature")[0][0])


def test_a_preview_keeps_nothing(server: Server, radiologist: Browser) -> None:
    before = count(server)
    assert "<svg" in send(radiologist, PREVIEW, picture()).json()["svg"]
    assert count(server) == before


def test_only_the_first_goes_without_a_proof(server: Server, radiologist: Browser) -> None:
    assert send(radiologist, FIRST, picture()).json() == {}
    before = count(server)
    assert send(radiologist, FIRST, picture()).json()["refused"] == "signature_there"
    assert count(server) == before
    assert send(radiologist, REPLACE, picture()).json() == {}
    assert count(server) == before + 1


@pytest.mark.parametrize("path", ALL)
def test_what_is_no_picture(radiologist: Browser, path: str) -> None:
    for content in (b"<svg/>", b"GIF89a", b"--x\r\nContent-Disposition: form-data\r\n"):
        told = send(radiologist, path, content).json()
        assert told["refused"] == "picture_kind"
        assert told["message"]


@pytest.mark.parametrize("path", ALL)
def test_no_more_than_five_megabytes(radiologist: Browser, path: str) -> None:
    try:
        answer = send(radiologist, path, b"\x89PNG\r\n\x1a\n" + b"\0" * LARGEST)
    except httpx.TransportError:
        return  # it was closed before all was sent
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ALL)
def test_strangers_other_origins_and_who_may_not(
    server: Server, radiologist: Browser, path: str
) -> None:
    before = count(server)
    elsewhere = send(radiologist, path, picture(), Origin="https://evil.example")
    assert elsewhere.status_code == 403
    assert send(Browser(server), path, picture()).status_code == 401
    plain = signed_in(server, somebody(server))
    assert send(plain, path, picture()).status_code == 403
    assert count(server) == before


def test_not_without_end(server: Server, radiologist: Browser) -> None:
    told = [send(radiologist, PREVIEW, b"").json()["refused"] for _ in range(RATE.amount + 1)]
    assert told[0] == "picture_empty"
    assert told[-1] == "busy"
