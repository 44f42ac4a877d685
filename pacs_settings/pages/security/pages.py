"""Where the page is, and what loads it."""

from pacs_settings.pages.security import view
from pacs_settings.pages.security.state import SecurityState

PAGES = {"settings/security": (view.section, [SecurityState.load])}
