"""Mappings and their e-mail switches."""
