"""Signing in and out by plain form posts; works before any script has loaded."""

import asyncio
from functools import partial
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pacs_settings.access import cookies, principal
from pacs_settings.access.http import go, later, own_post, refusal, typed, who
from pacs_settings.access.principal import Principal
from pacs_settings.access.tabs import tabs
from pacs_settings.access.visitor import Visitor
from pacs_settings.config import LANGUAGES
from pacs_settings.core.accounts import passwords, sessions, sign_in
from pacs_settings.core.accounts.send_limits import TooManyCodes
from pacs_settings.core.accounts.sign_in import PROVEN_FOR, NextStep, SignedIn, SignInRefused
from pacs_settings.core.tables import Method

ADDRESS, PASSWORD, CODE = "/auth/address", "/auth/password", "/auth/code"
RESEND, CHALLENGE = "/auth/resend", "/auth/challenge"
SIGN_OUT, RENEW, LANGUAGE = "/auth/sign-out", "/auth/renew", "/auth/language"
SIGN_IN_SECONDS = int(PROVEN_FOR.total_seconds())  # of the cookie; the server decides
# Pages that a choice of language comes back to.
PLACES = (
    "/settings/",
    "/login",
    "/forgot-password",
    "/reset-password",
    "/activate",
    "/lock-account",
    "/unsubscribe",
)
START, ENROL = "/settings/personal", "/settings/security"
# Any event of a session that has ended makes its tab leave; this one does nothing else.
LOOK = "reflex___state____state.pacs_settings___pages___shell___state____session_state.look"


@own_post
async def address(request: Request) -> Response:
    """First step: take the e-mail address; the answer is the same for every address."""
    form = await request.form()
    came_from = who(request).visit.address
    try:
        token = await asyncio.to_thread(sign_in.begin, typed(form, "email"), came_from)
    except SignInRefused as refused:
        response = go(f"/login#{refused.code}")
        token = refused.token
    except TooManyCodes:
        return busy(request)
    else:
        response = go("/login#password")
    cookies.put(response, cookies.SIGN_IN, token, max_age=SIGN_IN_SECONDS)
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
        return _refused(refused)
    except passwords.Busy:
        return busy(request)
    return await _signed_in(done, seen) if isinstance(done, SignedIn) else _next(done)


@own_post
async def code(request: Request) -> Response:
    """Third step, where the account has a second factor: check the code, or a passkey's answer."""
    form = await request.form()
    seen = who(request)
    means, given = typed(form, "means"), typed(form, "code")
    check = partial(sign_in.check_code, remember=bool(typed(form, "remember")))
    try:
        if not means:
            means = (await asyncio.to_thread(sign_in.pending, seen.sign_in)).method
        done = await asyncio.to_thread(check, seen.sign_in, means, given, seen.visit)
    except SignInRefused as refused:
        return go(f"/login#{_told_at(refused, means)}")
    return await _signed_in(done, seen)


@own_post
async def resend(request: Request) -> Response:
    """Send another code; the former one is worth nothing from then on."""
    seen = who(request)
    try:
        method = await asyncio.to_thread(sign_in.send_again, seen.sign_in, seen.visit)
    except SignInRefused as refused:
        return go(f"/login#{refused.code}")
    return go(f"/login#{_step(method)}")


@own_post
async def challenge(request: Request) -> Response:
    """What the browser needs to answer with a passkey."""
    seen = who(request)
    try:
        options = await asyncio.to_thread(sign_in.challenge, seen.sign_in, seen.visit)
    except SignInRefused as refused:
        return refusal(refused, seen.language)
    return JSONResponse(options)


@own_post
async def sign_out(request: Request) -> Response:
    """End the session on the server at once; its open tabs leave too."""
    await _end(who(request), "signed_out")
    response = go("/login")
    for cookie in (cookies.SESSION, cookies.SIGN_IN, cookies.LINK):
        cookies.drop(response, cookie)
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
    cookies.put(response, cookies.SIGN_IN, token, max_age=SIGN_IN_SECONDS)
    return response


@own_post
async def language(request: Request) -> Response:
    """Remember the language chosen and show the same page in it."""
    chosen = typed(await request.form(), "language")
    came_from = urlsplit(request.headers.get("referer", "")).path
    response = go(came_from if came_from.startswith(PLACES) else "/")
    if chosen in LANGUAGES:
        cookies.put(response, cookies.LANGUAGE, chosen, max_age=cookies.YEAR)
    return response


def busy(request: Request) -> Response:
    """503: more passwords wait to be checked than is sensible."""
    return later(request, "busy")


def _refused(refused: SignInRefused) -> Response:
    response = go(f"/login#{refused.code}")
    if refused.token:  # it is another one once the password was right
        cookies.put(response, cookies.SIGN_IN, refused.token, max_age=SIGN_IN_SECONDS)
    return response


def _told_at(refused: SignInRefused, means: str) -> str:
    """The element of the page that tells this refusal, in the step that was answered."""
    if refused.code != "wrong_code":
        return refused.code
    return {"recovery": "wrong_recovery", "passkey": "passkey_failed"}.get(means, "wrong_code")


def _step(method: str) -> str:
    """The step of the page that asks for a second factor."""
    return method if method == Method.PASSKEY else f"code-{method}"


def _next(step: NextStep) -> Response:
    response = go(f"/login#{_step(step.method)}")
    cookies.put(response, cookies.SIGN_IN, step.token, max_age=SIGN_IN_SECONDS)
    return response


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
    Route(RESEND, resend, methods=["POST"]),
    Route(CHALLENGE, challenge, methods=["POST"]),
    Route(SIGN_OUT, sign_out, methods=["POST"]),
    Route(RENEW, renew, methods=["POST"]),
    Route(LANGUAGE, language, methods=["POST"]),
]
