"""Routes for what must not pass through the state: passwords, codes and secrets."""

import asyncio
from functools import lru_cache

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pacs_settings.access.http import allowed, answer, own_post, typed
from pacs_settings.access.permissions import Permission
from pacs_settings.access.principal import Principal
from pacs_settings.core.accounts import password_change, passwords
from pacs_settings.core.accounts.password_rules import strength as strength_of
from pacs_settings.core.accounts.second_factor import methods, passkeys, recovery, totp

PASSWORD, STRENGTH = "/security/password", "/security/strength"
NEW_DEVICE, LINK_DEVICE = "/security/devices/new", "/security/devices/link"
NEW_PASSKEY, ADD_PASSKEY = "/security/passkeys/new", "/security/passkeys/add"
CONFIRM_METHOD, RECOVERY = "/security/method", "/security/recovery"
STRENGTH_RATE = RateLimitItemPerSecond(50, 10)  # a session's questions while typing


@lru_cache(maxsize=1)
def _limiter() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(MemoryStorage())


@own_post
@allowed(Permission.PASSWORD, fresh=True)
async def change_password(request: Request, acting: Principal) -> Response:
    """Change the password; a refusal names the field."""
    form = await request.form()
    given = [typed(form, name) for name in ("current", "new", "again")]
    pool = passwords.pool()
    return await answer(request, password_change.change, acting, *given, pool=pool)


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
@allowed(Permission.FACTORS, fresh=True)
async def new_device(request: Request, acting: Principal) -> Response:
    """A secret for a device to be linked, shown once to its owner."""
    return await answer(request, _new_device, acting)


@own_post
@allowed(Permission.FACTORS, fresh=True)
async def link_device(request: Request, acting: Principal) -> Response:
    """Link the device that a code proves."""
    form = await request.form()
    number = typed(form, "device_id")
    device = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
    name, code = typed(form, "name"), typed(form, "code")
    return await answer(request, totp.confirm, acting, device, name, code)


@own_post
@allowed(Permission.FACTORS, fresh=True)
async def new_passkey(request: Request, acting: Principal) -> Response:
    """What the browser needs to make a passkey."""
    return await answer(request, passkeys.begin, acting)


@own_post
@allowed(Permission.FACTORS, fresh=True)
async def add_passkey(request: Request, acting: Principal) -> Response:
    """Keep the passkey that the browser has made."""
    form = await request.form()
    name, made = typed(form, "name"), typed(form, "answer")
    return await answer(request, passkeys.register, acting, name, made)


@own_post
@allowed(Permission.FACTORS, fresh=True)
async def confirm_method(request: Request, acting: Principal) -> Response:
    """Choose the method that a code sent by it proves."""
    form = await request.form()
    method, code = typed(form, "method"), typed(form, "code")
    return await answer(request, methods.confirm, acting, method, code)


@own_post
@allowed(Permission.FACTORS, fresh=True)
async def new_recovery_codes(request: Request, acting: Principal) -> Response:
    """Ten recovery codes, shown once to their owner."""
    return await answer(request, _recovery_codes, acting)


def _new_device(acting: Principal) -> dict[str, object]:
    found = totp.begin(acting)
    return {"id": found.device_id, "secret": found.secret, "qr_svg": found.qr_svg}


def _recovery_codes(acting: Principal) -> dict[str, object]:
    return {"codes": recovery.renew(acting)}


routes = [
    Route(PASSWORD, change_password, methods=["POST"]),
    Route(STRENGTH, strength, methods=["POST"]),
    Route(NEW_DEVICE, new_device, methods=["POST"]),
    Route(LINK_DEVICE, link_device, methods=["POST"]),
    Route(NEW_PASSKEY, new_passkey, methods=["POST"]),
    Route(ADD_PASSKEY, add_passkey, methods=["POST"]),
    Route(CONFIRM_METHOD, confirm_method, methods=["POST"]),
    Route(RECOVERY, new_recovery_codes, methods=["POST"]),
]
