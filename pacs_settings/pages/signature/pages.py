"""Where the page is, and what loads it."""

from pacs_settings.pages.signature import view
from pacs_settings.pages.signature.state import SignatureState

PAGES = {"settings/signature": (view.section, [SignatureState.load])}
