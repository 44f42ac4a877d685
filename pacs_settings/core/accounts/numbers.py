"""Physician numbers of five countries: normalised, checked and shown."""

import unicodedata
from enum import StrEnum

from stdnum import ean, luhn

from pacs_settings.core.tables import PhysicianNumber


class NumberKind(StrEnum):
    """The register that gave a physician number."""

    RIZIV = "riziv"
    BIG = "big"
    RPPS = "rpps"
    GLN = "gln"
    LANR = "lanr"


LENGTHS = {
    NumberKind.RIZIV: 11,
    NumberKind.BIG: 11,
    NumberKind.RPPS: 11,
    NumberKind.GLN: 13,
    NumberKind.LANR: 9,
}

RIZIV_MODULI = (97, 89)
RIZIV_STABLE_DIGITS = 8
LANR_WEIGHTS = (4, 9, 4, 9, 4, 9)

# What people type between groups. The dashes are those that word processors put in place of "-".
_SEPARATORS = str.maketrans("", "", " .-/\t\u2010\u2012\u2013\u2014\u2212")


class NumberRefused(ValueError):
    """A physician number that cannot be right; `code` is "length", "digits" or "check"."""

    def __init__(self, kind: NumberKind, code: str) -> None:
        """Keep kind and reason; the typed value stays out of the message, which may be logged."""
        super().__init__(f"{kind}: {code}")
        self.kind = kind
        self.code = code


def normalise(kind: NumberKind, typed: str) -> str:
    """Return only the digits of a typed number; raises NumberRefused."""
    value = unicodedata.normalize("NFKC", typed).translate(_SEPARATORS)
    if value and not (value.isascii() and value.isdigit()):
        raise NumberRefused(kind, "digits")
    if len(value) != LENGTHS[kind]:
        raise NumberRefused(kind, "length")
    if not _check_fits(kind, value):
        raise NumberRefused(kind, "check")
    return value


def display(kind: NumberKind, value: str) -> str:
    """Show a normalised number as its holders write it: RIZIV as 1-23456-CC-QQQ, others plain."""
    if kind is not NumberKind.RIZIV:
        return value
    return "-".join((value[:1], value[1:6], value[6:8], value[8:]))


def stable_part(kind: NumberKind, value: str) -> str:
    """Return what stays for a whole career: RIZIV without its qualification, others whole."""
    return value[:RIZIV_STABLE_DIGITS] if kind is NumberKind.RIZIV else value


def row(account_id: int, kind: NumberKind, value: str) -> PhysicianNumber:
    """A normalised number as it is stored; compared with those of sources by its stable part."""
    return PhysicianNumber(
        account_id=account_id, kind=kind, value=value, stable=stable_part(kind, value)
    )


def riziv(n6: int, qualification: int, modulus: int = 97) -> str:
    """Build a valid RIZIV number from its first six and last three digits; raises ValueError."""
    if not (0 <= n6 <= 999_999 and 0 <= qualification <= 999 and modulus in RIZIV_MODULI):
        raise ValueError("six digits, three digits and a modulus of 97 or 89 are needed")
    return f"{n6:06d}{_riziv_check(n6, modulus)}{qualification:03d}"


def _riziv_check(n6: int, modulus: int) -> str:
    return f"{modulus - n6 % modulus:02d}"


def _riziv_fits(value: str) -> bool:
    # Physicians registered since April 2019 have modulus 89. The number does not tell when its
    # holder was registered, so either is accepted.
    n6 = int(value[:6])
    return value[6:8] in {_riziv_check(n6, modulus) for modulus in RIZIV_MODULI}


def _lanr_fits(value: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(value[:6], LANR_WEIGHTS, strict=True))
    return int(value[6]) == -total % 10


def _check_fits(kind: NumberKind, value: str) -> bool:
    match kind:
        case NumberKind.RIZIV:
            return _riziv_fits(value)
        case NumberKind.RPPS:
            return luhn.is_valid(value)
        case NumberKind.GLN:
            return ean.is_valid(value)
        case NumberKind.LANR:
            return _lanr_fits(value)
        case NumberKind.BIG:
            return True  # has no check digit
