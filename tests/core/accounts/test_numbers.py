"""Physician numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean, luhn

from pacs_settings.core.accounts.numbers import (
    RIZIV_MODULI,
    NumberKind,
    NumberRefused,
    display,
    normalise,
    riziv,
    stable_part,
)

six = st.integers(0, 999_999)
three = st.integers(0, 999)
moduli = st.sampled_from(RIZIV_MODULI)


def digits(length: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=length, max_size=length)


def with_lanr_check(first: str, last: str) -> str:
    total = sum(int(d) * w for d, w in zip(first, (4, 9, 4, 9, 4, 9), strict=True))
    return f"{first}{(10 - total % 10) % 10}{last}"


valid = st.one_of(
    st.tuples(st.just(NumberKind.RIZIV), st.builds(riziv, six, three, moduli)),
    st.tuples(st.just(NumberKind.BIG), digits(11)),
    st.tuples(st.just(NumberKind.RPPS), digits(10).map(lambda d: d + luhn.calc_check_digit(d))),
    st.tuples(st.just(NumberKind.GLN), digits(12).map(lambda d: d + ean.calc_check_digit(d))),
    st.tuples(st.just(NumberKind.LANR), st.builds(with_lanr_check, digits(6), digits(2))),
)


def refusal(kind: NumberKind, typed: str) -> NumberRefused:
    with pytest.raises(NumberRefused) as caught:
        normalise(kind, typed)
    return caught.value


@given(valid)
def test_what_is_shown_can_be_typed_again(number: tuple[NumberKind, str]) -> None:
    kind, value = number
    assert normalise(kind, display(kind, value)) == value
    assert value.startswith(stable_part(kind, value))


@given(six, three, moduli)
def test_either_modulus_is_accepted(n6: int, qualification: int, modulus: int) -> None:
    value = riziv(n6, qualification, modulus)
    assert normalise(NumberKind.RIZIV, value) == value


@given(six, three, moduli, st.integers(6, 7), st.integers(1, 9))
def test_a_changed_check_digit_is_refused(
    n6: int, qualification: int, modulus: int, at: int, change: int
) -> None:
    value = riziv(n6, qualification, modulus)
    changed = value[:at] + str((int(value[at]) + change) % 10) + value[at + 1 :]
    if changed in {riziv(n6, qualification, other) for other in RIZIV_MODULI}:
        assert normalise(NumberKind.RIZIV, changed) == changed
    else:
        assert refusal(NumberKind.RIZIV, changed).code == "check"


@pytest.mark.parametrize(("n6", "modulus", "check"), [(97, 97, "97"), (89, 89, "89")])
def test_no_remainder_gives_the_modulus_itself(n6: int, modulus: int, check: str) -> None:
    assert riziv(n6, 4, modulus) == f"{n6:06d}{check}004"


def test_a_remainder_close_to_the_modulus_gives_a_leading_zero() -> None:
    assert riziv(96, 4)[6:8] == "01"


@pytest.mark.parametrize("wrong", [(1_000_000, 0, 97), (-1, 0, 97), (1, 1000, 97), (1, 1, 96)])
def test_riziv_needs_numbers_that_fit(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="digits"):
        riziv(*wrong)


@pytest.mark.parametrize(
    "typed",
    [
        "1-23456-25-004",
        "1 23456 25 004",
        "1.23456.25.004",
        "1/23456/25/004",
        " 1–23456–25–004 ",
        "12345625004",
        "1\u00a023456\u00a025\u00a0004",
    ],
)
def test_separators_are_ignored(typed: str) -> None:
    assert normalise(NumberKind.RIZIV, typed) == "12345625004"


def test_riziv_is_shown_in_groups() -> None:
    assert display(NumberKind.RIZIV, "12345625004") == "1-23456-25-004"
    assert stable_part(NumberKind.RIZIV, "12345625004") == "12345625"


@pytest.mark.parametrize(
    ("kind", "typed", "code"),
    [
        (NumberKind.RIZIV, "", "length"),
        (NumberKind.RIZIV, "1234562500", "length"),
        (NumberKind.RIZIV, "123456250040", "length"),
        (NumberKind.RIZIV, "1234562500a", "digits"),
        (NumberKind.RIZIV, "1234562500²³", "length"),
        (NumberKind.RIZIV, "١٢٣٤٥٦٢٥٠٠٤", "digits"),
        (NumberKind.RIZIV, "12345628004", "check"),
        (NumberKind.RPPS, "12345678901", "check"),
        (NumberKind.GLN, "7601234567891", "check"),
        (NumberKind.GLN, "12345670", "length"),
        (NumberKind.LANR, "123456001", "check"),
        (NumberKind.BIG, "1234567890", "length"),
    ],
)
def test_refusals_say_why(kind: NumberKind, typed: str, code: str) -> None:
    refused = refusal(kind, typed)
    assert (refused.kind, refused.code) == (kind, code)


def test_a_refusal_does_not_carry_the_number_into_logs() -> None:
    assert "12345628004" not in str(refusal(NumberKind.RIZIV, "12345628004"))


def test_full_width_digits_are_digits() -> None:
    full_width = "".join(chr(ord(d) + 0xFEE0) for d in "12345625004")
    assert normalise(NumberKind.RIZIV, full_width) == "12345625004"


@given(st.sampled_from(NumberKind), st.text())
def test_any_text_is_accepted_or_refused(kind: NumberKind, typed: str) -> None:
    try:
        assert normalise(kind, typed).isdigit()
    except NumberRefused as refused:
        assert refused.code in {"length", "digits", "check"}
