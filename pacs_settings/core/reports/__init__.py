"""Reports: what is written, how it is laid out, and its way back to the source."""
