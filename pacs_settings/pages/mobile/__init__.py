"""Registering a missing mobile phone; a part of the personal and of the security page."""
