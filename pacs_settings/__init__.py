"""Account settings of a radiology portal."""
