"""One form for what is stored and what is typed."""

import pytest

from pacs_settings.core.search import folding
from pacs_settings.core.search.folding import Asked, fold, read, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Leá", "lea"),
        ("Léa", "lea"),
        ("Le\u0301a", "lea"),
        ("STRASSE Straße", "strasse strasse"),
        ("Øyvind Łukasz Ægir Œuvre Đặng Þór Ħal", "oyvind lukasz aegir oeuvre dang thor hal"),
        ("ﬁlip", "filip"),
        ("İpek Işık", "ipek isik"),
        ("D'Hondt D\u2019Hondt", "dhondt dhondt"),
        ("Ｐｅｅｔｅｒｓ", "peeters"),
        ("١٢٣ １２３", "123 123"),
        ("a\u200bb\u00adc", "abc"),
        ("Ἀθηνᾶ Юрий", "αθηνα юрии"),
    ],
)
def test_case_and_marks_do_not_count(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(folded) == folded


def test_words_are_taken_apart() -> None:
    assert words("Jean-Pierre Van den Berghe") == ["jean", "pierre", "van", "den", "berghe"]
    assert words(" .-_ ") == []


def understood(typed: str, country: str = "BE") -> Asked:
    return read(typed, lambda: country)


@pytest.mark.parametrize(
    "typed", ["12345678901", "1-23456-78-901", "1.23456/78 901", "1–23456–78–901"]
)
def test_a_number_is_one_token(typed: str) -> None:
    assert understood(typed).tokens == ("12345678901",)


def test_a_number_among_names() -> None:
    assert understood("Peeters 1-23456 an").tokens == ("peeters", "123456", "an")
    assert understood("an2").tokens == ("an2",)


@pytest.mark.parametrize(
    "typed", ["0470 12 34 56", "+32 470 12.34.56", "0032470123456", "(0470) 123456"]
)
def test_a_phone_number_is_an_address(typed: str) -> None:
    assert understood(typed).addresses == ("+32470123456",)


def test_a_phone_number_of_another_country() -> None:
    assert understood("06 12345678", "NL").addresses == ("+31612345678",)
    assert understood("06 12345678", "BE").addresses != ("+31612345678",)


def test_part_of_a_phone_number_is_none() -> None:
    assert understood("0470 12 34").addresses == ()
    assert understood("call 0470123456").addresses == ()


def test_an_address_is_nothing_else() -> None:
    assert understood(" An.Peeters@Demo.Example ") == Asked((), ("an.peeters@demo.example",))
    assert understood("an@") == Asked((), ("an@",))


@pytest.mark.parametrize("typed", ["", "  ", "-", "%", "_", "'", "\u0301", "@"])
def test_nothing_is_asked_for_by_nothing(typed: str) -> None:
    assert understood(typed).tokens == ()


def test_no_more_is_looked_at_than_is_sensible() -> None:
    asked = understood(" ".join(f"name{n}x" for n in range(50)) * 100)
    assert len(asked.tokens) == folding.MOST_TOKENS
    assert len(understood("x" * 5000).tokens[0]) == folding.LONGEST_WORD


def test_few_digits_say_nothing() -> None:
    assert not folding.may_match("1234")
    assert folding.may_match("12345")
    assert folding.may_match("d")
