"""Routes for pictures of signatures: the body is the file itself, whatever its name was."""

from functools import lru_cache, partial

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pacs_settings.access.http import allowed, answer, own_post_of, refusal, who
from pacs_settings.access.permissions import Permission
from pacs_settings.access.principal import Principal
from pacs_settings.core import signature_kinds, signatures
from pacs_settings.core.errors import Refused
from pacs_settings.core.signature_kinds.picture import LARGEST, PictureRefused, Upload
from pacs_settings.locale import text

PREVIEW, FIRST, REPLACE = (f"/security/signature/{name}" for name in ("preview", "first", "next"))
RATE = RateLimitItemPerMinute(20)  # a session's pictures: each takes up to a second


@lru_cache(maxsize=1)
def _limiter() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(MemoryStorage())


@own_post_of(LARGEST)
@allowed(Permission.SIGNATURE)
async def preview(request: Request, acting: Principal) -> Response:
    """What would be kept of a picture; nothing is."""
    spoken = who(request).language
    return await _taken(request, acting, partial(_preview, text(spoken, "signature.preview")))


@own_post_of(LARGEST)
@allowed(Permission.SIGNATURE)
async def first(request: Request, acting: Principal) -> Response:
    """Save a picture as the first signature."""
    return await _taken(request, acting, partial(_save, acting, first=True))


@own_post_of(LARGEST)
@allowed(Permission.SIGNATURE, fresh=True)
async def replace(request: Request, acting: Principal) -> Response:
    """Save a picture in the place of a signature."""
    return await _taken(request, acting, partial(_save, acting, first=False))


async def _taken(request: Request, acting: Principal, work: "partial[object]") -> Response:
    spoken = who(request).language
    if not _limiter().hit(RATE, acting.session_id):
        return refusal(Refused("busy"), spoken)
    upload = Upload()
    try:
        async for part in request.stream():
            upload.add(part)
    except PictureRefused as refused:
        return refusal(Refused(f"picture_{refused.code}", "picture"), spoken)
    return await answer(request, work, upload.content)


def _preview(title: str, raw: bytes) -> dict[str, object]:
    return {"svg": signature_kinds.to_svg(signature_kinds.uploaded(raw), title)}


def _save(acting: Principal, raw: bytes, *, first: bool) -> None:
    signatures.save_picture(acting, raw, first=first)


routes = [
    Route(PREVIEW, preview, methods=["POST"]),
    Route(FIRST, first, methods=["POST"]),
    Route(REPLACE, replace, methods=["POST"]),
]
