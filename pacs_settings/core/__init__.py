"""What the product does, free of Reflex."""

from pacs_settings.core.search import index  # noqa: F401  (nobody writes without it)
