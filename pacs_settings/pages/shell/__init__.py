"""The frame around every page, and what its session tells."""
