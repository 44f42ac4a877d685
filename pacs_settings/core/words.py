"""Texts of others, made fit to be shown and sent."""


def one_line(text: str) -> str:
    """One line of what can be seen."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
