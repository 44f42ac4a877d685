"""Finding colleagues: an index of what is public, and the one way to ask it."""
