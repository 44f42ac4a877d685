"""What the page of a link shows; the token stays in its cookie, the steps are form posts."""

import asyncio
from collections.abc import Callable
from typing import Any

import reflex as rx

from pacs_settings.access import cookies
from pacs_settings.access.permissions import Permission, requires
from pacs_settings.core import mail_links
from pacs_settings.core.accounts import locking, password_link
from pacs_settings.core.errors import Refused


class LinkState(rx.State):
    """The link that was opened in this browser."""

    loaded: bool = False
    works: bool = False
    username: str = ""
    by_text_message: bool = True
    minimum: int = 0

    @rx.event
    @requires(Permission.PUBLIC)
    async def load_reset(self):
        """A forgotten password."""
        await self._load(password_link.page, mail_links.RESET)

    @rx.event
    @requires(Permission.PUBLIC)
    async def load_activation(self):
        """An invitation."""
        await self._load(password_link.page, mail_links.ACTIVATION)

    @rx.event
    @requires(Permission.PUBLIC)
    async def load_lock(self):
        """A link of an alert."""
        await self._load(locking.page)

    @rx.event
    @requires(Permission.PUBLIC)
    def load_nothing(self):
        """The page needs nothing."""
        self.loaded = True

    async def _load(self, look: Callable[..., Any], *purpose: str) -> None:
        headers = self._get_root_state().router_data.get("headers", {})
        token = cookies.read(cookies.jar(headers.get("cookie", "")), cookies.LINK)
        try:
            page = await asyncio.to_thread(look, token, *purpose)
        except Refused:
            self.works, self.username = False, ""
        else:
            self.works, self.username = True, page.username
            self.by_text_message, self.minimum = page.by_text_message, page.minimum
        self.loaded = True
