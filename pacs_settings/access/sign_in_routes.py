"""Signing in and out by plain form posts; works before any script has loaded."""

import asyncio
import html
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from pacs_settings.access import cookies, principal
from pacs_settings.access.http import go, own_post, page_url, typed, who
from pacs_settings.access.principal import Principal
from pacs_settings.access.tabs import tabs
from pacs_settings.access.visitor import Visitor
from pacs_settings.config import LANGUAGES
from pacs_settings.core.accounts import passwords, sessions, sign_in
from pacs_settings.core.accounts.sign_in import SignedIn, SignInRefused
from pacs_settings.locale import text

ADDRESS, PASSWORD, CODE = "/auth/address", "/auth/password", "/auth/code"
SIGN_OUT, RENEW, LANGUAGE = "/auth/sign-out", "/auth/renew", "/auth/language"
START, ENROL = "/settings/personal", "/settings/security"
# Any event of a session that has ended makes its tab leave; this one does nothing else.
LOOK = "reflex___state____state.pacs_settings___pages___shell___state____session_state.look"


@own_post
async def address(request: Request) -> Response:
    """First step: take the e-mail address; the answer is the same for every address."""
    form = await request.form()
    try:
        token = await asyncio.to_thread(sign_in.begin, typed(form, "email"))
    except SignInRefused as refused:
        response = go(f"/login#{refused.code}")
        token = refused.token
    else:
        response = go("/login#password")
    cookies.put(response, cookies.SIGN_IN, token, max_age=600)
    return response


@own_post
async def password(request: Request) -> Response:
    """Second step: check the password."""
    form = await request.form()
    seen = who(request)
    try:
        pool = await asyncio.to_thread(sign_in.pool, seen.sign_in)
        done = await pool.run(
            sign_in.check_password, seen.sign_in, typed(form, "password"), seen.visit
        )
    except SignInRefused as refused:
        return go(f"/login#{refused.code}")
    except passwords.Busy:
        return busy(request)
    return await _signed_in(done, seen) if done else go("/login#code")


@own_post
async def code(request: Request) -> Response:
    """Third step, where the account has one: check the one-time password."""
    form = await request.form()
    seen = who(request)
    try:
        done = await asyncio.to_thread(
            sign_in.check_code, seen.sign_in, typed(form, "code"), seen.visit
        )
    except SignInRefused as refused:
        return go(f"/login#{refused.code}")
    return await _signed_in(done, seen)


@own_post
async def sign_out(request: Request) -> Response:
    """End the session on the server at once; its open tabs leave too."""
    await _end(who(request), "signed_out")
    response = go("/login")
    cookies.drop(response, cookies.SESSION)
    cookies.drop(response, cookies.SIGN_IN)
    response.headers["Clear-Site-Data"] = '"storage"'
    return response


@own_post
async def renew(request: Request) -> Response:
    """The absolute limit is near: sign in again, with the address already filled in."""
    acting = await _end(who(request), "absolute")
    if acting is None:
        return go("/login")
    token = await asyncio.to_thread(sign_in.begin_again, acting.account_id)
    response = go("/login#password")
    cookies.put(response, cookies.SIGN_IN, token, max_age=600)
    return response


@own_post
async def language(request: Request) -> Response:
    """Remember the language chosen and show the same page in it."""
    chosen = typed(await request.form(), "language")
    came_from = urlsplit(request.headers.get("referer", "")).path
    response = go(came_from if came_from.startswith(("/settings/", "/login")) else "/")
    if chosen in LANGUAGES:
        cookies.put(response, cookies.LANGUAGE, chosen, max_age=cookies.YEAR)
    return response


def busy(request: Request) -> Response:
    """503: more passwords wait to be checked than is sensible."""
    spoken = who(request).language
    sentence = html.escape(text(spoken, "refused.busy"))
    back = html.escape(text(spoken, "login.back"))
    body = f'<!doctype html><html lang="{spoken}"><title>{sentence}</title><main><p>{sentence}</p>'
    body += f'<p><a href="{page_url("/login")}">{back}</a></p></main></html>'
    return HTMLResponse(body, status_code=503, headers={"Retry-After": "5"})


async def _signed_in(done: SignedIn, seen: Visitor) -> Response:
    # Whoever signs in where somebody still is gets a session of their own, and that one ends.
    await _end(seen, "signed_out")
    response = go(ENROL if done.must_enrol else START)
    cookies.put(response, cookies.SESSION, done.session)
    cookies.put(response, cookies.BROWSER, done.browser, max_age=cookies.YEAR)
    cookies.drop(response, cookies.SIGN_IN)
    return response


async def _end(seen: Visitor, why: str) -> Principal | None:
    """End the session that a browser has, in its open tabs too; whose it was."""
    acting = await principal.look_up(seen.session, seen.visit, use=False)
    if acting:
        await asyncio.to_thread(sessions.end, acting, why)
        tabs.nudge_session(acting.session_id, LOOK)
    return acting


routes = [
    Route(ADDRESS, address, methods=["POST"]),
    Route(PASSWORD, password, methods=["POST"]),
    Route(CODE, code, methods=["POST"]),
    Route(SIGN_OUT, sign_out, methods=["POST"]),
    Route(RENEW, renew, methods=["POST"]),
    Route(LANGUAGE, language, methods=["POST"]),
]
