"""What our HTTP routes share: who asks, whether the origin is ours, where to go next."""

import asyncio
import html
import logging
from collections.abc import Awaitable, Callable
from functools import wraps

from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import FormData, Headers
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)

from pacs_settings.access import principal
from pacs_settings.access.arguments import storable
from pacs_settings.access.permissions import Permission, requires
from pacs_settings.access.principal import Principal
from pacs_settings.access.visitor import Visitor, visitor
from pacs_settings.config import config
from pacs_settings.core import db
from pacs_settings.core.accounts.passwords import Busy, HashPool
from pacs_settings.core.errors import Refused
from pacs_settings.locale import text

NOT_FOUND = ("not_found", "not_found_hint")
LARGEST = 64 * 1024  # bytes of a form
log = logging.getLogger(__name__)
Endpoint = Callable[[Request], Awaitable[Response]]
Acting = Callable[[Request, Principal], Awaitable[Response]]


def who(request: Request) -> Visitor:
    """The visitor behind a request."""
    peer = request.client.host if request.client else ""
    return visitor(_joined(request.headers), peer)


def _joined(headers: Headers) -> dict[str, str]:
    """Headers that are repeated as one each (RFC 9110, 5.3; RFC 9113, 8.2.3 for cookies).

    A proxy may add its own X-Forwarded-For beside the one that the client has claimed.
    """
    found: dict[str, str] = {}
    for name, value in headers.items():
        between = "; " if name == "cookie" else ", "
        found[name] = f"{found[name]}{between}{value}" if name in found else value
    return found


def page_url(path: str) -> str:
    """Address of a page: relative where pages and routes share an origin."""
    return path if config().production else f"{config().development_url}{path}"


def go(path: str) -> RedirectResponse:
    """Go to a page by GET, whatever the method was."""
    return RedirectResponse(page_url(path), status_code=303)


def own_post(endpoint: Endpoint) -> Endpoint:
    """Let a post through only from our own pages and of a sensible size."""
    return own_post_of(LARGEST)(endpoint)


def own_post_of(largest: int) -> Callable[[Endpoint], Endpoint]:
    """Let a post through only from our own pages and of at most so many bytes."""

    def decorate(endpoint: Endpoint) -> Endpoint:
        @wraps(endpoint)
        async def guarded(request: Request) -> Response:
            if not who(request).same_origin:
                return PlainTextResponse("origin not allowed", status_code=403)
            length = request.headers.get("content-length", "")
            streamed = "transfer-encoding" in request.headers  # then the length promises nothing
            if streamed or not length.isdecimal() or int(length) > largest:
                return PlainTextResponse("the form is too large", status_code=413)
            return await endpoint(request)

        return guarded

    return decorate


def allowed(permission: Permission, *, fresh: bool = False) -> Callable[[Acting], Endpoint]:
    """Let a request through only for a principal with this permission (401, 403 in JSON).

    With `fresh` and without a recent proof the answer is the refusal `proof_needed`, at which the
    page asks whether it is the owner and posts once more.
    """

    def decorate(endpoint: Acting) -> Endpoint:
        requires(permission, fresh=fresh)(endpoint)

        @wraps(endpoint)
        async def guarded(request: Request) -> Response:
            seen = who(request)
            acting = await principal.look_up(seen.session, seen.visit, use=True)
            if acting is None:
                return JSONResponse({"signed_out": True}, status_code=401)
            if not acting.may(permission):
                return refusal(Refused("not_permitted"), seen.language, status=403)
            if fresh and not acting.fresh:
                return refusal(Refused("proof_needed"), seen.language)
            return await endpoint(request, acting)

        return guarded

    return decorate


def refusal(refused: Refused, language: str, status: int = 200) -> JSONResponse:
    """A refusal as the pages' forms read it: the field at fault, and the sentence.

    What a person typed wrong is an answer like any other (200): browsers report the rest as faults.
    """
    sentence = text(language, f"refused.{refused.code}", **refused.values)
    told = {"refused": refused.code, "field": refused.field, "message": sentence}
    return JSONResponse(told, status_code=status, headers={"Cache-Control": "no-store"})


async def answer(
    request: Request, work: Callable[..., object], *args: object, pool: HashPool | None = None
) -> JSONResponse:
    """Run core's `work(*args)` off the event loop; what it returns, or its refusal, as JSON."""
    try:
        running = pool.run(work, *args) if pool else asyncio.to_thread(work, *args)
        told = await running
    except Refused as refused:
        return refusal(refused, who(request).language)
    except Busy:
        return refusal(Refused("busy"), who(request).language, status=503)
    return JSONResponse(told or {}, headers={"Cache-Control": "no-store"})


async def away(request: Request, failure: Exception) -> Response:
    """503: the database is away, or did not take what it was asked to keep."""
    told = db.told(failure) if isinstance(failure, SQLAlchemyError) else type(failure).__name__
    log.error("route %s failed: %s", request.url.path, told)
    if "application/json" in request.headers.get("accept", ""):
        return refusal(Refused("not_saved"), who(request).language, status=503)
    return later(request, "not_saved")


def not_found(request: Request) -> Response:
    """404: what is not there, and what is not for whoever asks; the same to the byte."""
    spoken = who(request).language
    title, hint = (html.escape(text(spoken, f"reports.{key}")) for key in NOT_FOUND)
    body = f'<!doctype html><html lang="{spoken}"><meta charset="utf-8">'
    body += '<meta name="viewport" content="width=device-width, initial-scale=1">'
    body += f'<title>{title}</title><link rel="stylesheet" href="/theme.css">'
    body += f'<main class="main-narrow"><h1 class="page-title">{title}</h1><p>{hint}</p>'
    body += f'<p><a href="{page_url("/")}">{html.escape(text(spoken, "product"))}</a></p></main>'
    policy = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; "
    headers = {"Cache-Control": "no-store", "Vary": "Cookie, Accept-Language"}
    headers["Content-Security-Policy"] = policy + "base-uri 'none'; frame-ancestors 'none'"
    return HTMLResponse(body + "</html>", status_code=404, headers=headers)


def later(request: Request, code: str) -> Response:
    """503: a refusal as a page of its own, for now; works without scripts."""
    spoken = who(request).language
    sentence = html.escape(text(spoken, f"refused.{code}"))
    back = html.escape(text(spoken, "login.back"))
    body = f'<!doctype html><html lang="{spoken}"><title>{sentence}</title><main><p>{sentence}</p>'
    body += f'<p><a href="{page_url("/login")}">{back}</a></p></main></html>'
    headers = {"Retry-After": "5", "Cache-Control": "no-store"}
    return HTMLResponse(body, status_code=503, headers=headers)


def typed(form: FormData, name: str) -> str:
    """A text field of a form; empty where it is absent, a file, or no text that can be stored."""
    value = form.get(name, "")
    return value if isinstance(value, str) and storable(value) else ""
