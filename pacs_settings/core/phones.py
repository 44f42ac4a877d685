"""Phone numbers: stored as E.164, shown as people of the region write them."""

import re
import unicodedata

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)

MAXIMUM_TYPED = 40
"""Characters; the longest international number with generous separators."""

_PHONE_CHARACTERS = re.compile(r"[\d\s+()./\u2010-\u2015\u2212-]*")

_UNREADABLE = {
    NumberParseException.INVALID_COUNTRY_CODE: "no_country",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too_short",
    NumberParseException.TOO_SHORT_NSN: "too_short",
    NumberParseException.TOO_LONG: "too_long",
}

_IMPOSSIBLE = {
    ValidationResult.INVALID_COUNTRY_CODE: "no_country",
    ValidationResult.TOO_SHORT: "too_short",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "too_short",  # the area code is missing
    ValidationResult.TOO_LONG: "too_long",
}


class PhoneRefused(ValueError):
    """No phone number. `code`: empty, letters, no_country, too_short, too_long, not_valid."""

    def __init__(self, code: str) -> None:
        """Keep the reason; the typed value stays out of the message, which may be logged."""
        super().__init__(code)
        self.code = code


def normalise(typed: str, country: str) -> str:
    """Return E.164; `country` (ISO alpha-2) is for numbers without one; raises PhoneRefused."""
    number = _read(_clean(typed), country)
    possible = phonenumbers.is_possible_number_with_reason(number)
    if code := _IMPOSSIBLE.get(possible):
        raise PhoneRefused(code)
    if not phonenumbers.is_valid_number(number):
        raise PhoneRefused("not_valid")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def display(e164: str, country: str) -> str:
    """Show a stored number: national for a number of `country` (ISO alpha-2), else international.

    What cannot be read is shown as it is stored.
    """
    try:
        number = phonenumbers.parse(e164, None)
    except NumberParseException:
        return e164
    national = phonenumbers.region_code_for_number(number) == country
    form = PhoneNumberFormat.NATIONAL if national else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form)


def takes_text_messages(e164: str) -> bool:
    """Whether a number may be a mobile one; some countries number all lines alike."""
    kind = phonenumbers.number_type(phonenumbers.parse(e164, None))
    return kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def _clean(typed: str) -> str:
    if len(typed) > MAXIMUM_TYPED:
        raise PhoneRefused("too_long")
    # Numbers copied from a contacts app come wrapped in invisible direction marks.
    visible = (c for c in typed if unicodedata.category(c) != "Cf")
    text = unicodedata.normalize("NFKC", "".join(visible)).strip()
    if not text:
        raise PhoneRefused("empty")
    # Checked here because phonenumbers turns letters into digits and drops what follows them.
    if not _PHONE_CHARACTERS.fullmatch(text):
        raise PhoneRefused("letters")
    return text


def _read(text: str, country: str) -> PhoneNumber:
    try:
        return phonenumbers.parse(text, country)
    except NumberParseException as unreadable:
        raise PhoneRefused(_UNREADABLE.get(unreadable.error_type, "not_valid")) from None
