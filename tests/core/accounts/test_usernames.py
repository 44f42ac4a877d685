"""Usernames."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacs_settings.core.accounts.usernames import (
    MAXIMUM,
    UsernameRefused,
    domain_of,
    key,
    normalise,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("An.Peeters@Demo.example", "an.peeters@demo.example"),
        (" an.peeters@demo.example\n", "an.peeters@demo.example"),
        ("stra\u00dfe@demo.example", "STRASSE@demo.example"),
        ("le\u0301a@demo.example", "l\u00e9a@demo.example"),
        ("\uff41n@demo.example", "an@demo.example"),
        ("an\uff20demo.example", "an@demo.example"),
    ],
)
def test_alike(one: str, other: str) -> None:
    assert key(one) == key(other)


@given(st.text())
def test_a_key_is_its_own_key(username: str) -> None:
    assert key(key(username)) == key(username)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("An.Peeters@demo.example", "An.Peeters@demo.example"),
        ("  an@uz-demo.example ", "an@uz-demo.example"),
        ("an+pacs@mail.demo.example", "an+pacs@mail.demo.example"),
        ("o'neill@demo.example", "o'neill@demo.example"),
        ("l\u00e9a@h\u00f4pital.example", "l\u00e9a@h\u00f4pital.example"),
    ],
)
def test_addresses_keep_their_case(typed: str, stored: str) -> None:
    assert normalise(typed) == stored


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "shape"),
        ("an", "shape"),
        ("an@", "shape"),
        ("@demo.example", "shape"),
        ("an@demo", "shape"),
        ("an@demo..example", "shape"),
        ("an@demo.example.", "shape"),
        ("an@peeters@demo.example", "shape"),
        ("an@demo.example,jan@demo.example", "shape"),
        ("An <an@demo.example>", "characters"),
        ("<an@demo.example>", "shape"),
        ("an peeters@demo.example", "characters"),
        ("an@demo.example\r\nBcc: all@demo.example", "characters"),
        ("an\u0000@demo.example", "characters"),
        ("a\u200bn@demo.example", "characters"),
        ("a\u202en@demo.example", "characters"),
        ("a\u2066n@demo.example", "characters"),
        ("a\u00adn@demo.example", "characters"),
        ("a\ufe0fn@demo.example", "characters"),
        ("a\u3164n@demo.example", "characters"),
        ("a" * 65 + "@demo.example", "shape"),
        ("a@" + "d" * MAXIMUM + ".example", "too_long"),
        ("a" * 100_000, "too_long"),
    ],
)
def test_refusals_say_why(typed: str, code: str) -> None:
    with pytest.raises(UsernameRefused) as caught:
        normalise(typed)
    assert caught.value.code == code


def test_the_longest_address_is_accepted() -> None:
    address = "a" * 64 + "@" + "d" * (MAXIMUM - 64 - 1 - len(".example")) + ".example"
    assert len(address) == MAXIMUM
    assert normalise(address) == address


def test_domain() -> None:
    assert domain_of("Lea.Dubois@UZ-Demo.example") == "uz-demo.example"
    assert domain_of("no address") == ""


@given(st.text())
def test_any_text_is_accepted_or_refused(typed: str) -> None:
    try:
        assert domain_of(normalise(typed))
    except UsernameRefused as refused:
        assert refused.code in {"too_long", "characters", "shape"}
