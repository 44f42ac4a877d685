"""Failures that nobody foresaw: logged without what was typed, told without details."""

import logging
import re
import traceback

import reflex as rx
from reflex.app import default_error_boundary
from reflex.state import FrontendEventExceptionState
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from pacs_settings.logs import Bound
from pacs_settings.pages.shell.state import SessionState

log = logging.getLogger(__name__)
reports = logging.getLogger(f"{__name__}.reports")
reports.addFilter(Bound())  # any browser can send them
LONGEST = 500  # characters of a browser's report

# The reload that Reflex would send is evaluated as a string, which our CSP forbids.
FrontendEventExceptionState.auto_reload_on_errors = []
BOUNDARY = {(55, "ErrorBoundary"): lambda stateful: default_error_boundary()}


def backend(exception: Exception) -> rx.event.EventSpec:
    """Log where it happened and tell the page; values in the message stay out of the log."""
    where = "".join(traceback.format_tb(exception.__traceback__))
    log.error("handler failed: %s\n%s", type(exception).__name__, where)
    return SessionState.report_trouble()


async def route(request: Request, exception: Exception) -> Response:
    """The same for an HTTP route."""
    where = "".join(traceback.format_tb(exception.__traceback__))
    log.error("route %s failed: %s\n%s", request.url.path, type(exception).__name__, where)
    return PlainTextResponse("something went wrong; nothing was changed", status_code=500)


def frontend(exception: Exception) -> None:
    """Log a browser's report on one line, cut short."""
    reports.error("page failed: %s", re.sub(r"\s+", " ", str(exception))[:LONGEST])
