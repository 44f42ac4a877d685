"""Where the page is, and what loads it."""

from pacs_settings.pages.privacy import view
from pacs_settings.pages.privacy.state import PrivacyState

PAGES = {"settings/privacy": (view.section, [PrivacyState.load])}
