"""The served files: headers, languages, caches, and no page for whoever may not have it."""

import gzip
import re
import socket
from pathlib import Path

import httpx
import pytest

from pacs_settings.build import PLACEHOLDER
from tests.access.browser import CLIENT, JAN, LANGUAGE, LEA, SESSION, SOFIE, Browser, signed_in
from tests.conftest import ROOT, Server, in_a_loop

PAGES = [f"/settings/{n}" for n in ("personal", "security", "privacy", "mappings", "signature")]
BUILDS = ROOT / ".build"


@pytest.fixture(scope="module")
def owner(server: Server) -> Browser:
    from tests.access.browser import AN

    return signed_in(server, AN)


def policy(answer: httpx.Response) -> dict[str, list[str]]:
    parts = [part.split() for part in answer.headers["content-security-policy"].split(";")]
    return {name: sources for name, *sources in parts}


@pytest.mark.parametrize("path", ["/login", *PAGES, "/nowhere"])
def test_a_page_trusts_only_its_own_scripts(server: Server, owner: Browser, path: str):
    browser = Browser(server) if path == "/login" else owner
    answer = browser.get(path)
    allowed = policy(answer)
    assert allowed["default-src"] == ["'none'"]
    assert allowed["frame-ancestors"] == ["'none'"]
    assert allowed["base-uri"] == ["'none'"]
    assert allowed["form-action"] == ["'self'"]
    assert allowed["connect-src"] == ["'self'", server.url.replace("http", "ws", 1)]
    scripts = allowed["script-src"]
    assert scripts[0] == "'self'"
    assert all(source.startswith("'sha256-") for source in scripts[1:])
    assert "unsafe-eval" not in answer.headers["content-security-policy"]
    inline = re.findall(r"<script(?![^>]*\ssrc=)", answer.text)
    assert len(scripts) - 1 <= len(inline)
    assert not re.search(r"""\son[a-z]+=["']""", answer.text)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", answer.text)


@pytest.mark.parametrize(
    "path", ["/login", "/", "/settings/personal", "/nowhere", "/theme.css", "/ping", "/auth/code"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_every_answer_is_hardened(server: Server, owner: Browser, path: str, method: str):
    for browser in (owner, Browser(server)):
        headers = CLIENT.request(method, f"{server.url}{path}", headers=browser.headers()).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "strict-transport-security" not in headers  # without TLS it would lock people out
        assert headers.get("access-control-allow-origin") in (None, server.url)
        for name in ("server", "x-powered-by"):
            assert not re.search(r"\d", headers.get(name, ""))
        if path != "/theme.css":
            assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [("https://portal.example", True), ("http://localhost:3000", False)],
)
def test_transport_security_goes_with_tls(
    monkeypatch: pytest.MonkeyPatch, base_url: str, expected: bool
):

    from pacs_settings.access import static_pages
    from pacs_settings.config import config

    monkeypatch.setenv("PACS_BASE_URL", base_url)
    config.cache_clear()
    sent = []

    async def send(message):
        sent.append(message)

    try:
        start = {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"cache-control", b"x")],
        }
        in_a_loop(static_pages._hardened(send)(start))
    finally:
        monkeypatch.undo()
        config.cache_clear()
    names = [name for name, _value in sent[0]["headers"]]
    assert (b"strict-transport-security" in names) is expected
    assert names.count(b"cache-control") == 1  # what an answer sets itself stays


@pytest.mark.asvs("8.3.1")
@pytest.mark.parametrize(
    "path",
    ["/", "/settings", *PAGES, "/nowhere", "/settings/", "/settings/personal/", "/404", "/index"]
    + ["/settings/personal.html", "/settings/personal/index.html", "/__spa-fallback", "/desk"],
)
def test_strangers_are_sent_to_sign_in(server: Server, path: str):
    for browser in (Browser(server), Browser(server, {SESSION: "a.b"})):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert answer.content == b""
        head = CLIENT.head(f"{server.url}{path}", headers=browser.headers())
        assert (head.status_code, head.headers["location"]) == (303, "/login")


def test_the_host_header_chooses_no_page(server: Server):
    for host in ("localhost/login?", "localhost/login#", "evil.example", "localhost/assets/x?"):
        head = f"GET /settings/mappings HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        with socket.create_connection(("localhost", server.port), timeout=10) as link:
            link.sendall(head.encode())
            answer = b""
            while chunk := link.recv(65536):
                answer += chunk
        status = answer.split(b" ", 2)[1]
        assert status in (b"303", b"400"), host
        assert b"evil.example" not in answer


def test_whoever_must_enrol_gets_one_page(server: Server):
    jan = signed_in(server, JAN)
    assert jan.get("/settings/security").status_code == 200
    for path in ("/", "/login", "/nowhere", *PAGES):
        if path != "/settings/security":
            assert jan.get(path).headers["location"] == "/settings/security", path


@pytest.mark.parametrize("username", [SOFIE, LEA])
def test_a_section_that_is_not_for_everybody(server: Server, username: str):
    browser = signed_in(server, username)
    assert browser.get("/settings/signature").headers["location"] == "/settings/personal"
    for path in PAGES[:-1]:
        assert browser.get(path).status_code == 200


def test_whoever_is_signed_in_needs_no_sign_in_page(server: Server, owner: Browser):
    for path in ("/", "/login", "/settings"):
        assert owner.get(path).headers["location"] == "/settings/personal"


def test_an_unknown_page(server: Server, owner: Browser):
    answer = owner.get("/settings/nowhere")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


def test_a_page_is_looked_at_without_its_body(server: Server, owner: Browser):
    page = owner.get("/settings/privacy")
    head = CLIENT.head(f"{server.url}/settings/privacy", headers=owner.headers(Origin=""))
    assert head.status_code == 200
    assert head.content == b""
    same = ("content-length", "content-type", "content-security-policy", "etag")
    for name in same:
        assert head.headers.get(name) == page.headers.get(name)


@pytest.mark.parametrize(
    ("cookie", "accepted", "expected"),
    [
        ("", "", "en"),
        ("", "nl-BE,nl;q=0.9,en;q=0.8", "nl"),
        ("", "fr, nl;q=0.2", "nl"),
        ("", "nl;q=0.3,en;q=0.9", "en"),
        ("", "*", "en"),
        ("", "nl;q=nonsense, en;q=0.1", "en"),
        ("", "x" * 4000, "en"),
        ("nl", "en", "nl"),
        ("en", "nl", "en"),
        ("../nl", "en", "en"),
        ("NL", "en", "en"),
    ],
)
def test_the_language_of_a_page(server: Server, cookie: str, accepted: str, expected: str):
    browser = Browser(server, {LANGUAGE: cookie} if cookie else {})
    answer = browser.get("/login", Accept_Language=accepted)
    (spoken,) = re.findall(r"<html[^>]*\slang=\"(\w+)\"", answer.text)
    assert spoken == expected
    varies = {part.strip().casefold() for part in answer.headers["vary"].split(",")}
    assert {"cookie", "accept-language", "accept-encoding"} <= varies


def test_pages_and_assets_are_packed(server: Server, owner: Browser):
    assets = [a for a in assets_of(owner.get("/settings/privacy")) if a.endswith((".js", ".css"))]
    for path in ("/settings/privacy", assets[0], "/theme.css"):
        plain = CLIENT.get(f"{server.url}{path}", headers=owner.headers(Accept_Encoding="identity"))
        with CLIENT.stream(
            "GET", f"{server.url}{path}", headers=owner.headers(Accept_Encoding="gzip")
        ) as answer:
            raw = b"".join(answer.iter_raw())
        assert "content-encoding" not in plain.headers
        assert answer.headers["content-encoding"] == "gzip"
        assert gzip.decompress(raw) == plain.content
        assert len(raw) < len(plain.content) / 1.5
        assert "accept-encoding" in answer.headers["vary"].casefold()


def assets_of(page: httpx.Response) -> list[str]:
    found = sorted(set(re.findall(r"/assets/[\w./-]+\.\w+", page.text)))
    assert found
    return found


def test_hashed_assets_are_kept_for_ever(server: Server, owner: Browser):
    for browser in (owner, Browser(server, {LANGUAGE: "nl"})):
        for path in assets_of(browser.get("/login" if browser is not owner else PAGES[0])):
            answer = Browser(server).get(path)  # they hold no data, so they need no session
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert "set-cookie" not in answer.headers
    for path in ("/theme.css", "/favicon.svg"):
        assert "immutable" not in Browser(server).get(path).headers["cache-control"]


TRAVERSALS = [
    "/../server.log",
    "/assets/../../server.log",
    "/assets/..%2f..%2fstamp",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/assets/%2e%2e/%2e%2e/stamp",
    "/..%5c..%5cetc%5cpasswd",
    "//etc/passwd",
    "/assets//etc/passwd",
    "/stamp",
    "/en/login.html",
    "/nl/login.html",
    "/.env",
    "/.git/config",
    "/pacs_settings.db",
    "/assets/%00",
    "/login%00.html",
    "/_upload/x",
    "/_all_routes",
    "/auth/../settings/personal",
    "/ping/../settings/personal",
    "/_event/../settings/personal",
]


@pytest.mark.parametrize("path", TRAVERSALS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_no_way_out_of_the_folder(server: Server, path: str, method: str):
    """Sent as they are, since clients would tidy them up."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost:{server.port}\r\nConnection: close\r\n"
    with socket.create_connection(("localhost", server.port), timeout=10) as link:
        link.sendall(f"{head}Content-Length: 0\r\n\r\n".encode())
        answer = b""
        while chunk := link.recv(65536):
            answer += chunk
    status = answer.split(b" ", 2)[1]
    assert status in (b"303", b"307", b"400", b"403", b"404", b"405"), answer[:200]
    for leak in (b"root:", b"SQLite", b"[core]", b"serving http"):
        assert leak not in answer


def test_served_files_are_clean(server: Server, owner: Browser):
    """No placeholder of the build, no source map, nothing of where it was built, no other host."""
    paths = {
        "/" + file.relative_to(BUILDS / language).as_posix()
        for language in ("en", "nl")
        for file in (BUILDS / language).rglob("*")
        if file.is_file()
    }
    assert len(paths) > 20
    mark = PLACEHOLDER.partition("//")[2].encode()
    with httpx.Client(headers=owner.headers(Origin="")) as client:
        for path in sorted(paths):
            answer = client.get(f"{server.url}{path}")
            if path.endswith((".map", ".gz", ".html")):
                assert answer.status_code in (303, 404), path
                continue
            assert answer.status_code == 200, path
            assert mark not in answer.content, path
            assert (
                b"sourceMappingURL=" not in answer.content or b".map" not in answer.content[-200:]
            )
            assert str(ROOT).encode() not in answer.content, path
        for page in PAGES:
            found = client.get(f"{server.url}{page}")
            assert mark not in found.content
            assert str(ROOT).encode() not in found.content


def test_a_missing_build_is_said_at_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    from pacs_settings.access import static_pages
    from pacs_settings.config import config

    monkeypatch.setenv("PACS_BUILD_DIR", str(tmp_path))
    config.cache_clear()
    static_pages.builds.cache_clear()
    try:
        with pytest.raises(FileNotFoundError, match="pacs_settings.build"):
            static_pages.builds()
    finally:
        monkeypatch.undo()
        config.cache_clear()
        static_pages.builds.cache_clear()
