"""The cookies we set: their names, and with which protection."""

import re

from starlette.requests import cookie_parser
from starlette.responses import Response

from pacs_settings.config import config

SESSION = "session"
SIGN_IN = "sign-in"
BROWSER = "browser"
LANGUAGE = "language"
LINK = "link"
YEAR = 365 * 24 * 3600
_WHOLE = re.compile(r"[A-Za-z0-9._-]{1,128}")  # of what our tokens are made


def name(cookie: str) -> str:
    """The full name: `__Host-` binds it to this host and to TLS (or to localhost)."""
    return f"__Host-pacs-{cookie}" if config().production else f"pacs-{cookie}"


def put(response: Response, cookie: str, value: str, max_age: int | None = None) -> None:
    """Set a cookie that scripts cannot read and other sites do not send."""
    response.set_cookie(
        name(cookie),
        value,
        max_age=max_age,
        path="/",
        secure=config().production,
        httponly=True,
        samesite="lax",
    )


def drop(response: Response, cookie: str) -> None:
    """Take a cookie back."""
    put(response, cookie, "", max_age=0)


def jar(header: str) -> dict[str, str]:
    """All cookies of a header by full name; one that is malformed does not hide the others."""
    return cookie_parser(header[:8192])


def read(jar: dict[str, str], cookie: str) -> str:
    """The value of one of our cookies; empty where there is none that we could have set."""
    value = jar.get(name(cookie), "")
    return value if whole(value) else ""


def whole(value: str) -> bool:
    """Whether we could have set this value: a quoted cookie can hold what no database takes."""
    return _WHOLE.fullmatch(value) is not None
