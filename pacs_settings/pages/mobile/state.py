"""How far the registration of a mobile phone has come."""

import reflex as rx

from pacs_settings.access.permissions import Permission, requires
from pacs_settings.access.principal import current
from pacs_settings.core.accounts import mobile
from pacs_settings.pages.answers import ask
from pacs_settings.pages.texts import say


class MobileState(rx.State):
    """`step`: empty, number (the code of the e-mail and the number), code (of the number), done."""

    step: str = ""
    said: str = ""
    problem: str = ""

    @rx.event
    @requires(Permission.FACTORS)
    def load(self):
        """Begin anew."""
        self.step = self.said = self.problem = ""

    @rx.event
    @requires(Permission.FACTORS, fresh=True)
    async def begin(self):
        """Send the code by e-mail that lets a number be registered."""
        answer = await ask(mobile.begin, current())
        self.problem = answer.problem
        self.step = "number" if answer.ok else self.step
        self.said = say("security.sent.email") if answer.ok else ""

    @rx.event
    @requires(Permission.FACTORS)
    def proposed(self):
        """A route has sent a code to the number."""
        self.step, self.said, self.problem = "code", say("security.sent.sms"), ""

    @rx.event
    @requires(Permission.FACTORS)
    def registered(self):
        """A route has registered the number."""
        self.step, self.said, self.problem = "done", say("mobile.registered"), ""
