"""What sources tell, and what comes of it."""
