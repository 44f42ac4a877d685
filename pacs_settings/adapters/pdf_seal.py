"""Seals PDFs of reports with the organisation's certificate (PAdES, ETSI EN 319 142-1).

Baseline level B-B; B-T where a timestamp authority is configured. The seal certifies the file: any
later change, an appended one too, is one that it does not allow.
"""

import asyncio
import io
import os
import secrets
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import httpx
from asn1crypto import keys, pem, tsp
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from pacs_settings.config import config
from pacs_settings.core.clock import now
from pacs_settings.core.ports import Away

FIELD = "Seal"
SELF_MADE = "demo-seal.pem"  # in the data folder
VALID = timedelta(days=3650)  # of the one made for a demo
TIMESTAMP_WAIT = 10.0  # seconds for a timestamp
LARGEST_TIMESTAMP = 64 * 1024  # bytes


class NoCertificate(ValueError):
    """There is nothing to seal with; says what to configure."""


def seal(pdf: bytes) -> bytes:
    """The PDF with an invisible seal; raises NoCertificate, Away (no timestamp)."""
    signer = _signer(config().seal_certificate, config().data_dir)
    authority = config().seal_timestamp_url
    meta = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        name=signer.subject_name,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    sealed = sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf)),
        meta,
        signer,
        timestamper=_Timestamps(authority) if authority else None,
    )
    return bytes(sealed.getvalue())


def certificates() -> list[Certificate]:
    """The certificate that seals now, and those of PACS_SEAL_FORMER; raises NoCertificate."""
    found = [_signer(config().seal_certificate, config().data_dir).signing_cert]
    if config().seal_former:
        raw = _read(Path(config().seal_former))
        found += [Certificate.load(der) for _, _, der in pem.unarmor(raw, multiple=True)]
    return found


@lru_cache(maxsize=2)
def _signer(configured: str, folder: Path) -> SimpleSigner:
    if configured:
        return _loaded(Path(configured), _passphrase())
    if not config().demo:
        raise NoCertificate("PACS_SEAL_CERTIFICATE is not given")
    return _loaded(_self_made(folder / SELF_MADE), None)


def _passphrase() -> bytes | None:
    if config().seal_passphrase_file:
        return _read(Path(config().seal_passphrase_file)).rstrip(b"\r\n")
    return config().seal_passphrase.encode() or None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failure:
        raise NoCertificate(f"{path.name}: {failure.strerror}") from None


def _loaded(path: Path, passphrase: bytes | None) -> SimpleSigner:
    """Of a PKCS#12 file, or a PEM file of key, certificate and those above it."""
    raw = _read(path)
    try:
        return (
            _of_pem(raw, passphrase) if raw.lstrip()[:5] == b"-----" else _of_p12(raw, passphrase)
        )
    except (ValueError, TypeError, StopIteration):
        # Whatever is wrong with it, the sentence names neither key nor passphrase.
        raise NoCertificate(f"{path.name} or its passphrase cannot be used") from None


def _of_pem(raw: bytes, passphrase: bytes | None) -> SimpleSigner:
    key = serialization.load_pem_private_key(raw, passphrase)
    return _made(key, x509.load_pem_x509_certificates(raw))


def _of_p12(raw: bytes, passphrase: bytes | None) -> SimpleSigner:
    key, certificate, others = pkcs12.load_key_and_certificates(raw, passphrase)
    if certificate is None:
        raise ValueError
    return _made(key, [certificate, *others])


def _made(key: object, chain: list[x509.Certificate]) -> SimpleSigner:
    own, *above = [Certificate.load(one.public_bytes(serialization.Encoding.DER)) for one in chain]
    store = SimpleCertificateStore()
    store.register_multiple(above)
    der = key.private_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    private = keys.PrivateKeyInfo.load(der)
    return SimpleSigner(own, private, store, embed_roots=False)


def _self_made(path: Path) -> Path:
    """The certificate of a demo, made once whoever comes first."""
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(_for_a_demo())
    try:
        os.link(draft, path)  # in one step, and not over the one of another process
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path


_OTHER_USES = (
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _for_a_demo() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "PACS settings"),
            x509.NameAttribute(NameOID.COMMON_NAME, "PACS settings, demonstration only"),
        ]
    )
    usage = dict.fromkeys(_OTHER_USES, False)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(minutes=5))
        .not_valid_after(now() + VALID)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), critical=True
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + made.public_bytes(serialization.Encoding.PEM)


class _Timestamps(TimeStamper):
    """A timestamp authority (RFC 3161), asked within bounds."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """What it answers; raises Away."""
        headers = {"Content-Type": "application/timestamp-query"}
        limit = httpx.Timeout(TIMESTAMP_WAIT)
        try:
            async with httpx.AsyncClient(timeout=limit, trust_env=False) as client:
                answer = await _bounded(client, self._url, req.dump(), headers)
            return tsp.TimeStampResp.load(answer)
        except (httpx.HTTPError, TimeoutError, ValueError) as failure:
            raise Away(f"no timestamp ({type(failure).__name__})") from None


async def _bounded(
    client: httpx.AsyncClient, url: str, body: bytes, headers: dict[str, str]
) -> bytes:
    answer = bytearray()
    async with (
        asyncio.timeout(TIMESTAMP_WAIT),
        client.stream("POST", url, content=body, headers=headers) as response,
    ):
        response.raise_for_status()
        async for part in response.aiter_raw():
            answer += part
            if len(answer) > LARGEST_TIMESTAMP:
                raise ValueError("too long")
    return bytes(answer)
