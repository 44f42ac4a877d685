"""Privacy settings."""
