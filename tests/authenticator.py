"""A passkey in software, built by hand from WebAuthn Level 3: ES256, attestation `none`."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ORIGIN, RP_ID = "http://localhost:3000", "localhost"  # where the product is served in development
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40  # flags of authenticator data (6.1)


def base64url(data: bytes) -> str:
    """Base64url without padding, as browsers write it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def cbor(value: Any) -> bytes:
    """CBOR (RFC 8949) of what an authenticator sends: integers, bytes, texts, lists and maps."""
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(cbor(one) for one in value)
    pairs = (cbor(key) + cbor(one) for key, one in value.items())
    return _head(5, len(value)) + b"".join(pairs)


def _head(kind: int, count: int) -> bytes:
    for size, code in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if count < 24:
            return bytes([kind << 5 | count])
        if count < 256**size:
            return bytes([kind << 5 | code]) + count.to_bytes(size, "big")
    raise ValueError("too large")


@dataclass
class Browser:
    """What the browser between page and authenticator says; each may be a lie."""

    origin: str = ORIGIN
    rp_id: str = RP_ID
    challenge: str = ""  # the one of the options, unless told otherwise
    ceremony: str = ""  # webauthn.create or webauthn.get, unless told otherwise
    cross_origin: bool = False
    more: dict[str, Any] = field(default_factory=dict)

    def client_data(self, ceremony: str, challenge: str) -> bytes:
        """Client data as JSON (5.8.1)."""
        told = {
            "type": self.ceremony or ceremony,
            "challenge": self.challenge or challenge,
            "origin": self.origin,
            "crossOrigin": self.cross_origin,
        }
        return json.dumps(told | self.more).encode()


class Authenticator:
    """One passkey; `flags` and `count` are what it claims, and may be lies too."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.identifier = secrets.token_bytes(32)
        self.flags = PRESENT | VERIFIED
        self.count = 0

    def create(self, options: dict[str, Any], browser: Browser | None = None) -> str:
        """Answer the options of a registration, as a page posts it."""
        browser = browser or Browser()
        client = browser.client_data("webauthn.create", options["challenge"])
        attested = bytes(16) + len(self.identifier).to_bytes(2, "big") + self.identifier
        data = self._data(browser.rp_id, ATTESTED) + attested + cbor(self._public_key())
        attestation = {"fmt": "none", "attStmt": {}, "authData": data}
        response = {
            "clientDataJSON": base64url(client),
            "attestationObject": base64url(cbor(attestation)),
            "transports": ["internal"],
        }
        return self._answer(response)

    def sign(self, options: dict[str, Any], browser: Browser | None = None) -> str:
        """Answer a challenge, as a page posts it."""
        browser = browser or Browser()
        client = browser.client_data("webauthn.get", options["challenge"])
        self.count += 1
        data = self._data(browser.rp_id)
        signed = data + hashlib.sha256(client).digest()
        response = {
            "clientDataJSON": base64url(client),
            "authenticatorData": base64url(data),
            "signature": base64url(self.key.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": None,
        }
        return self._answer(response)

    def _answer(self, response: dict[str, Any]) -> str:
        name = base64url(self.identifier)
        answer = {"id": name, "rawId": name, "type": "public-key", "response": response}
        return json.dumps(answer | {"clientExtensionResults": {}})

    def _data(self, rp_id: str, more: int = 0) -> bytes:
        """Authenticator data up to the counter (6.1)."""
        relying_party = hashlib.sha256(rp_id.encode()).digest()
        return relying_party + bytes([self.flags | more]) + self.count.to_bytes(4, "big")

    def _public_key(self) -> dict[int, Any]:
        """A COSE key (RFC 9053, 7.1): EC2, ES256, P-256."""
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        return {1: 2, 3: -7, -1: 1, -2: x, -3: y}


def altered(answer: str, path: str, value: Any) -> str:
    """An answer with another value, as in `altered(answer, "response.signature", "")`."""
    told = json.loads(answer)
    *outer, last = path.split(".")
    place = told
    for name in outer:
        place = place[name]
    place[last] = value
    return json.dumps(told)
