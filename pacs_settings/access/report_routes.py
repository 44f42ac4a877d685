"""`/reports/{id}/pdf`: the sealed PDF of a validated report, for who may see it and nobody else."""

import asyncio
import logging
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pacs_settings.access import principal
from pacs_settings.access.http import who
from pacs_settings.access.permissions import Permission, requires
from pacs_settings.core.reports import documents

CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": CSP,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
LONGEST = 9  # digits of an id
log = logging.getLogger(__name__)
Produce = Callable[[int], bytes]  # the PDF of a version


def _nothing(_version_id: int) -> bytes:
    raise LookupError


produce: Produce = _nothing


def set_up(how_to_produce: Produce) -> None:
    """Say where the PDF of a version comes from."""
    global produce
    produce = how_to_produce


@requires(Permission.PUBLIC)  # whoever may not see it hears what a stranger hears: not found
async def download(request: Request) -> Response:
    """The newest validated version; 404 for everybody it is not for."""
    seen = who(request)
    acting = await principal.look_up(seen.session, seen.visit, use=True)
    report = request.path_params["id"]
    if acting is None or acting.must_enrol or not _is_id(report):
        return _not_found()
    version = await asyncio.to_thread(documents.latest, acting.account_id, int(report))
    if version is None:
        return _not_found()
    try:
        pdf = await asyncio.to_thread(produce, version)
    except (OSError, ValueError, LookupError) as failure:
        log.error("the PDF of version %s cannot be made: %s", version, type(failure).__name__)
        headers = HEADERS | {"Retry-After": "10"}
        return JSONResponse({"refused": "not_made"}, status_code=503, headers=headers)
    name = f'attachment; filename="report-{int(report)}.pdf"'
    headers = HEADERS | {"Content-Disposition": name}
    return Response(pdf, media_type="application/pdf", headers=headers)


def _is_id(told: str) -> bool:
    return told.isascii() and told.isdecimal() and len(told) <= LONGEST


def _not_found() -> Response:
    return JSONResponse({"refused": "not_found"}, status_code=404, headers=HEADERS)


routes = [Route("/reports/{id}/pdf", download, methods=["GET"])]
