"""The list of known passwords, and that it covers what every policy could accept of the most used."""

from functools import lru_cache

import pytest

from pacs_settings.core.accounts import known_passwords
from pacs_settings.core.accounts.known_passwords import is_listed
from pacs_settings.core.accounts.password_rules import (
    MINIMUM_OF_A_REGION,
    PasswordContext,
    PasswordPolicy,
    PasswordRefused,
    check,
    normalise,
)

ENOUGH = 3000
LONGEST_MINIMUM = 17  # the list has fewer than enough that are longer
NOBODY = PasswordContext()


@lru_cache(maxsize=1)
def listed() -> list[str]:
    """The most used first."""
    return known_passwords.path().read_text("utf-8").splitlines()


def most_used(minimum: int, count: int = ENOUGH) -> list[str]:
    """Those of at least so many characters."""
    long_enough = (text for text in listed() if len(normalise(text)) >= minimum)
    return [text for text, _ in zip(long_enough, range(count), strict=False)]


def accepted(password: str) -> bool:
    """Whether any policy would take it, were it not known."""
    try:
        check(password, password, PasswordPolicy(MINIMUM_OF_A_REGION), NOBODY)
    except PasswordRefused:
        return False
    return True


def test_the_list_is_the_million_most_used_in_order_of_use() -> None:
    assert listed()[:3] == ["123456", "password", "12345678"]
    assert len(set(listed())) == len(listed()) == 999_999


@pytest.mark.asvs("6.2.4", "6.2.12")
def test_the_3000_most_used_that_a_policy_would_accept_are_refused() -> None:
    of_each = [most_used(length) for length in range(MINIMUM_OF_A_REGION, LONGEST_MINIMUM + 1)]
    assert {len(found) for found in of_each} == {ENOUGH}
    assert [text for text in set().union(*of_each) if accepted(text)] == []


@pytest.mark.asvs("6.2.12")
def test_of_those_longer_than_people_use_all_are_refused() -> None:
    longest = most_used(LONGEST_MINIMUM + 1, len(listed()))
    assert 2000 < len(longest) < ENOUGH
    assert [text for text in longest if accepted(text)] == []


@pytest.mark.parametrize("text", ["jennifer", "123qweasdzxc", "polniypizdec0211", "vjht008"])
def test_first_last_and_any_in_between(text: str) -> None:
    assert is_listed(text)


@pytest.mark.parametrize(
    "text", ["", "23qweasdzxc", "password\n12345678", "mauve tricycle", "\ud800", "123456\0"]
)
def test_parts_of_lines_and_what_is_no_line_are_not_listed(text: str) -> None:
    assert not is_listed(text)
