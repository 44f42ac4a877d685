"""Password hashes: bcrypt over a pre-hash, in a small pool with a bounded queue."""

import asyncio
import base64
import hashlib
import hmac
import os
import sys
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

import bcrypt

from pacs_settings.config import config

QUEUE = 64
STEP_BACK = 10  # of niceness: whoever is signed in already goes first
LONGEST = 1024  # characters; more than the rules ever accept is not worth a hash
T = TypeVar("T")


class Busy(Exception):
    """More passwords are waiting to be checked than the queue holds."""


def _prehash(password: str) -> bytes:
    # bcrypt reads 72 bytes and stops at NUL: 48 bytes of HMAC in base64 are 64 without NUL.
    text = unicodedata.normalize("NFKC", password[:LONGEST]).encode("utf-8", "surrogatepass")
    digest = hmac.digest(b"pacs_settings:password", text, hashlib.sha384)
    return base64.b64encode(digest)


def hash_password(password: str) -> str:
    """The bcrypt hash to store; takes about a quarter of a second at cost 12.

    Raises ValueError for more characters than are read, so that nothing is ever cut unnoticed.
    """
    if len(password) > LONGEST:
        raise ValueError("longer than any password that is accepted")
    salt = bcrypt.gensalt(config().bcrypt_cost)
    return _apart(bcrypt.hashpw, _prehash(password), salt).decode()


@lru_cache(maxsize=1)
def _nobody() -> str:
    return hash_password("the password of nobody")


def verify(password: str, stored: str | None) -> bool:
    """Whether the password fits; without a stored hash it costs the same and is false."""
    fits = _apart(bcrypt.checkpw, _prehash(password), (stored or _nobody()).encode())
    return fits and stored is not None and len(password) <= LONGEST


def _apart(work: Callable[..., T], *args: bytes) -> T:
    # Nothing but bcrypt runs in these threads: what waits for a processor shall not hold what
    # others wait for, such as the database.
    return _hashers().submit(work, *args).result()


@lru_cache(maxsize=1)
def _hashers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_threads(), thread_name_prefix="bcrypt", initializer=_step_back)


def _step_back() -> None:
    if sys.platform == "linux":  # elsewhere this would be the niceness of the whole process
        thread = threading.get_native_id()
        niceness = os.getpriority(os.PRIO_PROCESS, thread) + STEP_BACK
        os.setpriority(os.PRIO_PROCESS, thread, niceness)


def _threads() -> int:
    """Processors less one, at least one."""
    return config().hash_threads or max(1, (os.cpu_count() or 2) - 1)


class HashPool:
    """Runs work that hashes passwords on few threads, and refuses a surplus."""

    def __init__(self, threads: int, queue: int = QUEUE) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._places = threading.BoundedSemaphore(threads + queue)

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Wait for `work(*args)`; raises Busy at once when the queue is full."""
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            future = self._pool.submit(work, *args)
        except BaseException:
            self._places.release()
            raise
        # Released when the work ends, not when the asker stops waiting.
        future.add_done_callback(lambda _done: self._places.release())
        return await asyncio.wrap_future(future)


@lru_cache(maxsize=1)
def pool() -> HashPool:
    """The pool of this process."""
    return HashPool(_threads())


def warm_up() -> None:
    """Prepare the hash of nobody, so that the first unknown address costs no more than others."""
    _nobody()
