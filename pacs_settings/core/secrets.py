"""Secrets: sealed at rest with keys derived from `PACS_SECRET_KEY`, tokens kept only as hashes."""

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pacs_settings.config import config


class NotSealedHere(ValueError):
    """The sealed text was not made with this key and purpose, or was changed."""


@lru_cache(maxsize=32)
def _key(purpose: str) -> bytes:
    info = f"pacs_settings:{purpose}".encode()
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=info)
    return derive.derive(config().secret_key.encode())


@lru_cache(maxsize=16)
def _box(purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_key(purpose)))


def seal(purpose: str, text: str) -> str:
    """Encrypt and authenticate `text` for one purpose (Fernet: AES-128-CBC and HMAC-SHA-256)."""
    return _box(purpose).encrypt(text.encode()).decode()


def unseal(purpose: str, sealed: str) -> str:
    """The text that `seal` was given; raises NotSealedHere."""
    try:
        return _box(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as wrong:
        raise NotSealedHere(purpose) from wrong


def new_token() -> str:
    """A random token of 256 bits, safe in a cookie or an address."""
    return secrets.token_urlsafe(32)


def new_id() -> str:
    """A random public identifier of 96 bits."""
    return secrets.token_urlsafe(12)


def fingerprint(token: str) -> str:
    """SHA-256 in hex: what is stored of a random token (256 bits need no slow hash)."""
    return hashlib.sha256(_bytes(token)).hexdigest()


def mark(purpose: str, *parts: object) -> str:
    """HMAC-SHA-256 in hex under a key of its own: what is stored of a secret short enough to guess.

    Whoever has the database alone cannot try all codes against it.
    """
    text = "\0".join(str(part) for part in parts)
    return hmac.digest(_key(f"mark:{purpose}"), _bytes(text), hashlib.sha256).hex()


def _bytes(text: str) -> bytes:
    # What a browser sends may hold half of a character; it fits nothing, and breaks nothing.
    return text.encode("utf-8", "surrogatepass")


def new_digits(count: int = 6) -> str:
    """Random decimal digits, all values equally likely."""
    return f"{secrets.randbelow(10**count):0{count}}"


def same(one: str, other: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
