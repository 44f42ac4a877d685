"""`/dev/outbox`: the messages that are files, to be looked at in development. Never in production.

Codes and links are among them: only this machine itself is shown any, by a name of its own, so that
neither its neighbours nor pages of others that it shows can read them.
"""

import asyncio
import email
import html
import json
import re
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from email.policy import default
from functools import wraps
from ipaddress import ip_address
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from pacs_settings.config import config

OUTBOX = "/dev/outbox"
MOST = 200  # files listed
OWN_NAMES = ("localhost", "127.0.0.1", "::1")
# Of what a mail says about its looks nothing is fetched, and nothing in it runs.
CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}(\.eml|\.sms\.json)")
_LINK = re.compile(r"https?://[^\s&<>\"']+")
_STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:24px auto;"
    "padding:0 16px;max-width:48em}pre{white-space:pre-wrap;overflow-wrap:anywhere}"
    "dt{font-weight:600}dd{margin:0 0 8px;overflow-wrap:anywhere}"
    "iframe{width:100%;height:36em;border:1px solid}"
)
Endpoint = Callable[[Request], Awaitable[Response]]


def _own_machine_only(endpoint: Endpoint) -> Endpoint:
    @wraps(endpoint)
    async def guarded(request: Request) -> Response:
        if config().production or not _from_here(request):
            return PlainTextResponse("Not Found", status_code=404)
        return await endpoint(request)

    return guarded


def _from_here(request: Request) -> bool:
    try:
        near = request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False
    return near and request.url.hostname in OWN_NAMES


@_own_machine_only
async def listed(_request: Request) -> Response:
    """All messages, newest first."""
    names = await asyncio.to_thread(_newest)
    lines = "".join(f'<li><a href="{OUTBOX}/{name}">{name}</a></li>' for name in names)
    return _page("Outbox", f"<ol>{lines}</ol>" if names else "<p>No message has left yet.</p>")


@_own_machine_only
async def shown(request: Request) -> Response:
    """One message: headers, text, and its HTML where nothing of it can run."""
    name = request.path_params["name"]
    path = _folder() / name
    if not _NAME.fullmatch(name) or path.is_symlink() or not path.is_file():
        return PlainTextResponse("Not Found", status_code=404)
    content = await asyncio.to_thread(path.read_bytes)
    told = _mail(content) if name.endswith(".eml") else _text_message(content)
    return _page(name, f'<p><a href="{OUTBOX}">Outbox</a></p>{told}')


def _folder() -> Path:
    return config().data_dir / "outbox"


def _newest() -> list[str]:
    if not _folder().is_dir():
        return []
    found = []
    for path in _folder().iterdir():
        if _NAME.fullmatch(path.name) and path.is_file() and not path.is_symlink():
            found.append((path.stat().st_mtime_ns, path.name))
    return [name for _, name in sorted(found, reverse=True)[:MOST]]


def _mail(content: bytes) -> str:
    mail = email.message_from_bytes(content, policy=default)
    headers = _facts([(name, str(value)) for name, value in mail.items()])
    text, marked = _part(mail, "plain"), _part(mail, "html")
    told = f"{headers}<h2>Text</h2><pre>{_linked(text)}</pre>"
    if not marked:
        return told
    inside = html.escape(marked)
    return f'{told}<h2>HTML</h2><iframe title="HTML" sandbox="" srcdoc="{inside}"></iframe>'


def _text_message(content: bytes) -> str:
    told = json.loads(content)
    return f"{_facts([('To', told['to'])])}<h2>Text</h2><pre>{_linked(told['text'])}</pre>"


def _part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    return str(found.get_content()) if found else ""


def _facts(facts: list[tuple[str, str]]) -> str:
    lines = (f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in facts)
    return f"<dl>{''.join(lines)}</dl>"


def _linked(text: str) -> str:
    return _LINK.sub(lambda link: f'<a href="{link[0]}">{link[0]}</a>', html.escape(text))


def _page(title: str, body: str) -> Response:
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    head += f"<title>{title}</title><style>{_STYLE}</style>"
    page = f'<!doctype html><html lang="en"><head>{head}</head>'
    page += f"<body><main><h1>{title}</h1>{body}</main></body></html>"
    return HTMLResponse(page, headers=HEADERS)


routes = [
    Route(OUTBOX, listed, methods=["GET"]),
    Route(f"{OUTBOX}/{{name}}", shown, methods=["GET"]),
]
