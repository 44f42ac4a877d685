"""Messages that are files, looked at in development."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from pacs_settings.access import outbox_routes
from pacs_settings.adapters.file_outbox import FileOutbox
from pacs_settings.config import config
from pacs_settings.core.ports import Letter
from tests.access.browser import CLIENT, Browser
from tests.conftest import Server, in_a_loop

LETTER = Letter(
    "Één <b>onderwerp</b>",
    "Text & <i>more</i>: https://portal.example/link/x?a=1\n",
    '<p style="color:#123456">Marked "up"</p><script>alert(1)</script>',
    {"List-Id": "<notices.portal.example>"},
)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PACS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("REFLEX_ENV_MODE", "dev")
    config.cache_clear()
    yield FileOutbox(tmp_path / "outbox")
    config.cache_clear()


@dataclass(frozen=True)
class Visitor:
    """Somebody who asks for addresses of the development server."""

    host: str = "localhost:8000"
    peer: str = "127.0.0.1"

    def get(self, path: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            app = Starlette(routes=outbox_routes.routes)
            way = httpx.ASGITransport(app, client=(self.peer, 50000))
            async with httpx.AsyncClient(transport=way) as client:
                return await client.get(f"http://{self.host}{path}")

        return in_a_loop(ask())


HERE = Visitor()


def test_without_a_message_it_says_so(files: FileOutbox, tmp_path: Path) -> None:
    assert "No message" in HERE.get("/dev/outbox").text
    files.folder.rmdir()
    assert "No message" in HERE.get("/dev/outbox").text


def test_messages_are_listed_newest_first(files: FileOutbox) -> None:
    files.send_text("newer@pacs", "+32470123456", "123456")
    for name in ("newest", "older"):
        files.send(f"{name}@pacs", "an@demo.example", LETTER)
    for moment, name in enumerate(("older.eml", "newer.sms.json", "newest.eml")):
        os.utime(files.folder / name, (moment, moment))
    (files.folder / "half.part").write_text("half")
    (files.folder / "a.txt").write_text("no message")
    page = HERE.get("/dev/outbox").text
    places = [page.index(name) for name in ("newest.eml", "newer.sms.json", "older.eml")]
    assert places == sorted(places)
    assert "half" not in page
    assert "a.txt" not in page


def test_a_mail_is_shown_with_headers_text_and_html(files: FileOutbox) -> None:
    files.send("abc@pacs", "an@demo.example", LETTER)
    answer = HERE.get("/dev/outbox/abc.eml")
    assert answer.status_code == 200
    page = answer.text
    for told in ("an@demo.example", "Één &lt;b&gt;onderwerp&lt;/b&gt;", "notices.portal.example"):
        assert told in page
    assert "Text &amp; &lt;i&gt;more&lt;/i&gt;" in page
    assert '<a href="https://portal.example/link/x?a=1">' in page
    assert '<iframe title="HTML" sandbox="" srcdoc="&lt;p style=&quot;' in page
    assert "<script" not in page


def test_a_text_message_is_shown(files: FileOutbox) -> None:
    files.send_text("abc@pacs", "+32470123456", "Één <b>code</b>: 123456")
    page = HERE.get("/dev/outbox/abc.sms.json").text
    assert "+32470123456" in page
    assert "Één &lt;b&gt;code&lt;/b&gt;: 123456" in page


@pytest.mark.parametrize("path", ["/dev/outbox", "/dev/outbox/abc.eml"])
def test_every_answer_is_strict(files: FileOutbox, path: str) -> None:
    files.send("abc@pacs", "an@demo.example", LETTER)
    headers = HERE.get(path).headers
    rules = dict(
        rule.strip().split(" ", 1) for rule in headers["content-security-policy"].split(";")
    )
    assert rules["default-src"] == rules["frame-ancestors"] == rules["form-action"] == "'none'"
    assert "script-src" not in rules
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "../pacs_settings.db",
        "..%2Fsecret.eml",
        "%2e%2e%2fsecret.eml",
        "..%5Csecret.eml",
        "%2Fetc%2Fpasswd",
        "abc.eml%00.txt",
        "abc.eml%0a",
        "secret.txt",
        "half.part",
        "nowhere.eml",
        ".eml",
        "linked.eml",
        "folder.eml",
        "x" * 5000 + ".eml",
    ],
)
def test_only_messages_are_shown(files: FileOutbox, tmp_path: Path, name: str) -> None:
    for path in (tmp_path / "secret.eml", files.folder / "secret.txt", files.folder / "half.part"):
        path.write_text("not to be seen")
    (files.folder / "linked.eml").symlink_to(tmp_path / "secret.eml")
    (files.folder / "folder.eml").mkdir()
    answer = HERE.get(f"/dev/outbox/{name}")
    assert answer.status_code == 404
    assert "not to be seen" not in answer.text
    assert "linked" not in HERE.get("/dev/outbox").text


@pytest.mark.parametrize("peer", ["192.0.2.1", "10.0.0.7", "testclient"])
def test_neighbours_see_nothing(files: FileOutbox, peer: str) -> None:
    files.send("abc@pacs", "an@demo.example", LETTER)
    for path in ("/dev/outbox", "/dev/outbox/abc.eml"):
        assert Visitor(peer=peer).get(path).status_code == 404


@pytest.mark.parametrize("host", ["evil.example:8000", "localhost.evil.example", "192.0.2.1"])
def test_a_name_that_somebody_gave_this_machine_sees_nothing(files: FileOutbox, host: str) -> None:
    files.send("abc@pacs", "an@demo.example", LETTER)
    assert Visitor(host).get("/dev/outbox/abc.eml").status_code == 404


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_this_machine_sees_it_by_each_of_its_names(files: FileOutbox, host: str) -> None:
    assert Visitor(host).get("/dev/outbox").status_code == 200


# In production.


def test_in_production_it_answers_nothing_whoever_asks(
    files: FileOutbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.send("abc@pacs", "an@demo.example", LETTER)
    monkeypatch.setenv("REFLEX_ENV_MODE", "prod")
    config.cache_clear()
    for path in ("/dev/outbox", "/dev/outbox/abc.eml"):
        assert HERE.get(path).status_code == 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_in_production_it_is_an_address_like_any_other(server: Server, method: str) -> None:
    folder = server.folder / "outbox"
    folder.mkdir(exist_ok=True)
    (folder / "abc.sms.json").write_text(json.dumps({"to": "x", "text": "not to be seen"}))

    def answer(path: str) -> tuple[int, str, str]:
        headers = Browser(server).headers()
        got = CLIENT.request(method, f"{server.url}{path}", headers=headers)
        return got.status_code, got.headers.get("location", ""), got.text

    for path in ("/dev/outbox", "/dev/outbox/abc.sms.json"):
        assert answer(path) == answer(path.replace("outbox", "nowhere"))
        assert "not to be seen" not in answer(path)[2]
