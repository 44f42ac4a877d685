"""Text messages by any provider that Apprise knows, whose address is one URL."""

import logging
from functools import lru_cache
from types import ModuleType
from urllib.parse import quote

RECIPIENT = "{to}"  # where a provider's URL wants the number
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 10.0
MOST_SECONDS = 20.0  # for one message, also where a provider answers a byte at a time

# They log addresses of providers, which hold credentials, and with them what is sent.
SPEAKERS = ("apprise", "urllib3", "requests_oauthlib", "oauthlib")

log = logging.getLogger(__name__)


class NotSent(OSError):
    """The provider did not take the message, or did not say so in time."""


class AppriseTexter:
    """A Texter; after a time-out a message may have left, and is sent again all the same."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send_text(self, message_id: str, to: str, text: str) -> None:
        """Hand over one message to an E.164 number; raises OSError."""
        try:
            sent = self._send(quote(to, safe=""), text)
        except Exception as failure:
            # Whatever it says may quote the URL.
            raise NotSent(type(failure).__name__) from None
        if not sent:
            raise NotSent("refused")

    def _send(self, to: str, text: str) -> bool:
        apprise = _apprise()
        asset = apprise.AppriseAsset(
            app_id="PACS settings", http_redirects=False, storage_mode="memory"
        )
        provider = apprise.Apprise.instantiate(_bounded(self._url.replace(RECIPIENT, to)), asset)
        if provider is None:
            log.error("PACS_SMS_URL: Apprise knows no such provider")
            return False
        sender = apprise.Apprise(asset=asset)
        sender.add(provider)
        return bool(sender.notify(body=text, timeout=MOST_SECONDS))


@lru_cache(maxsize=1)
def _apprise() -> ModuleType:
    # Imported at the first message: it takes longer than the rest of starting.
    for name in SPEAKERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    import apprise

    return apprise


def _bounded(url: str) -> str:
    """The URL with limits of its own for connecting and for each read, in seconds."""
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}cto={CONNECT_SECONDS}&rto={ANSWER_SECONDS}"
