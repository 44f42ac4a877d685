"""Security: which forms are open, and the devices; secrets and passwords never come here."""

import asyncio

import reflex as rx

from pacs_settings.access.permissions import Permission, requires
from pacs_settings.access.principal import current
from pacs_settings.core.accounts import security
from pacs_settings.core.accounts.second_factor import totp
from pacs_settings.core.accounts.second_factor.totp import Device
from pacs_settings.pages.answers import Answer, ask
from pacs_settings.pages.shell.state import SessionState
from pacs_settings.pages.texts import say


class SecurityState(rx.State):
    """Password and second factor of the account."""

    loaded: bool = False
    username: str = ""
    domain: str = ""
    minimum: int = 0
    changing: bool = False
    mandatory: bool = False
    chosen: str = "none"
    enrolling: bool = False
    devices: list[Device] = []
    asked: int = 0
    said: str = ""
    said_password: str = ""
    problem: str = ""

    @rx.event
    @requires(Permission.FACTORS)
    async def load(self):
        """Read how the account is protected; all forms closed."""
        await self._load()
        self.enrolling = False
        asked = self.router.url.query_parameters.get("change") == "password"
        self.changing = asked and not self.domain
        self.said = self.said_password = self.problem = ""

    @rx.event
    @requires(Permission.PASSWORD)
    def open_password(self, on: bool):
        """Open or close the form for a new password."""
        self.changing, self.said_password = on, ""

    @rx.event
    @requires(Permission.PASSWORD)
    def password_changed(self):
        """The route has changed the password: close the form and say so."""
        self.changing = False
        self.said_password = say("security.password_changed")

    @rx.event
    @requires(Permission.FACTORS)
    def choose(self, method: str):
        """Choose a method: an authenticator opens its form, none asks before it removes."""
        if method == "authenticator":
            self.enrolling = not self.devices
        elif method != "none" or self.mandatory:
            return
        else:
            self.enrolling = False
        self.chosen, self.said, self.problem = method, "", ""

    @rx.event
    @requires(Permission.FACTORS)
    def add_device(self, on: bool):
        """Open or close the form for another device."""
        self.enrolling, self.said = on, ""
        if not on and not self.devices:
            self.chosen = "" if self.mandatory else "none"

    @rx.event
    @requires(Permission.FACTORS)
    async def device_linked(self):
        """The route has linked a device: show it."""
        self.enrolling = False
        await self._load()
        self.said = say("security.device_linked")
        return SessionState.load

    @rx.event
    @requires(Permission.FACTORS)
    def ask_removal(self, device: int):
        """Ask before a device is removed; 0 takes the question back."""
        self.asked, self.said, self.problem = device, "", ""

    @rx.event
    @requires(Permission.FACTORS)
    async def remove(self, device: int):
        """Remove one device."""
        self._tell(await ask(totp.remove, current(), device))
        await self._load()

    @rx.event
    @requires(Permission.FACTORS)
    async def remove_all(self):
        """Do without a second factor."""
        self._tell(await ask(totp.remove_all, current()))
        await self._load()

    def _tell(self, answer: Answer[None]) -> None:
        self.asked, self.problem = 0, answer.problem
        self.said = say("security.device_removed") if answer.ok else ""

    async def _load(self) -> None:
        found = await asyncio.to_thread(security.load, current().account_id)
        self.username, self.domain, self.mandatory = found.username, found.domain, found.mandatory
        self.minimum, self.devices = found.password_minimum, found.devices
        self.chosen = "authenticator" if found.devices else "" if found.mandatory else "none"
        self.loaded = True
