"""Figures of the product, each beside a bare Reflex app in the same run."""
