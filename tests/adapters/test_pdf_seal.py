"""Seals: made, checked by us and by public tools, and broken in every way."""

import http.server
import io
import logging
import os
import re
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import tsp
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import load_pem_x509_certificate
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko.sign.timestamps import DummyTimeStamper

from pacs_settings import verify_pdf
from pacs_settings.adapters import pdf, pdf_check, pdf_seal
from pacs_settings.adapters.pdf_check import Seal, check
from pacs_settings.adapters.pdf_seal import NoCertificate
from pacs_settings.config import config
from pacs_settings.core import clock
from pacs_settings.core.ports import Away
from tests.adapters import documents
from tests.conftest import ROOT, require

PASSPHRASE = "a passphrase of tests"


@pytest.fixture(scope="module", autouse=True)
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with the certificate of a demo, made once for all of these tests."""
    folder = tmp_path_factory.mktemp("seal")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PACS_DATA_DIR", str(folder))
        patch.setenv("PACS_DEMO", "1")
        config.cache_clear()
        yield folder
    config.cache_clear()


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Settings for one test, read anew."""
    pdf_seal._signer.cache_clear()
    config.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    pdf_seal._signer.cache_clear()
    config.cache_clear()


@pytest.fixture(scope="module")
def sealed(demo: Path) -> bytes:
    return pdf_seal.seal(pdf.render(documents.report()))


def found(made: bytes) -> Seal:
    return check(made, pdf_seal.certificates()).seal


def test_a_seal_holds(sealed: bytes) -> None:
    told = check(sealed, pdf_seal.certificates())
    assert told.seal == Seal.INTACT
    assert told.by == "PACS settings, demonstration only"
    assert told.at
    assert abs(told.at - clock.now()) < timedelta(minutes=5)
    assert not told.timestamped


def test_sealing_changes_nothing_of_what_was_laid_out(sealed: bytes) -> None:
    laid_out = pdf.render(documents.report())
    assert sealed.startswith(laid_out.rstrip())


def test_a_public_tool_says_the_same(sealed: bytes, tmp_path: Path) -> None:
    require("" if shutil.which("pdfsig") else "not installed: poppler-utils")
    file = tmp_path / "report.pdf"
    file.write_bytes(sealed)
    told = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, text=True).stdout
    assert "Signature is Valid" in told
    assert "Total document signed" in told
    assert "ETSI.CAdES.detached" in told
    file.write_bytes(sealed.replace(b"/Type", b"/Tyqe", 1))
    told = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, text=True).stdout
    assert "Signature is Valid" not in told


def test_and_so_does_another(sealed: bytes, demo: Path, tmp_path: Path) -> None:
    file, trusted = tmp_path / "report.pdf", tmp_path / "trusted.pem"
    file.write_bytes(sealed)
    trusted.write_bytes(
        (demo / pdf_seal.SELF_MADE).read_bytes().split(b"-----END PRIVATE KEY-----\n")[1]
    )
    command = [Path(sys.executable).with_name("pyhanko"), "sign", "validate", "--pretty-print"]
    told = subprocess.run(
        [*command, "--trust", trusted, "--trust-replace", "--no-revocation-check", file],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "The signature is cryptographically sound." in told.stdout
    assert "covers the entire file" in told.stdout


def seams(sealed: bytes) -> tuple[int, int, int]:
    """Where the envelope begins and ends, and where the filling behind it does."""
    embedded = PdfFileReader(io.BytesIO(sealed)).embedded_signatures[0]
    _, first, second, _ = embedded.byte_range
    envelope = sealed[first:second].rstrip(b">").rstrip(b"0")
    return first, first + len(envelope), second


def places(sealed: bytes) -> list[int]:
    first, envelope, second = seams(sealed)
    everywhere = set(range(0, len(sealed), len(sealed) // 150))
    everywhere |= set(range(40)) | set(range(len(sealed) - 60, len(sealed)))
    everywhere |= set(range(first - 30, first + 30)) | set(range(second - 20, second + 20))
    everywhere |= set(range(first, envelope, 23)) | set(range(envelope, second, 300))
    return sorted(everywhere)


@pytest.mark.parametrize("bit", [0x01, 0x20])
def test_a_changed_byte_anywhere_is_seen(sealed: bytes, bit: int) -> None:
    logging.disable(logging.CRITICAL)  # of the reader, about each damaged file
    missed = []
    for place in places(sealed):
        changed = bytearray(sealed)
        changed[place] ^= bit
        if found(bytes(changed)) == Seal.INTACT:
            missed.append((place, sealed[max(0, place - 5) : place + 5]))
    logging.disable(logging.NOTSET)
    assert missed == []


@pytest.mark.parametrize("more", [b"\n", b" ", b"%", b"\0" * 600, b"%%EOF\n"])
def test_whatever_is_appended_is_seen(sealed: bytes, more: bytes) -> None:
    assert found(sealed + more) in (Seal.ADDED, Seal.CHANGED, Seal.UNREADABLE)


def test_what_is_cut_off_is_seen(sealed: bytes) -> None:
    for end in (1, 2, 10, 100, 1000, len(sealed) // 2, len(sealed)):
        assert found(sealed[:-end]) != Seal.INTACT
    assert found(sealed[1:]) != Seal.INTACT
    assert found(b" " + sealed) != Seal.INTACT


def updated(sealed: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(sealed))
    writer.root["/Lang"] = writer.root["/Lang"]
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_later_version_of_the_file_is_seen(sealed: bytes) -> None:
    told = check(updated(sealed), pdf_seal.certificates())
    assert told.seal == Seal.ADDED
    assert "added" in verify_pdf.sentence(told)


def test_a_second_seal_is_not_allowed(sealed: bytes) -> None:
    signer = pdf_seal._signer("", config().data_dir)
    writer = IncrementalPdfFileWriter(io.BytesIO(sealed))
    with pytest.raises(SigningError, match="forbids all changes"):
        sign_pdf(writer, PdfSignatureMetadata(field_name="Again"), signer)


def test_without_a_seal() -> None:
    assert found(pdf.render(documents.report())) == Seal.NONE
    assert found(b"") == found(b"%PDF-1.4\n") == found(b"PK\3\4" * 50) == Seal.UNREADABLE


def other_signer() -> tuple[bytes, bytes]:
    """Key and certificate in PEM, alike to ours but for the key."""
    made = pdf_seal._for_a_demo()
    end = b"-----END PRIVATE KEY-----\n"
    key, certificate = made.split(end)
    return key + end, certificate


def test_a_seal_of_somebody_else_is_not_ours(
    sealed: bytes, configured: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "other.pem"
    file.write_bytes(b"".join(other_signer()))
    configured.setenv("PACS_SEAL_CERTIFICATE", str(file))
    config.cache_clear()
    assert found(pdf_seal.seal(pdf.render(documents.report()))) == Seal.INTACT
    assert found(sealed) == Seal.STRANGER


def test_former_certificates_are_known(
    sealed: bytes, configured: pytest.MonkeyPatch, demo: Path, tmp_path: Path
) -> None:
    file, former = tmp_path / "new.pem", tmp_path / "former.pem"
    file.write_bytes(b"".join(other_signer()))
    former.write_bytes((demo / pdf_seal.SELF_MADE).read_bytes().split(b"KEY-----\n")[-1])
    configured.setenv("PACS_SEAL_CERTIFICATE", str(file))
    configured.setenv("PACS_SEAL_FORMER", str(former))
    config.cache_clear()
    assert found(sealed) == Seal.INTACT


def p12(folder: Path) -> Path:
    raw_key, raw_certificate = other_signer()
    key = serialization.load_pem_private_key(raw_key, None)
    certificate = load_pem_x509_certificate(raw_certificate)
    lock = serialization.BestAvailableEncryption(PASSPHRASE.encode())
    file = folder / "organisation.p12"
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, lock))  # type: ignore[arg-type]
    return file


@pytest.mark.parametrize("given", ["variable", "file"])
def test_an_organisations_certificate(
    given: str, configured: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configured.setenv("PACS_SEAL_CERTIFICATE", str(p12(tmp_path)))
    if given == "variable":
        configured.setenv("PACS_SEAL_PASSPHRASE", PASSPHRASE)
    else:
        (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")
        configured.setenv("PACS_SEAL_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    config.cache_clear()
    assert found(pdf_seal.seal(pdf.render(documents.report()))) == Seal.INTACT


@pytest.mark.parametrize("wrong", ["passphrase", "file", "content", "none"])
def test_what_cannot_be_used_is_said_without_secrets(
    wrong: str, configured: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = p12(tmp_path)
    configured.setenv("PACS_SEAL_CERTIFICATE", "" if wrong == "none" else str(file))
    configured.setenv("PACS_SEAL_PASSPHRASE", f"not {PASSPHRASE}")
    configured.setenv("PACS_DEMO", "0")
    if wrong == "file":
        file.unlink()
    if wrong == "content":
        file.write_bytes(b"-----BEGIN NOTHING-----")
    config.cache_clear()
    with pytest.raises(NoCertificate) as refused:
        pdf_seal.seal(b"")
    assert PASSPHRASE not in f"{refused.value}{refused.value.__cause__}{caplog.text}{config()!r}"
    assert refused.value.__suppress_context__ or wrong == "none"


def test_the_certificate_of_a_demo_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    files = []
    threads = [
        threading.Thread(
            target=lambda: files.append(pdf_seal._self_made(tmp_path / "x.pem").read_bytes())
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(files)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["x.pem"]
    assert stat.S_IMODE((tmp_path / "x.pem").stat().st_mode) == 0o600


# Timestamps.


class Authority(http.server.BaseHTTPRequestHandler):
    """A timestamp authority on loopback."""

    behaviour = "right"
    signer: SimpleSigner

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.behaviour == "silent":
            self.server.waiting.wait(30)  # type: ignore[attr-defined]
            return
        answer = b"x" * (200_000 if self.behaviour == "endless" else 100)
        if self.behaviour == "right":
            stamper = DummyTimeStamper(self.signer.signing_cert, self.signer.signing_key)
            answer = stamper.request_tsa_response(tsp.TimeStampReq.load(body)).dump()
        self.send_response(500 if self.behaviour == "error" else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def authority(configured: pytest.MonkeyPatch) -> Iterator[type[Authority]]:
    class Handler(Authority):
        signer = pdf_seal._signer("", config().data_dir)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.waiting = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    configured.setenv("PACS_SEAL_TIMESTAMP_URL", f"http://127.0.0.1:{server.server_port}/tsa")
    config.cache_clear()
    yield Handler
    server.waiting.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_timestamp_says_when(authority: type[Authority]) -> None:
    told = check(pdf_seal.seal(pdf.render(documents.report())), pdf_seal.certificates())
    assert told.seal == Seal.INTACT
    assert told.timestamped
    assert "(timestamped)" in verify_pdf.sentence(told)


@pytest.mark.parametrize("behaviour", ["silent", "endless", "error", "garbage"])
def test_without_its_timestamp_nothing_is_sealed(
    behaviour: str, authority: type[Authority], monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.behaviour = behaviour
    monkeypatch.setattr(pdf_seal, "TIMESTAMP_WAIT", 0.3)
    with pytest.raises(Away):
        pdf_seal.seal(pdf.render(documents.report()))


# The command.


def verify(*arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"VIRTUAL_ENV": sys.prefix}
    command = [sys.executable, "-m", "pacs_settings.verify_pdf", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_the_command_says_it_in_one_sentence(sealed: bytes, tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(sealed)
    told = verify(str(file))
    assert told.returncode == 0, told.stderr
    assert re.fullmatch(
        r"Sealed by PACS settings, demonstration only on [-\d]{10} at [:\d]{8} \+0000;"
        r" not changed since\.\n",
        told.stdout,
    )
    changed = bytearray(sealed)
    changed[len(changed) // 3] ^= 1
    file.write_bytes(bytes(changed))
    told = verify(str(file))
    assert told.returncode == 1
    assert told.stdout.startswith("CHANGED: ")
    assert told.stdout.count("\n") == 1


def test_the_command_says_what_it_needs(tmp_path: Path) -> None:
    assert "Name a file" in verify("").stderr
    assert verify(str(tmp_path / "none.pdf")).returncode == 2


@pytest.mark.parametrize("seal", Seal)
def test_every_finding_has_its_sentence(seal: Seal) -> None:
    told = verify_pdf.sentence(pdf_check.Finding(seal, "Clinic", clock.now()))
    assert told.endswith(".")
    assert "{" not in told


def test_make_takes_the_file_either_way() -> None:
    for words in (["FILE=x.pdf"], ["x.pdf"]):
        ran = subprocess.run(["make", "-n", "verify-pdf", *words], cwd=ROOT, capture_output=True)
        assert b'pacs_settings.verify_pdf "x.pdf"' in ran.stdout
