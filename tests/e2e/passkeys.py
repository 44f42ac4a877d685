"""Chromium's virtual authenticators, as the WebAuthn domain of its protocol has them."""

from typing import Any

from playwright.sync_api import Page

OPTIONS = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Authenticators:
    """The authenticators of a page: none at first."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("WebAuthn.enable")

    def plug_in(self, *credentials: dict[str, Any]) -> str:
        """One more authenticator, that holds these credentials; its id."""
        told = self._session.send("WebAuthn.addVirtualAuthenticator", {"options": OPTIONS})
        name = str(told["authenticatorId"])
        for credential in credentials:
            self._session.send(
                "WebAuthn.addCredential", {"authenticatorId": name, "credential": credential}
            )
        return name

    def pull_out(self, name: str) -> list[dict[str, Any]]:
        """Take an authenticator away; what it held."""
        held = self._session.send("WebAuthn.getCredentials", {"authenticatorId": name})
        self._session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": name})
        return list(held["credentials"])
