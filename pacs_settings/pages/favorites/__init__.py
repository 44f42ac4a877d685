"""Favorites, and finding colleagues."""
