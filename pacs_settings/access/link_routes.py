"""Links of mails: opening one only shows its page; what it is for happens by a button's post."""

import asyncio

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pacs_settings.access import cookies
from pacs_settings.access.http import go, own_post, typed, who
from pacs_settings.access.sign_in_routes import busy
from pacs_settings.core import mail_links, notice_mails
from pacs_settings.core.accounts import forgotten, locking, password_link, passwords
from pacs_settings.core.errors import Refused
from pacs_settings.core.studies import notices, unsubscribe

FORGOT = "/auth/forgot"
CODE, PASSWORD, LOCK = "/auth/link/code", "/auth/link/password", "/auth/link/lock"
STOP, STOP_PAGE = "/auth/link/unsubscribe", "/unsubscribe"
PAGES = {
    mail_links.RESET: "/reset-password",
    mail_links.ACTIVATION: "/activate",
    mail_links.LOCK: "/lock-account",
}
VALID_SECONDS = 3600  # of the cookie; the link itself is looked up at each post


async def opened(request: Request) -> Response:
    """Show the page of a link. Nothing is looked up and nothing happens: scanners open links."""
    purpose, token = request.path_params["purpose"], request.path_params["token"]
    page = PAGES.get(purpose)
    if page is None:
        return go("/login")
    response = go(page)
    if cookies.whole(token):
        cookies.put(response, cookies.LINK, token, max_age=VALID_SECONDS)
    else:  # the page says that it does not work, rather than to show another one
        cookies.drop(response, cookies.LINK)
    return response


@own_post
async def forgot(request: Request) -> Response:
    """Ask for a link; the answer is the same for every address."""
    form = await request.form()
    try:
        await asyncio.to_thread(forgotten.ask, typed(form, "email"), who(request).visit)
    except Refused as refused:
        return go(f"/forgot-password#{refused.code}")
    return go("/forgot-password#sent")


@own_post
async def code(request: Request) -> Response:
    """Send the code that belongs to a link."""
    purpose, token = await _link(request)
    try:
        await asyncio.to_thread(password_link.send_code, token, purpose, who(request).visit)
    except Refused as refused:
        return go(f"{PAGES[purpose]}#{refused.code}")
    return go(f"{PAGES[purpose]}#sent")


@own_post
async def password(request: Request) -> Response:
    """Set the password; it does not sign in."""
    form = await request.form()
    purpose, token = await _link(request)
    given = [typed(form, name) for name in ("code", "new", "again")]
    try:
        await passwords.pool().run(
            password_link.set_password, token, purpose, *given, who(request).visit
        )
    except Refused as refused:
        return go(f"{PAGES[purpose]}#{refused.code}")
    except passwords.Busy:
        return busy(request)
    response = go("/login#password_set")
    cookies.drop(response, cookies.LINK)
    return response


@own_post
async def lock(request: Request) -> Response:
    """Lock the account of the link."""
    token = _token(request)
    try:
        await asyncio.to_thread(locking.lock, token, who(request).visit)
    except Refused as refused:
        return go(f"/lock-account#{refused.code}")
    response = go("/lock-account#locked")
    cookies.drop(response, cookies.LINK)
    return response


async def stop_link(request: Request) -> Response:
    """The link of an e-mail: opening it only asks; one click in a mail program stops (RFC 8058)."""
    return await (_stop_at_once if request.method == "POST" else _stop_opened)(request)


async def _stop_opened(request: Request) -> Response:
    token = request.path_params["token"]
    found = notices.read(token)
    response = go(f"{STOP_PAGE}#{found[1] if found else 'unsubscribe_invalid'}")
    cookies.put(response, cookies.LINK, token if found else "", max_age=VALID_SECONDS)
    return response


async def _stop_at_once(request: Request) -> Response:
    # The mail program's server posts, without cookies or our origin.
    try:
        await _stop(request, request.path_params["token"])
    except Refused:
        return PlainTextResponse("this link is not valid", status_code=404)
    return PlainTextResponse("these e-mails are stopped")


@own_post
async def stop(request: Request) -> Response:
    """Stop e-mails, by the button of the page."""
    try:
        await _stop(request, _token(request))
    except Refused as refused:
        return go(f"{STOP_PAGE}#{refused.code}")
    response = go(f"{STOP_PAGE}#stopped")
    cookies.drop(response, cookies.LINK)
    return response


async def _stop(request: Request, token: str) -> None:
    await asyncio.to_thread(unsubscribe.stop, token, who(request).visit.address)


def _token(request: Request) -> str:
    return cookies.read(cookies.jar(request.headers.get("cookie", "")), cookies.LINK)


async def _link(request: Request) -> tuple[str, str]:
    """Which of the two pages it is (that of a reset unless it says otherwise), and the token."""
    purpose = typed(await request.form(), "purpose")
    known = purpose in password_link.PURPOSES
    return purpose if known else mail_links.RESET, _token(request)


routes = [
    Route(f"{notice_mails.UNSUBSCRIBE}{{token}}", stop_link, methods=["GET", "POST"]),
    Route(STOP, stop, methods=["POST"]),
    Route("/link/{purpose}/{token}", opened, methods=["GET"]),
    Route(FORGOT, forgot, methods=["POST"]),
    Route(CODE, code, methods=["POST"]),
    Route(PASSWORD, password, methods=["POST"]),
    Route(LOCK, lock, methods=["POST"]),
]
