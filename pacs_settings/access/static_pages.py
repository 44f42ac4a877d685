"""Serves the built pages: in the reader's language, with strict headers, no page to strangers."""

import asyncio
import base64
import gzip
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pacs_settings.access import principal
from pacs_settings.access.http import away, not_found, who
from pacs_settings.access.permissions import Permission
from pacs_settings.access.principal import Principal
from pacs_settings.access.sign_in_routes import ENROL, START
from pacs_settings.build import PLACEHOLDER
from pacs_settings.config import LANGUAGES, config
from pacs_settings.core.reports import rights

OURS = ("/_event", "/api/", "/auth/", "/link/", "/security/", "/ping", "/_health")  # not files
PUBLIC_PAGES = frozenset({"/login", "/forgot-password"})  # signed in, there is no need for them
OPEN_PAGES = frozenset(
    {"/reset-password", "/activate", "/lock-account", "/unsubscribe"}
)  # signed in or not
NEEDS = {
    "/settings/personal": Permission.PERSONAL,
    "/settings/security": Permission.FACTORS,
    "/settings/privacy": Permission.PRIVACY,
    "/settings/mappings": Permission.MAPPINGS_READ,
    "/settings/signature": Permission.SIGNATURE,
    "/reports": Permission.REPORTS,
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "X-Frame-Options": "DENY",
}
PLAIN_CSP = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
SHELL = "/__spa-fallback"  # a page that finds out in the browser which of ours it is
_REPORT = re.compile(r"/reports/([0-9]{1,9})")
_REPORTS_FILE = re.compile(r"/reports/[0-9]{1,9}/pdf")  # a route
_INLINE = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)


@dataclass(frozen=True)
class File:
    """A file of a build, ready to be sent."""

    body: bytes
    packed: bytes
    kind: str
    csp: str = PLAIN_CSP


@dataclass(frozen=True)
class Builds:
    """Pages by language and path; assets by path, from all languages together."""

    pages: Mapping[tuple[str, str], File]
    assets: Mapping[str, File]


@lru_cache(maxsize=1)
def builds() -> Builds:
    """Read all builds; raises FileNotFoundError when one is missing."""
    pages: dict[tuple[str, str], File] = {}
    assets: dict[str, File] = {}
    for language in LANGUAGES:
        folder = config().build_dir / language
        if not folder.is_dir():
            raise FileNotFoundError(f"no pages in {folder}; run python -m pacs_settings.build")
        for path in sorted(folder.rglob("*")):
            if not path.is_file() or path.suffix in (".gz", ".map"):
                continue
            name = "/" + path.relative_to(folder).as_posix()
            if path.suffix == ".html":
                pages[language, _address(name)] = _page(path)
            else:
                assets[name] = _file(path)
    return Builds(pages, assets)


def serve(app: ASGIApp) -> ASGIApp:
    """Wrap the app: in production files are ours; in development its own server has them."""
    if not config().production or not config().build_dir.is_dir():
        return app
    builds()

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
        elif _is_ours(scope["path"]) or scope["method"] not in ("GET", "HEAD"):
            await app(scope, receive, _hardened(send))
        else:
            response = await _respond(Request(scope))
            await response(scope, receive, _hardened(send))

    return wrapped


def _is_ours(path: str) -> bool:
    return path.startswith(OURS) or bool(_REPORTS_FILE.fullmatch(path))


def _address(name: str) -> str:
    return name.removesuffix(".html").removesuffix("/index") or "/"


def _located(body: bytes) -> bytes:
    """Put our own address where the build left a place for it."""
    base = config().base_url
    socket = base.replace("http", "ws", 1)
    placeholder = PLACEHOLDER.encode()
    body = body.replace(placeholder.replace(b"http", b"ws", 1), socket.encode())
    return body.replace(placeholder, base.encode())


def _file(path: Path, csp: str = PLAIN_CSP) -> File:
    body = _located(path.read_bytes())
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind.endswith(("javascript", "json", "xml")):
        return File(body, gzip.compress(body, 9), f"{kind}; charset=utf-8", csp)
    return File(body, b"", kind, csp)


def _page(path: Path) -> File:
    body = path.read_bytes()
    if config().demo:
        body = body.replace(b"<html ", b'<html data-demo="" ', 1)
    hashes = {
        "'sha256-" + base64.b64encode(hashlib.sha256(script).digest()).decode() + "'"
        for script in _INLINE.findall(body)
    }
    return File(body, gzip.compress(body, 9), "text/html; charset=utf-8", _csp(hashes))


def _csp(script_hashes: set[str]) -> str:
    socket = config().base_url.replace("http", "ws", 1)
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' {' '.join(sorted(script_hashes))}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            f"connect-src 'self' {socket}",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


async def _respond(request: Request) -> Response:
    found = builds()
    path = request.scope["path"].rstrip("/") or "/"  # request.url would mix the Host header in
    asset = found.assets.get(path)
    if asset:
        hashed = path.startswith("/assets/")
        cache = "public, max-age=31536000, immutable" if hashed else "public, max-age=3600"
        return _send(request, asset, {"Cache-Control": cache})
    seen = who(request)
    try:
        acting = await principal.look_up(seen.session, seen.visit, use=True)
    except SQLAlchemyError as failure:
        return await away(request, failure)
    elsewhere = _elsewhere(path, acting)
    if elsewhere:
        return RedirectResponse(elsewhere, status_code=303, headers={"Cache-Control": "no-store"})
    if path.startswith("/reports/"):
        if not (acting and await _may_read(acting, path)):
            return not_found(request)
        path = SHELL
    page = found.pages.get((seen.language, path))
    status = 200 if page else 404
    page = page or found.pages[seen.language, "/404"]
    headers = {"Cache-Control": "no-store", "Vary": "Cookie, Accept-Language"}
    return _send(request, page, headers, status)


def _elsewhere(path: str, acting: Principal | None) -> str:
    """Where a request for a page is sent instead; empty if it may have the page."""
    if path in OPEN_PAGES:
        return ""
    if acting is None:
        return "" if path in PUBLIC_PAGES else "/login"
    home = ENROL if acting.must_enrol else START
    if path in ("/", "/settings") or path in PUBLIC_PAGES:
        return home
    needed = NEEDS.get(path)
    if needed is None:
        return home if acting.must_enrol else ""
    return "" if acting.may(needed) else home


async def _may_read(acting: Principal, path: str) -> bool:
    """Whether the path names a report that whoever acts may edit."""
    named = _REPORT.fullmatch(path)
    if named is None or not acting.may(Permission.REPORTS):
        return False
    return await asyncio.to_thread(rights.may, acting.account_id, int(named[1]))


def _send(request: Request, file: File, headers: dict[str, str], status: int = 200) -> Response:
    packed = bool(file.packed) and "gzip" in request.headers.get("accept-encoding", "")
    if packed:
        headers = {**headers, "Content-Encoding": "gzip"}
    if file.packed:
        headers["Vary"] = ", ".join(filter(None, [headers.get("Vary"), "Accept-Encoding"]))
    headers["Content-Security-Policy"] = file.csp
    body = file.packed if packed else file.body
    return Response(body, status_code=status, media_type=file.kind, headers=headers)


def _hardened(send: Send) -> Send:
    """Add to every answer the headers that it does not set itself."""
    fixed = dict(HEADERS)
    if config().secure:
        fixed["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"

    async def hardened(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _value in message["headers"]}
            defaults = {
                **fixed,
                "Content-Security-Policy": PLAIN_CSP,
                "Cache-Control": "no-store",
            }
            message["headers"] = [
                *message["headers"],
                *[
                    (name.lower().encode(), value.encode())
                    for name, value in defaults.items()
                    if name.lower().encode() not in present
                ],
            ]
        await send(message)

    return hardened
