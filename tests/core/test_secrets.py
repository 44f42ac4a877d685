"""Secrets at rest and tokens."""

import ast
import random
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyotp
import pytest

import pacs_settings
from pacs_settings.config import config
from pacs_settings.core import secrets
from pacs_settings.core.secrets import (
    NotSealedHere,
    fingerprint,
    new_digits,
    new_id,
    new_token,
    seal,
    unseal,
)


@pytest.fixture
def another_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """From here on, a different PACS_SECRET_KEY."""

    def forget() -> None:
        config.cache_clear()
        secrets._key.cache_clear()
        secrets._box.cache_clear()

    yield lambda: (monkeypatch.setenv("PACS_SECRET_KEY", "quite another key"), forget())
    monkeypatch.undo()
    forget()


@pytest.mark.parametrize("text", ["", "JBSWY3DPEHPK3PXP", "é\0\n€" * 50])
def test_what_was_sealed_comes_back(text: str) -> None:
    sealed = seal("totp", text)
    assert unseal("totp", sealed) == text
    assert not text or text not in sealed


def test_what_is_sealed_for_one_purpose_is_not_opened_for_another() -> None:
    with pytest.raises(NotSealedHere):
        unseal("directory", seal("totp", "secret"))


def test_with_another_key_nothing_opens(another_key) -> None:
    sealed = seal("totp", "secret")
    another_key()
    with pytest.raises(NotSealedHere):
        unseal("totp", sealed)


def test_what_was_changed_does_not_open() -> None:
    sealed = seal("totp", "secret")
    for place in (0, 20, len(sealed) // 2):
        other = "A" if sealed[place] != "A" else "B"
        with pytest.raises(NotSealedHere):
            unseal("totp", sealed[:place] + other + sealed[place + 1 :])
    with pytest.raises(NotSealedHere):
        unseal("totp", "")


def test_the_same_text_is_never_sealed_alike() -> None:
    assert seal("totp", "secret") != seal("totp", "secret")


@pytest.mark.asvs("7.2.2", "7.2.3")
def test_tokens_are_long_and_never_alike() -> None:
    assert len({new_token() for _ in range(100)} | {new_id() for _ in range(100)}) == 200
    assert len(new_token()) >= 43  # 256 bits
    assert len(new_id()) >= 16  # 96 bits
    assert "." not in new_token() + new_id()


@pytest.mark.asvs("6.5.3", "7.2.3")
def test_whoever_knows_the_state_of_a_plain_generator_predicts_nothing() -> None:
    makers = (new_token, new_id, partial(new_digits, 20), pyotp.random_base32)
    for make in makers:
        made = []
        for _ in range(2):
            random.seed(20)
            made.append(make())
        assert made[0] != made[1]


@pytest.mark.asvs("6.5.3", "7.2.3")
def test_no_plain_generator_is_used() -> None:
    for path in Path(pacs_settings.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in getattr(node, "names", []) if hasattr(alias, "name")]
            imported = {*names, getattr(node, "module", None)}
            assert not imported & {"random", "numpy.random", "uuid1"}, path


@pytest.mark.asvs("6.5.4")
def test_digits_are_six_and_all_values_are_as_likely() -> None:
    found = [new_digits() for _ in range(2000)]
    assert all(re.fullmatch("[0-9]{6}", digits) for digits in found)
    assert len(set(found)) > 1980  # of a million: more than a few alike would be no chance
    for place in range(6):
        assert {digits[place] for digits in found} == set("0123456789")


def test_a_fingerprint_is_sha_256() -> None:
    assert fingerprint("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("", "a"), ("é", "e"), ("aa", "a")])
def test_alike_is_only_what_is_the_same(one: str, other: str) -> None:
    assert secrets.same(one, one)
    assert not secrets.same(one, other)


def test_the_key_is_not_shown_with_the_configuration() -> None:
    assert config().secret_key not in repr(config())
