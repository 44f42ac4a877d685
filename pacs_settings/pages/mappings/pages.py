"""Where the page is, and what loads it."""

from pacs_settings.pages.mappings import view
from pacs_settings.pages.mappings.state import MappingsState

PAGES = {"settings/mappings": (view.section, [MappingsState.load])}
