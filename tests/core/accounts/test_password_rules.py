"""Password rules."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacs_settings.core.accounts.password_rules import (
    PasswordContext,
    PasswordPolicy,
    PasswordRefused,
    check,
    normalise,
    policy,
    strength,
)

POLICY = PasswordPolicy(12)
AN = PasswordContext(("An", "Peeters", "an.peeters@demo.example"))
GOOD = "mauve tricycle on the quay"


def refusal(password: str, again: str | None = None, **others: object) -> PasswordRefused:
    arguments = {"policy": POLICY, "context": AN, **others}
    with pytest.raises(PasswordRefused) as caught:
        check(password, password if again is None else again, **arguments)
    return caught.value


def accept(password: str, minimum: int = 12) -> None:
    check(password, password, PasswordPolicy(minimum), AN)


@pytest.mark.asvs("6.2.1")
@pytest.mark.parametrize(
    ("has_second_factor", "mandatory", "asked", "minimum"),
    [
        (False, False, None, 15),
        (True, False, None, 12),
        (False, True, None, 15),
        (True, True, None, 12),
        (True, True, 8, 8),
        (False, True, 8, 8),
        (True, True, 4, 8),
        (True, True, 0, 8),
        (True, True, 20, 20),
        (False, False, 8, 15),
        (True, False, 8, 12),
    ],
)
def test_policy(has_second_factor: bool, mandatory: bool, asked: int | None, minimum: int) -> None:
    assert policy(has_second_factor, mandatory, asked) == PasswordPolicy(minimum, 256)


@pytest.mark.asvs("6.2.5")
@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "Zeven fietsen, één brug",
        "correct-peeters-tricycle",
        "vXq9#mK2$pL7",
        " leading and trailing ",
        "пароль для врача и моря",
        "🐎🔋📎✂️🌊🎈🧊🪁🧭🪴🫖🧵",
    ],
)
def test_accepted(password: str) -> None:
    accept(password)


@pytest.mark.asvs("6.2.11", "6.2.12")
@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "too_short"),
        ("x7#Kq2!vB9z", "too_short"),
        ("aaaaaaaaaaaaaaaa", "repeats"),
        ("abcabcabcabcabc", "repeats"),
        ("AbcaBcabCabcab", "repeats"),
        ("🐎🐎🐎🐎🐎🐎🐎🐎🐎🐎🐎🐎", "repeats"),
        ("123456789012345", "repeats"),
        ("abcdefghijklmnop", "repeats"),
        ("ponmlkjihgfedcba", "repeats"),
        ("aaaabbbbccccdddd", "repeats"),
        ("qwertyuiopasdfgh", "repeats"),
        ("azertyuiopqsdfgh", "repeats"),
        ("an.peeters@demo.example", "context"),
        ("Peeters-Peeters-2026", "context"),
        ("PéétersRadiology1", "context"),
        ("p-e-e-t-e-r-s-1234", "context"),
        ("radiology-demo-2026", "context"),
        ("PACSonWEB-settings!", "context"),
        ("password12345678", "known"),
        ("Password!2026!2026", "known"),
        ("iloveyou___________7", "known"),
    ],
)
def test_refusals_say_why(password: str, code: str) -> None:
    assert refusal(password).code == code


@pytest.mark.asvs("6.2.12")
def test_known_as_it_stands() -> None:
    assert refusal("trustno1", policy=PasswordPolicy(8)).code == "known"


def test_names_of_others_are_no_context() -> None:
    check("peeters-and-2026", "peeters-and-2026", POLICY, PasswordContext())


@pytest.mark.asvs("6.2.1")
@pytest.mark.parametrize("minimum", [8, 12, 15])
def test_the_shortest(minimum: int) -> None:
    text = "vXq9#mK2$pL7wRt"
    accept(text[:minimum], minimum)
    refused = refusal(text[: minimum - 1], policy=PasswordPolicy(minimum))
    assert (refused.code, refused.minimum) == ("too_short", minimum)


@pytest.mark.asvs("6.2.9")
def test_the_longest() -> None:
    text = (GOOD * 10)[:257]
    accept(text[:256])
    refused = refusal(text)
    assert (refused.code, refused.maximum) == ("too_long", 256)
    assert refusal(GOOD * 100_000).code == "too_long"


def test_every_character_counts() -> None:
    text = (GOOD * 10)[:255]
    assert refusal(text + "a", again=text + "b").code == "mismatch"


def test_length_is_counted_after_composing() -> None:
    decomposed = "e\u0301" + "vXq9#mK2$pL"
    assert len(decomposed) == 13
    assert len(normalise(decomposed)) == 12
    accept(decomposed)
    assert refusal(decomposed, policy=PasswordPolicy(13)).code == "too_short"


def test_two_ways_to_type_the_same() -> None:
    check("\u00e9 " + GOOD, "e\u0301 " + GOOD, POLICY, AN)
    assert refusal("\u00e9 " + GOOD, old="e\u0301 " + GOOD).code == "same_as_old"


def test_typed_differently() -> None:
    assert refusal(GOOD, again=GOOD.upper()).code == "mismatch"


def test_a_refusal_does_not_carry_the_password_into_logs() -> None:
    assert "password" not in str(refusal("password12345678"))


texts = st.one_of(
    st.text(max_size=300),
    st.text(min_size=8, max_size=20),
    st.text("aAb1!\u0301\u0130\u00df", min_size=8),
)


@given(texts, texts, st.lists(st.text(), max_size=4), st.text(max_size=20))
def test_any_text_is_accepted_or_refused(
    password: str, again: str, words: list[str], old: str
) -> None:
    for second in (password, again):
        try:
            check(password, second, PasswordPolicy(8), PasswordContext(tuple(words)), old)
        except PasswordRefused as refused:
            assert refused.code


@settings(deadline=None)
@given(st.text(max_size=300), st.lists(st.text(), max_size=4))
def test_any_text_has_a_strength(password: str, words: list[str]) -> None:
    assert strength(password, PasswordContext(tuple(words))) in range(5)


def test_strength_grows() -> None:
    assert strength("", AN) == 0
    assert strength("password", AN) == 0
    assert strength("peeters", AN) == 0
    assert strength(GOOD, AN) == 4
    assert strength("vXq9#mK2$pL7", AN) == 4


@pytest.mark.parametrize(
    "piece",
    [
        "48@({[<3691!|7105$+%2",
        "1!|7+({[<@4",
        "7|1!17|1147!@7|1",
        "a" * 36 + "48@({[<3691!|7105$+%2",
        "I",
        "\u0130",
        "()",
        "01",
        "password",
        "1/1/1999",
        "\ufdfa",
    ],
)
def test_strength_is_bounded_in_time(piece: str) -> None:
    strength("warm up", AN)
    assert min(_seconds((piece * 256)[:256]) for _ in range(3)) < 1


def _seconds(password: str) -> float:
    start = time.process_time()
    strength(password, AN)
    return time.process_time() - start
