"""Many people sign in: what a click takes meanwhile, and what a sign-in takes beside its bcrypt.

Twenty sign-ins a second are several processors' work of bcrypt. The server checks what its threads
can and tells the rest to try again (503). The cost of a sign-in is taken where nobody is told so:
one at a time, each followed by one check of the same hash in this process.
"""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import bcrypt
from playwright.sync_api import Browser, Page

from bench.browser import Side, opened
from bench.report import Figure, p95
from bench.servers import Served
from bench.sign_ins import BUSY, DONE, Person, enlist, rush, sign_in
from bench.toggle import WARM_UP, click

CLICK_LIMIT, CPU_LIMIT = 3.0, 1.15
A_SECOND, SECONDS = 20, 30
IDLE_CLICKS = 200  # before, and as many after
CLICKS = 10  # between two looks at the clock
ROUNDS, IN_A_ROUND = 6, 8  # one at a time


def measure(browser: Browser, ours: Side, bare: Side) -> list[Figure]:
    """CPU of a sign-in beside bcrypt, and clicks under load beside clicks without."""
    alone = 1 + ROUNDS * IN_A_ROUND
    people, stored = enlist(ours.server, alone + A_SECOND * SECONDS)
    return [
        _cost(ours.server, people[:alone], stored.encode()),
        _clicks(browser, ours, people[alone:]),
    ]


def _cost(server: Served, people: Sequence[Person], stored: bytes) -> Figure:
    _one(server, people[0])  # what is imported and compiled at the first one
    sign_ins, checks = [], []
    for turn in range(ROUNDS):
        before, bare = server.cpu(), 0.0
        for person in people[1 + turn * IN_A_ROUND :][:IN_A_ROUND]:
            _one(server, person)
            bare += _check(stored)
        sign_ins.append((server.cpu() - before) * 1000 / IN_A_ROUND)
        checks.append(bare * 1000 / IN_A_ROUND)
    sides = ("sign-in", "bcrypt")
    return Figure("login_load CPU", "ms", sign_ins, checks, CPU_LIMIT, sides)


def _one(server: Served, person: Person) -> None:
    outcome = sign_in(server, person)
    if outcome != DONE:
        raise RuntimeError(f"a sign-in was not answered as it should be: {outcome}")


def _check(stored: bytes) -> float:
    """Seconds of processor time; a password that does not fit takes as long."""
    start = time.thread_time()
    bcrypt.checkpw(b"x" * 64, stored)
    return time.thread_time() - start


def _clicks(browser: Browser, ours: Side, people: Sequence[Person]) -> Figure:
    page = opened(browser, ours)
    click(page, ours, WARM_UP)
    idle = click(page, ours, IDLE_CLICKS)
    loaded = _under_load(page, ours, people)
    idle += click(page, ours, IDLE_CLICKS)
    page.context.close()
    sides = ("under load", "idle")
    return Figure("login_load click", "ms", loaded, idle, CLICK_LIMIT, sides, p95)


def _under_load(page: Page, ours: Side, people: Sequence[Person]) -> list[float]:
    took: list[float] = []
    before = ours.server.cpu()
    end = time.monotonic() + SECONDS
    with ThreadPoolExecutor(1) as beside:
        outcomes = beside.submit(rush, ours.server, people, A_SECOND)
        while time.monotonic() < end:
            took += click(page, ours, CLICKS)
    _print_outcomes(outcomes.result(), len(took), ours.server.cpu() - before)
    return took


def _print_outcomes(outcomes: "Counter[str]", clicks: int, cpu: float) -> None:
    """Who was let in and who was told to try again; anything else is a fault."""
    done, busy = outcomes.pop(DONE, 0), outcomes.pop(BUSY, 0)
    if outcomes or not done:
        raise RuntimeError(f"sign-ins were not answered as they should be: {dict(outcomes)}")
    print(
        f"{done + busy} sign-ins in {SECONDS} s: {done} answered, {busy} told to try again (503); "
        f"{clicks} clicks meanwhile; {cpu / done * 1000:.0f} ms of CPU for each password checked, "
        f"the clicks and the 503 included",
        flush=True,
    )
