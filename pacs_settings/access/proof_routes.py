"""Proving again that it is the owner: by the password, or by the account's second factor."""

from asyncio import to_thread
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pacs_settings.access import cookies
from pacs_settings.access.http import allowed, answer, own_post, typed
from pacs_settings.access.permissions import Permission
from pacs_settings.access.principal import Principal
from pacs_settings.core.accounts import fresh_proof
from pacs_settings.core.accounts.passwords import HashPool

PASSWORD, BEGIN, CODE = "/auth/proof/password", "/auth/proof/begin", "/auth/proof/code"


@own_post
@allowed(Permission.SESSION)
async def by_password(request: Request, acting: Principal) -> Response:
    """Check the password."""
    form = await request.form()
    pool = await to_thread(fresh_proof.pool, acting)
    password = typed(form, "password")
    return await _proven(request, fresh_proof.by_password, acting, password, pool=pool)


@own_post
@allowed(Permission.SESSION)
async def begin(request: Request, acting: Principal) -> Response:
    """Send a code, or make a challenge for a passkey, which the answer holds."""
    return await answer(request, fresh_proof.begin, acting)


@own_post
@allowed(Permission.SESSION)
async def by_code(request: Request, acting: Principal) -> Response:
    """Check the answer to the second factor, or a recovery code."""
    form = await request.form()
    means, code = typed(form, "means"), typed(form, "code")
    return await _proven(request, fresh_proof.by_factor, acting, means, code)


async def _proven(
    request: Request, work: Callable[..., str], *args: object, pool: HashPool | None = None
) -> Response:
    """The answer, with the session's new cookie."""
    cookie = ""

    def proven() -> None:
        nonlocal cookie
        cookie = work(*args)

    response = await answer(request, proven, pool=pool)
    if cookie:
        cookies.put(response, cookies.SESSION, cookie)
    return response


routes = [
    Route(PASSWORD, by_password, methods=["POST"]),
    Route(BEGIN, begin, methods=["POST"]),
    Route(CODE, by_code, methods=["POST"]),
]
