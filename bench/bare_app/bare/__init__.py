"""The peer of every figure: the most ordinary Reflex app."""
