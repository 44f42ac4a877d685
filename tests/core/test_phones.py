"""Phone numbers."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType

from pacs_settings.core.phones import (
    MAXIMUM_TYPED,
    PhoneRefused,
    display,
    normalise,
    takes_text_messages,
)

COUNTRIES = ("BE", "NL", "FR", "DE", "LU", "CH", "GB", "IT", "ES", "US", "PT")
KINDS = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)


def example(country: str, kind: int) -> str:
    number = phonenumbers.example_number_for_type(country, kind)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@pytest.mark.parametrize(
    "typed",
    [
        "0470 12 34 56",
        "0470/12.34.56",
        "0470-12-34-56",
        "+32 (0)470 12 34 56",
        "0032 470 12 34 56",
        "+32470123456",
        "\u202a+32 470 12 34 56\u202c",
        "\uff0b32470123456",
        "0470\u201312\u201334\u201356",
    ],
)
def test_many_ways_to_type_one_number(typed: str) -> None:
    assert normalise(typed, "BE") == "+32470123456"


def test_numbers_of_the_region_are_shown_without_country() -> None:
    assert display("+32470123456", "BE") == "0470 12 34 56"
    assert display("+32470123456", "NL") == "+32 470 12 34 56"


@pytest.mark.parametrize(
    ("typed", "country", "code"),
    [
        ("", "BE", "empty"),
        (" \u200b ", "BE", "empty"),
        ("0470 12 34 56 ext. 7", "BE", "letters"),
        ("1-800-FLOWERS", "US", "letters"),
        ("0470 12 34 56 #", "BE", "letters"),
        ("+999 1234567", "BE", "no_country"),
        ("0470 12 34 56", "", "no_country"),
        ("112", "BE", "too_short"),
        ("00", "BE", "too_short"),
        ("0470 12 34 56 78 90", "BE", "too_long"),
        ("0470 12 34 56 / 0470 12 34 57", "BE", "too_long"),
        ("0" * (MAXIMUM_TYPED + 1), "BE", "too_long"),
        ("+32 470 12 34 5", "BE", "not_valid"),
        ("+", "BE", "not_valid"),
        ("---", "BE", "not_valid"),
    ],
)
def test_refusals_say_why(typed: str, country: str, code: str) -> None:
    with pytest.raises(PhoneRefused) as caught:
        normalise(typed, country)
    assert caught.value.code == code


@given(st.sampled_from(COUNTRIES), st.sampled_from(KINDS), st.sampled_from(COUNTRIES))
def test_what_is_shown_can_be_typed_again(home: str, kind: int, reader: str) -> None:
    number = example(home, kind)
    assert normalise(display(number, reader), reader) == number


def test_what_cannot_be_read_is_shown_as_stored() -> None:
    assert display("", "BE") == ""
    assert display("not a number", "BE") == "not a number"


@given(st.one_of(st.text(), st.text("+0123456789 ()/.-")), st.sampled_from(COUNTRIES))
def test_any_text_is_accepted_or_refused(typed: str, country: str) -> None:
    try:
        assert normalise(typed, country).startswith("+")
    except PhoneRefused as refused:
        assert refused.code


@pytest.mark.parametrize(
    ("typed", "country", "takes"),
    [
        ("0470 12 34 56", "BE", True),
        ("06 12 34 56 78", "NL", True),
        ("06 12 34 56 78", "FR", True),
        ("+1 212 555 2368", "BE", True),  # mobiles and others are numbered alike there
        ("02 555 12 12", "BE", False),
        ("020 123 4567", "NL", False),
        ("0800 12 345", "BE", False),
        ("0900 12 345", "BE", False),
    ],
)
def test_which_numbers_take_text_messages(typed: str, country: str, takes: bool) -> None:
    assert takes_text_messages(normalise(typed, country)) == takes


@pytest.mark.parametrize("country", COUNTRIES)
def test_mobile_numbers_of_every_country_take_them(country: str) -> None:
    assert takes_text_messages(example(country, PhoneNumberType.MOBILE))
