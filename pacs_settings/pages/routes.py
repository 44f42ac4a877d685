"""The routes of the sections, for what must not pass through the state."""

from pacs_settings.pages.mobile import routes as mobile
from pacs_settings.pages.security import routes as security
from pacs_settings.pages.signature import routes as signature

MODULES = (mobile, security, signature)
