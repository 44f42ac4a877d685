"""What the product does, free of Reflex."""
