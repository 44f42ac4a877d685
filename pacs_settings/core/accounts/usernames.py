"""Usernames, which are e-mail addresses: normalised and compared."""

import re
import unicodedata

MAXIMUM = 254
"""Characters: the longest address that fits the path of RFC 5321, section 4.5.3.1.3."""

# Control, format (zero width, direction), surrogate, private, unassigned, and every separator.
_REFUSED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"}

# Invisible too, but letters or marks by category: joiner, Hangul fillers, variation selectors.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)

# Stricter than RFC 5321: quoted local parts and address literals only serve to smuggle
# something into a mail header.
_ADDRESS = re.compile(
    r"""[^@\s"(),:;<>\[\]\\]{1,64}   # local part
        @[\w-]+(?:\.[\w-]+)+         # domain with at least one dot""",
    re.VERBOSE,
)


class UsernameRefused(ValueError):
    """No e-mail address; `code` is "too_long", "characters" (some cannot be seen) or "shape"."""

    def __init__(self, code: str) -> None:
        """Keep the reason; the typed value stays out of the message, which may be logged."""
        super().__init__(code)
        self.code = code


def key(username: str) -> str:
    """Return the form in which usernames are compared; never raises."""
    folded = unicodedata.normalize("NFKC", username).casefold()
    # Folding can leave text that is no longer composed, and spaces may come from either step.
    return unicodedata.normalize("NFKC", folded).strip()


def normalise(typed: str) -> str:
    """Return the e-mail address as it is stored, case kept; raises UsernameRefused."""
    if len(typed) > 2 * MAXIMUM:
        raise UsernameRefused("too_long")
    address = unicodedata.normalize("NFKC", typed).strip()
    if len(address) > MAXIMUM:
        raise UsernameRefused("too_long")
    if not _can_be_seen(address):
        raise UsernameRefused("characters")
    if not _ADDRESS.fullmatch(address):
        raise UsernameRefused("shape")
    return address


def domain_of(username: str) -> str:
    """Return the domain part in its compared form, "" where there is none."""
    _, at, domain = key(username).rpartition("@")
    return domain if at else ""


def _can_be_seen(address: str) -> bool:
    categories = {unicodedata.category(character) for character in address}
    return categories.isdisjoint(_REFUSED_CATEGORIES) and not _INVISIBLE.search(address)
