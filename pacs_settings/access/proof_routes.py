"""Proving again that it is the owner: by the password, or by the account's second factor."""

from asyncio import to_thread

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pacs_settings.access.http import allowed, answer, own_post, typed
from pacs_settings.access.permissions import Permission
from pacs_settings.access.principal import Principal
from pacs_settings.core.accounts import fresh_proof

PASSWORD, BEGIN, CODE = "/auth/proof/password", "/auth/proof/begin", "/auth/proof/code"


@own_post
@allowed(Permission.SESSION)
async def by_password(request: Request, acting: Principal) -> Response:
    """Check the password."""
    form = await request.form()
    pool = await to_thread(fresh_proof.pool, acting)
    password = typed(form, "password")
    return await answer(request, fresh_proof.by_password, acting, password, pool=pool)


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
    return await answer(request, fresh_proof.by_factor, acting, means, code)


routes = [
    Route(PASSWORD, by_password, methods=["POST"]),
    Route(BEGIN, begin, methods=["POST"]),
    Route(CODE, by_code, methods=["POST"]),
]
