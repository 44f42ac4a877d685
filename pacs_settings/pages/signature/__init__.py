"""Report signature."""
