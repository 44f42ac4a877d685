"""Where the page is, and what loads it."""

from pacs_settings.pages.mobile.state import MobileState
from pacs_settings.pages.personal import view
from pacs_settings.pages.personal.state import PersonalState

PAGES = {"settings/personal": (view.section, [PersonalState.load, MobileState.load])}
