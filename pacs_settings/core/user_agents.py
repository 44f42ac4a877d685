"""Browsers and systems in words, from what a browser says of itself."""

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ua_parser import Resolver

MAXIMUM_READ = 512
"""Characters; the header is the sender's to choose, and hundreds of patterns read it."""

MAXIMUM_NAME = 40
"""Characters; the names of some programs are copied from the header itself."""

_BROWSERS = {
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile WebView": "Chrome",
    "HeadlessChrome": "Headless Chrome",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Edge Mobile": "Edge",
    "Opera Mobile": "Opera",
    "IE": "Internet Explorer",
}

_SYSTEMS = {"Mac OS X": "macOS", "Chrome OS": "ChromeOS"}


def describe(user_agent: str) -> tuple[str, str]:
    """Name browser and system, as ("Firefox 128", "Windows"); what is unknown is ""."""
    # Cut before the cache, so that long headers cannot fill the memory.
    return _describe(user_agent[:MAXIMUM_READ])


@lru_cache(maxsize=1024)
def _describe(user_agent: str) -> tuple[str, str]:
    from ua_parser import Domain

    found = _resolver()(user_agent, Domain.USER_AGENT | Domain.OS)
    browser = _browser(found.user_agent.family, found.user_agent.major) if found.user_agent else ""
    system = _system(found.os.family, user_agent) if found.os else ""
    return browser, system


@lru_cache(maxsize=1)
def _resolver() -> "Resolver":
    # Imported at the first sign-in: it costs a tenth of a second that start-up need not pay.
    from ua_parser import BasicResolver, load_lazy_builtins

    return BasicResolver(load_lazy_builtins())


def _browser(family: str, version: str | None) -> str:
    name = _BROWSERS.get(family, family)
    return f"{name} {version or ''}"[:MAXIMUM_NAME].strip()


def _system(family: str, user_agent: str) -> str:
    # Without a version: browsers froze it (Windows 10, macOS 10.15, Android 10), so it misleads.
    if family == "iOS":
        return next((device for device in ("iPad", "iPhone") if device in user_agent), family)
    return _SYSTEMS.get(family, family)[:MAXIMUM_NAME]
