"""Where the page is, and what loads it."""

from pacs_settings.pages.favorites import view
from pacs_settings.pages.favorites.state import FavoritesState

PAGES = {"favorites": (view.section, [FavoritesState.load])}
