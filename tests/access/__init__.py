"""Attacks on the gate, the routes and the served pages."""
