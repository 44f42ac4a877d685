"""What a request's headers say of the browser: address, language, cookies, and its origin."""

from collections.abc import Mapping
from dataclasses import dataclass

from pacs_settings.access import cookies
from pacs_settings.config import config
from pacs_settings.core.accounts.history import Visit
from pacs_settings.locale import choose


@dataclass(frozen=True)
class Visitor:
    """One request (or websocket handshake), as far as it can be believed."""

    session: str
    sign_in: str
    visit: Visit
    language: str
    same_origin: bool


def visitor(headers: Mapping[str, str], peer: str) -> Visitor:
    """Read the headers (names in lower case); `peer` is the address of the socket."""
    jar = cookies.jar(headers.get("cookie", ""))
    visit = Visit(
        _address(headers.get("x-forwarded-for", ""), peer),
        headers.get("user-agent", "")[:512],
        cookies.read(jar, cookies.BROWSER),
    )
    return Visitor(
        cookies.read(jar, cookies.SESSION),
        cookies.read(jar, cookies.SIGN_IN),
        visit,
        _language(jar, headers),
        same_origin(headers),
    )


def same_origin(headers: Mapping[str, str]) -> bool:
    """Whether this comes from our own pages, or from no browser at all.

    Browsers send Origin with every post and websocket. A request without Origin and without
    Sec-Fetch-Site is not a browser's, so no other site can have caused it.
    """
    origin = headers.get("origin")
    if origin is not None:
        return origin in config().origins
    return headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def _language(jar: dict[str, str], headers: Mapping[str, str]) -> str:
    if not config().production:
        return config().lang  # reflex run shows one language, so its answers are in that one
    return choose(cookies.read(jar, cookies.LANGUAGE), headers.get("accept-language"))


def _address(forwarded: str, peer: str) -> str:
    hops = config().trusted_proxy_hops
    chain = [part.strip() for part in forwarded.split(",") if part.strip()]
    return (chain[-hops] if hops and len(chain) >= hops else peer)[:45]
