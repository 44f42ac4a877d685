"""Password and two-factor authentication."""
