"""Says of a PDF whether its seal holds: by whom, when, and whether anything has changed since.

Stricter than a signature's own rules: not one byte of the file may be other than what was sealed,
those included that no hash covers (the filling behind the seal, the envelope around it).
"""

import io
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from asn1crypto import cms
from asn1crypto.x509 import Certificate
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko_certvalidator import ValidationContext


class Seal(StrEnum):
    """What is found."""

    INTACT = "intact"
    CHANGED = "changed"
    ADDED = "added"
    STRANGER = "stranger"
    NONE = "none"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Finding:
    """What is found, by whom and when it was sealed where that can be said."""

    seal: Seal
    by: str = ""
    at: datetime | None = None
    timestamped: bool = False


def check(pdf: bytes, ours: list[Certificate]) -> Finding:
    """Look at the seal of a PDF; `ours` are the certificates that it may be sealed with."""
    try:
        found = PdfFileReader(io.BytesIO(pdf), strict=False).embedded_signatures
    except Exception:  # whatever a damaged file makes a reader stumble over
        return Finding(Seal.UNREADABLE)
    if not found:
        return Finding(Seal.NONE)
    try:
        return _checked(pdf, found, ours)
    except Exception:  # as above: it is no seal of ours, whatever it stumbles over
        return Finding(Seal.CHANGED)


def _checked(pdf: bytes, found: list[EmbeddedPdfSignature], ours: list[Certificate]) -> Finding:
    embedded = found[0]
    certificate = embedded.signer_cert
    moment = embedded.self_reported_timestamp
    context = ValidationContext(trust_roots=[certificate], moment=moment, allow_fetching=False)
    status = validate_pdf_signature(embedded, context, skip_diff=True)
    by = str(certificate.subject.native.get("common_name", certificate.subject.human_friendly))
    timestamp = status.timestamp_validity
    at = timestamp.timestamp if timestamp and timestamp.intact and timestamp.valid else moment
    said = (by, at, at is not moment)
    if not (status.intact and status.valid):
        return Finding(Seal.CHANGED, *said)
    if timestamp and not (timestamp.intact and timestamp.valid):
        return Finding(Seal.CHANGED, *said)
    if len(found) > 1 or embedded.byte_range[2] + embedded.byte_range[3] < len(pdf):
        return Finding(Seal.ADDED, *said)
    if not _exact(pdf, embedded):
        return Finding(Seal.CHANGED, *said)
    if certificate.sha256 not in {one.sha256 for one in ours}:
        return Finding(Seal.STRANGER, *said)
    return Finding(Seal.INTACT, *said)


def _exact(pdf: bytes, embedded: EmbeddedPdfSignature) -> bool:
    """Whether also what no hash covers is as it was written."""
    start, first, second, rest = embedded.byte_range
    content = cms.ContentInfo.load(bytes(embedded.pkcs7_content))
    envelope = content.dump()
    gap = pdf[first:second]
    filling = len(gap) - 2 - 2 * len(envelope)
    written = b"<" + envelope.hex().upper().encode() + b"0" * filling + b">"
    whole = start == 0 and second + rest == len(pdf) and filling >= 0
    return whole and gap == written and _plain(content)


def _plain(content: cms.ContentInfo) -> bool:
    """Whether the envelope is in the one form that ours have (RFC 5652, DER)."""
    data = content["content"]
    [signer] = data["signer_infos"]
    once_more = cms.ContentInfo.load(content.dump()).copy()
    return bool(
        content["content_type"].native == "signed_data"
        and data["version"].native == "v1"
        and data["encap_content_info"]["content_type"].native == "data"
        and data["encap_content_info"]["content"].native is None
        and [one.dump() for one in data["digest_algorithms"]] == [signer["digest_algorithm"].dump()]
        and signer["version"].native == "v1"
        and once_more.dump(force=True) == content.dump()
    )
