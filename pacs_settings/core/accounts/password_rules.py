"""Which passwords are accepted, after NIST SP 800-63B-4, section 3.1.1, and how strong one is."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock

from pacs_settings.core.accounts.known_passwords import is_listed

MINIMUM_ALONE = 15
MINIMUM_WITH_SECOND_FACTOR = 12
MINIMUM_OF_A_REGION = 8

PRODUCT_WORDS = ("pacs", "settings", "radiology", "pacsonweb")
SHORTEST_CONTEXT_WORD = 4
ENOUGH_BESIDE_CONTEXT = 8
LONGEST_REPEATED_UNIT = 6
SHORTEST_KNOWN_BASE = 4

# Read forwards and backwards. Code points next to each other (abc, 123) need no row of their own.
_KEY_ROWS = (
    "1234567890",
    *("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    *("azertyuiop", "qsdfghjklm", "wxcvbn"),
    *("qwertzuiop", "yxcvbnm"),
)
_NEIGHBOURS = {frozenset(pair) for row in _KEY_ROWS for pair in pairwise(row)}

# The estimator needs bounds of its own: it is quadratic in the length, and exponential in how many
# different characters could stand for a letter ("4" for a). Beyond the fourth such character a
# password is no word in disguise, so the others are shown to it as signs that stand for nothing.
ESTIMATED_CHARACTERS = 48
_DISGUISES = frozenset("48@({[<3691!|7105$+%2")
_DISGUISES_ESTIMATED = 4
_MEANINGLESS = "^&*-_=;:,.?~#\"'`\\/}])>"
# zxcvbn keeps the words of the caller in a global.
_estimating = Lock()


@dataclass(frozen=True)
class PasswordPolicy:
    """How long a password must and may be, in code points after NFKC."""

    minimum: int
    maximum: int = 256


@dataclass(frozen=True)
class PasswordContext:
    """What a stranger would guess of the owner: names, e-mail address; the product is implied."""

    words: tuple[str, ...] = ()


class PasswordRefused(ValueError):
    """A password that is not accepted.

    `code`: too_short, too_long, mismatch, same_as_old, repeats, context or known;
    `minimum` and `maximum` are the policy's, in code points.
    """

    def __init__(self, code: str, policy: PasswordPolicy) -> None:
        """Keep the reason and the lengths that its text names, never the password."""
        super().__init__(code)
        self.code = code
        self.minimum = policy.minimum
        self.maximum = policy.maximum


def policy(
    has_second_factor: bool, region_mandatory: bool, region_minimum: int | None
) -> PasswordPolicy:
    """Return the policy of an account; a region counts only where it makes a factor mandatory."""
    if region_mandatory and region_minimum is not None:
        return PasswordPolicy(max(MINIMUM_OF_A_REGION, region_minimum))
    return PasswordPolicy(MINIMUM_WITH_SECOND_FACTOR if has_second_factor else MINIMUM_ALONE)


def normalise(password: str) -> str:
    """Return the form that is counted, compared and hashed: NFKC, whole, spaces kept."""
    return unicodedata.normalize("NFKC", password)


def check(
    password: str,
    again: str,
    policy: PasswordPolicy,
    context: PasswordContext,
    old: str = "",
) -> None:
    """Raise PasswordRefused with the first reason; `old` is the password that it replaces."""
    for reason in _reasons(password, again, policy, context, old):
        raise PasswordRefused(reason, policy)


def strength(password: str, context: PasswordContext) -> int:
    """Estimate from 0 (guessed at once) to 4 (strong), within 100 ms for any input."""
    from zxcvbn import zxcvbn  # slow to import, and only this needs it

    text = _readable(normalise(password[:ESTIMATED_CHARACTERS])[:ESTIMATED_CHARACTERS])
    if not text:
        return 0
    with _estimating:
        return int(zxcvbn(text, user_inputs=sorted(_context_words(context)))["score"])


def _reasons(
    password: str,
    again: str,
    policy: PasswordPolicy,
    context: PasswordContext,
    old: str,
) -> Iterator[str]:
    # Composing can shorten a text, but to a quarter at most; more is not worth normalising.
    if len(password) > 4 * policy.maximum:
        yield "too_long"
    text = normalise(password)
    if len(text) < policy.minimum:
        yield "too_short"
    if len(text) > policy.maximum:
        yield "too_long"
    if password != again and text != normalise(again[: 4 * policy.maximum]):
        yield "mismatch"
    if old and text == normalise(old[: 4 * policy.maximum]):
        yield "same_as_old"
    yield from _weaknesses(text, context)


def _weaknesses(text: str, context: PasswordContext) -> Iterator[str]:
    folded = text.casefold()
    if _is_repeated(folded) or _is_sequence(folded):
        yield "repeats"
    if _is_mainly(_letters(text), _context_words(context)):
        yield "context"
    if _is_known(folded):
        yield "known"


def _is_repeated(folded: str) -> bool:
    longest = min(LONGEST_REPEATED_UNIT, len(folded) // 2)
    return any(folded[unit:] == folded[:-unit] for unit in range(1, longest + 1))


def _is_sequence(folded: str) -> bool:
    # Three of four characters that follow from the one before: also aaaabbbbcccc and qwertz123456.
    followers = sum(_follows(one, other) for one, other in pairwise(folded))
    return 4 * followers >= 3 * len(folded) > 0


def _follows(one: str, other: str) -> bool:
    return abs(ord(one) - ord(other)) <= 1 or frozenset((one, other)) in _NEIGHBOURS


def _is_mainly(letters: str, words: frozenset[str]) -> bool:
    rest = letters
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != letters and len(rest) < ENOUGH_BESIDE_CONTEXT


def _is_known(folded: str) -> bool:
    from zxcvbn.matching import RANKED_DICTIONARIES  # slow to import

    # Most known passwords are short; what people add to reach a minimum comes at the end.
    base = re.sub(r"[\W\d_]+$", "", folded)
    most_used = RANKED_DICTIONARIES["passwords"]
    return is_listed(folded) or (len(base) >= SHORTEST_KNOWN_BASE and base in most_used)


def _context_words(context: PasswordContext) -> frozenset[str]:
    parts = (re.split(r"[\W_]+", normalise(text)) for text in (*context.words, *PRODUCT_WORDS))
    words = {_letters(part) for split in parts for part in split}
    return frozenset(word for word in words if len(word) >= SHORTEST_CONTEXT_WORD)


def _letters(text: str) -> str:
    # Decomposed, so that accents fall away: Léa is guessed as lea.
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in plain if character.isalnum())


def _readable(text: str) -> str:
    disguises = "".join(character for character in dict.fromkeys(text) if character in _DISGUISES)
    surplus = disguises[_DISGUISES_ESTIMATED:]
    return text.translate(str.maketrans(surplus, _MEANINGLESS[: len(surplus)]))
