"""Routes for the codes of a mobile phone that is registered."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pacs_settings.access.http import allowed, answer, own_post, typed
from pacs_settings.access.permissions import Permission
from pacs_settings.access.principal import Principal
from pacs_settings.core.accounts import mobile

PROPOSE, CONFIRM = "/security/mobile/number", "/security/mobile/confirm"


@own_post
@allowed(Permission.FACTORS, fresh=True)
async def propose(request: Request, acting: Principal) -> Response:
    """Take the number, with the code of the e-mail, and send a code to it."""
    form = await request.form()
    number, code = typed(form, "mobile"), typed(form, "mail_code")
    return await answer(request, mobile.propose, acting, number, code)


@own_post
@allowed(Permission.FACTORS, fresh=True)
async def confirm(request: Request, acting: Principal) -> Response:
    """Register the number that its code proves."""
    form = await request.form()
    return await answer(request, mobile.confirm, acting, typed(form, "code"))


routes = [
    Route(PROPOSE, propose, methods=["POST"]),
    Route(CONFIRM, confirm, methods=["POST"]),
]
