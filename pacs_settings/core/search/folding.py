"""Folding: one form for what is stored and for what is typed, alike on every database."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from pacs_settings.core import phones
from pacs_settings.core.accounts import usernames

LONGEST = 100  # characters of a query that are looked at
MOST_TOKENS = 8
MOST_WORDS = 12  # of one account
MOST_NUMBERS = 8
LONGEST_WORD = 40
NUMBER_DIGITS = 5  # a number is looked for from so many digits on

# Letters that are no letter with a mark to Unicode; apostrophes are left out by who types quickly.
_LETTERS = str.maketrans(
    {
        "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h",
        "ŧ": "t", "ı": "i", "ĸ": "k", "ŋ": "n", "ſ": "s", "'": "", "\u2018": "", "\u2019": "",
        "`": "", "\u00b4": "", "\u02bc": "",
    }
)  # fmt: skip
_WORD = re.compile(r"[^\W_]+")
# Digits with what people type between them; \u2010 and on are the dashes of word processors.
_NUMBER = re.compile(r"(?<![^\W_])\d(?:[\s./\u2010-\u2015\u2212-]*\d)*(?![^\W_])")
_DIGITS_ONLY = re.compile(r"[+(]*\d[\d\s+()./\u2010-\u2015\u2212-]*")


@dataclass(frozen=True)
class Asked:
    """What a query asks for: words that all must fit, and full addresses of which one must."""

    tokens: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def fold(text: str) -> str:
    """Without case, accents and the like; digits of any script are plain ones."""
    if text.isascii():
        return text.lower().translate(_LETTERS)
    text = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    kept = [_plain(one) for one in unicodedata.normalize("NFKD", text)]
    return "".join(kept).translate(_LETTERS)


def words(text: str) -> list[str]:
    """The folded words of a name, in order."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(fold(text))]


def read(typed: str, country: Callable[[], str]) -> Asked:
    """What was typed, understood; `country` tells that of numbers without one (ISO alpha-2)."""
    text = typed[:LONGEST].strip()
    if "@" in text:
        return Asked(addresses=(usernames.key(text),))
    folded = _NUMBER.sub(lambda found: f" {_joined(found[0])} ", fold(text))
    tokens = tuple(dict.fromkeys(word[:LONGEST_WORD] for word in _WORD.findall(folded)))
    return Asked(tokens[:MOST_TOKENS], _phone(text, country))


def is_number(token: str) -> bool:
    """Whether a token is one of a physician number rather than of a name."""
    return token.isdigit()


def may_match(token: str) -> bool:
    """Whether a token is asked for at all: a few digits say nothing."""
    return not is_number(token) or len(token) >= NUMBER_DIGITS


def _plain(one: str) -> str:
    if unicodedata.combining(one) or unicodedata.category(one) in ("Mn", "Me", "Cf"):
        return ""
    digit = unicodedata.decimal(one, None)
    return one if digit is None else str(digit)


def _joined(digits: str) -> str:
    return "".join(one for one in digits if one.isdigit())


def _phone(text: str, country: Callable[[], str]) -> tuple[str, ...]:
    if not _DIGITS_ONLY.fullmatch(text):
        return ()
    try:
        return (phones.normalise(text, country()),)
    except phones.PhoneRefused:
        return ()
