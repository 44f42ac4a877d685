"""Routes for what must not pass through the state: passwords, codes and secrets."""

import asyncio
from functools import lru_cache

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pacs_settings.access.http import allowed, own_post, refusal, typed, who
from pacs_settings.access.permissions import Permission
from pacs_settings.access.principal import Principal
from pacs_settings.core.accounts import password_change, passwords
from pacs_settings.core.accounts.password_rules import strength as strength_of
from pacs_settings.core.accounts.second_factor import totp
from pacs_settings.core.errors import Refused

PASSWORD, STRENGTH = "/security/password", "/security/strength"
NEW_DEVICE, LINK_DEVICE = "/security/devices/new", "/security/devices/link"
STRENGTH_RATE = RateLimitItemPerSecond(50, 10)  # a session's questions while typing


@lru_cache(maxsize=1)
def _limiter() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(MemoryStorage())


@own_post
@allowed(Permission.PASSWORD)
async def change_password(request: Request, acting: Principal) -> Response:
    """Change the password; a refusal names the field."""
    form = await request.form()
    current, new, again = (typed(form, name) for name in ("current", "new", "again"))
    try:
        await passwords.pool().run(password_change.change, acting, current, new, again)
    except Refused as refused:
        return refusal(refused, who(request).language)
    except passwords.Busy:
        return refusal(Refused("busy"), who(request).language, status=503)
    return JSONResponse({}, headers={"Cache-Control": "no-store"})


@own_post
@allowed(Permission.PASSWORD)
async def strength(request: Request, acting: Principal) -> Response:
    """How strong a password is, 0 to 4; it is not kept anywhere."""
    if not _limiter().hit(STRENGTH_RATE, acting.session_id):
        return JSONResponse({}, status_code=429)
    form = await request.form()
    _policy, context = await asyncio.to_thread(password_change.rules, acting.account_id)
    score = await asyncio.to_thread(strength_of, typed(form, "new"), context)
    return JSONResponse({"score": score}, headers={"Cache-Control": "no-store"})


@own_post
@allowed(Permission.FACTORS)
async def new_device(request: Request, acting: Principal) -> Response:
    """A secret for a device to be linked, shown once to its owner."""
    try:
        found = await asyncio.to_thread(totp.begin, acting)
    except Refused as refused:
        return refusal(refused, who(request).language)
    told = {"id": found.device_id, "secret": found.secret, "qr_svg": found.qr_svg}
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


@own_post
@allowed(Permission.FACTORS)
async def link_device(request: Request, acting: Principal) -> Response:
    """Link the device that a code proves."""
    form = await request.form()
    number = typed(form, "device_id")
    device = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
    try:
        await asyncio.to_thread(
            totp.confirm, acting, device, typed(form, "name"), typed(form, "code")
        )
    except Refused as refused:
        return refusal(refused, who(request).language)
    return JSONResponse({})


routes = [
    Route(PASSWORD, change_password, methods=["POST"]),
    Route(STRENGTH, strength, methods=["POST"]),
    Route(NEW_DEVICE, new_device, methods=["POST"]),
    Route(LINK_DEVICE, link_device, methods=["POST"]),
]
