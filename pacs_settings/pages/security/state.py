"""Security: which forms are open, and the devices; secrets and passwords never come here."""

import asyncio

import reflex as rx

from pacs_settings.access.permissions import Permission, requires
from pacs_settings.access.principal import current
from pacs_settings.core.accounts import security
from pacs_settings.core.accounts.second_factor import chosen, methods, passkeys, totp
from pacs_settings.core.accounts.second_factor.passkeys import Key
from pacs_settings.core.accounts.second_factor.totp import Device
from pacs_settings.pages.answers import Answer, ask
from pacs_settings.pages.mobile.state import MobileState
from pacs_settings.pages.security.sessions_state import SessionsState
from pacs_settings.pages.shell.state import SessionState
from pacs_settings.pages.texts import say


class SecurityState(rx.State):
    """Password and second factor of the account.

    `method` is the one in force, `chosen` the one that is looked at, `form` what is open for it:
    authenticator, passkey, email, sms or mobile.
    """

    loaded: bool = False
    username: str = ""
    domain: str = ""
    minimum: int = 0
    changing: bool = False
    mandatory: bool = False
    options: list[list[str]] = []
    method: str = ""
    chosen: str = ""
    form: str = ""
    devices: list[Device] = []
    passkeys: list[Key] = []
    recovery_left: int = 0
    asked: int = 0
    said: str = ""
    said_password: str = ""
    problem: str = ""

    @rx.event
    @requires(Permission.FACTORS)
    async def load(self):
        """Read how the account is protected; all forms closed."""
        await self._load()
        asked = self.router.url.query_parameters.get("change") == "password"
        self.changing = asked and not self.domain
        self.said = self.said_password = self.problem = ""
        return None if current().must_enrol else SessionsState.load

    @rx.event
    @requires(Permission.PASSWORD, fresh=True)
    def open_password(self):
        """Open the form for a new password."""
        self.changing, self.said_password = True, ""

    @rx.event
    @requires(Permission.PASSWORD)
    def close_password(self):
        """Leave the password as it is."""
        self.changing, self.said_password = False, ""

    @rx.event
    @requires(Permission.PASSWORD)
    def password_changed(self):
        """The route has changed the password: close the form and say so."""
        self.changing = False
        self.said_password = say("security.password_changed")

    @rx.event
    @requires(Permission.FACTORS, fresh=True)
    async def choose(self, method: str):
        """Look at a method: what proves it opens, a code is sent at once; none asks first."""
        if method not in [option[0] for option in self.options]:
            return None
        self.chosen, self.said, self.problem, self.asked = method, "", "", 0
        self.form = "" if method in (self.method, "none") else method
        if self.form == "sms" and not await self._has_mobile():
            self.form = "mobile"
            return MobileState.load
        if self.form in methods.SENT:
            await self._send(method)
        return None

    @rx.event
    @requires(Permission.FACTORS, fresh=True)
    async def send_again(self):
        """Send another code for the method that is being chosen."""
        if self.form in methods.SENT:
            await self._send(self.form)

    @rx.event
    @requires(Permission.FACTORS, fresh=True)
    def add(self):
        """Open the form for another device or passkey."""
        self.form, self.said, self.problem = self.method, "", ""

    @rx.event
    @requires(Permission.FACTORS)
    def give_up(self):
        """Close what is open; what is in force stays."""
        self.form, self.said, self.problem = "", "", ""
        self.chosen = self._stored()

    @rx.event
    @requires(Permission.FACTORS)
    async def added(self):
        """A route has added a factor: show it."""
        await self._load()
        self.said = say("security.added")
        return SessionState.load

    @rx.event
    @requires(Permission.FACTORS)
    async def recovery_renewed(self):
        """A route has made new recovery codes; it shows them, this only counts."""
        found = await asyncio.to_thread(security.load, current().account_id)
        self.recovery_left = found.recovery_left

    @rx.event
    @requires(Permission.FACTORS)
    def ask_removal(self, device: int):
        """Ask before a device or passkey is removed; 0 takes the question back."""
        self.asked, self.said, self.problem = device, "", ""

    @rx.event
    @requires(Permission.FACTORS, fresh=True)
    async def remove(self, device: int):
        """Remove one device."""
        return await self._removed(await ask(totp.remove, current(), device))

    @rx.event
    @requires(Permission.FACTORS, fresh=True)
    async def remove_passkey(self, passkey: int):
        """Remove one passkey."""
        return await self._removed(await ask(passkeys.remove, current(), passkey))

    @rx.event
    @requires(Permission.FACTORS, fresh=True)
    async def do_without(self):
        """Use no second factor."""
        return await self._removed(await ask(chosen.do_without, current()))

    async def _removed(self, answer: Answer[None]) -> rx.event.EventSpec:
        await self._load()
        self.problem = answer.problem
        self.said = say("security.removed") if answer.ok else ""
        return SessionState.load

    async def _send(self, method: str) -> None:
        answer = await ask(methods.begin, current(), method)
        self.problem = answer.problem
        self.said = say(f"security.sent.{method}") if answer.ok else ""

    async def _has_mobile(self) -> bool:
        found = await asyncio.to_thread(security.load, current().account_id)
        return bool(found.mobile)

    def _stored(self) -> str:
        return "" if self.method == "none" and self.mandatory else self.method

    async def _load(self) -> None:
        found = await asyncio.to_thread(security.load, current().account_id)
        self.username, self.domain, self.mandatory = found.username, found.domain, found.mandatory
        self.minimum, self.devices, self.passkeys = (
            found.password_minimum,
            found.devices,
            found.passkeys,
        )
        self.method, self.recovery_left = found.method, found.recovery_left
        self.options = [_option(method) for method in found.methods]
        self.chosen, self.form, self.asked = self._stored(), "", 0
        self.loaded = True


def _option(method: str) -> list[str]:
    return [method, say(f"security.method.{method}"), say(f"security.method.{method}_hint")]
