"""Building blocks; each file has its variants on top."""
