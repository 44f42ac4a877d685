"""Production: build what is missing, then serve pages, routes and websocket on one port."""

import os
import sys

from pacs_settings import lifeline

os.environ["REFLEX_ENV_MODE"] = "prod"

from pacs_settings import build  # noqa: E402  (the mode decides what the configuration accepts)
from pacs_settings.config import config  # noqa: E402
from pacs_settings.core import db  # noqa: E402


def main() -> None:
    """Replace this process by the server; exits with a sentence where it cannot be one."""
    try:
        settings = config()
    except ValueError as unfit:
        sys.exit(f"The configuration cannot be used:\n{unfit}")
    try:
        db.check()
    except db.Unusable as unfit:
        sys.exit(f"The database cannot be used: {unfit}")
    db.forget_engine()
    build.ensure()
    os.environ["__REFLEX_SKIP_COMPILE"] = "true"
    lifeline.end_with_parent()
    command = [
        "granian",
        "--interface",
        "asgi",
        "--factory",
        "--workers",
        "1",
        "--no-access-log",
    ]
    command += [
        "--host",
        settings.host,
        "--port",
        str(settings.port),
        "--log-level",
        "warning",
    ]
    command += ["--respawn-failed-workers", "pacs_settings.pacs_settings:app"]
    print(f"serving {settings.base_url}", flush=True)
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()
