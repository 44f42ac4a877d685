"""The designer's folder: how things look; no state, no domain logic, no texts of its own."""
