"""Password hashes."""

import asyncio
import os
import sys
import threading
import unicodedata

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacs_settings.core.accounts import passwords
from pacs_settings.core.accounts.passwords import LONGEST, Busy, HashPool, hash_password, verify
from tests.conftest import in_a_loop

LONG = "a" * 72 + "b"


@pytest.mark.asvs("6.2.8")
@pytest.mark.parametrize(
    ("password", "near"),
    [
        (LONG, "a" * 72 + "c"),  # bcrypt alone reads 72 bytes
        (LONG, "a" * 72),
        ("é" * 40, "é" * 36 + "aaaa"),  # 72 bytes in 36 characters
        ("before\0after", "before\0other"),  # bcrypt alone stops at NUL
        ("before\0after", "before"),
        ("x" * 255 + "y", "x" * 255 + "z"),
        (" spaces count ", "spaces count"),
        ("Case counts", "case counts"),
    ],
)
def test_nothing_of_a_password_is_cut(password: str, near: str) -> None:
    stored = hash_password(password)
    assert verify(password, stored)
    assert not verify(near, stored)


@pytest.mark.parametrize(
    "password", ["le\u0301a du bois", "\uff41\uff42\uff43 full width", "\ufb01ne ligature"]
)
def test_the_same_characters_typed_in_another_way_fit(password: str) -> None:
    composed = unicodedata.normalize("NFKC", password)
    assert composed != password
    assert verify(composed, hash_password(password))
    assert verify(password, hash_password(composed))


@pytest.mark.asvs("6.2.8")
def test_what_is_too_long_to_be_read_is_refused_rather_than_cut() -> None:
    longest = "x" * LONGEST
    assert not verify(longest + "y", hash_password(longest))
    with pytest.raises(ValueError):
        hash_password(longest + "y")


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=300))
def test_any_password_fits_its_own_hash(password: str) -> None:
    assert verify(password, hash_password(password))
    assert not verify(password + "x", hash_password(password))


def test_hashes_are_salted_and_hold_the_cost() -> None:
    one, other = hash_password("the same"), hash_password("the same")
    assert one != other
    assert one.startswith("$2b$04$")
    assert len(one) <= 100


def test_nobody_has_no_password(hashes: list[str]) -> None:
    assert not verify("the password of nobody", None)
    assert not verify("", None)
    assert hashes == ["check", "check"]


@pytest.mark.skipif(sys.platform != "linux", reason="niceness is that of a whole process")
def test_hashing_steps_back_and_nothing_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = hash_password("the password")
    seen: list[int] = []
    check = bcrypt.checkpw

    def checkpw(password: bytes, hashed: bytes) -> bool:
        seen.append(niceness())
        return check(password, hashed)

    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    async def scenario() -> tuple[bool, int]:
        pool = HashPool(threads=1)
        return await pool.run(verify, "the password", stored), await pool.run(niceness)

    monkeypatch.setattr(bcrypt, "checkpw", checkpw)
    before = niceness()
    assert in_a_loop(scenario()) == (True, before)
    assert seen == [min(before + passwords.STEP_BACK, 19)]
    assert niceness() == before


def test_a_full_queue_refuses_at_once_and_recovers() -> None:
    go = threading.Event()
    pool = HashPool(threads=1, queue=2)

    async def scenario() -> None:
        waiting = [asyncio.create_task(pool.run(go.wait, 30)) for _ in range(3)]
        await asyncio.sleep(0)  # lets the three take their places
        with pytest.raises(Busy):
            await pool.run(lambda: True)
        go.set()
        assert await asyncio.gather(*waiting) == [True] * 3
        assert await pool.run(lambda: "again") == "again"

    in_a_loop(scenario())


def test_work_that_nobody_waits_for_keeps_its_place_until_it_ends() -> None:
    go = threading.Event()
    pool = HashPool(threads=1, queue=0)

    async def scenario() -> None:
        task = asyncio.create_task(pool.run(go.wait, 30))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(Busy):
            await pool.run(lambda: True)
        go.set()

    in_a_loop(scenario())


def test_work_that_fails_gives_its_place_back() -> None:
    pool = HashPool(threads=1, queue=0)

    async def scenario() -> None:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await pool.run(lambda: 1 // 0)

    in_a_loop(scenario())


def test_work_runs_beside_the_loop() -> None:
    async def scenario() -> str:
        return await passwords.pool().run(lambda: threading.current_thread().name)

    assert in_a_loop(scenario()).startswith("passwords")
