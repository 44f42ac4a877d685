"""A real Orthanc takes reports and gives them back."""

import hashlib
import io
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pydicom
import pytest

from pacs_settings import worker
from pacs_settings.adapters import orthanc_client, orthanc_store, pdf_check, pdf_seal
from pacs_settings.config import config
from pacs_settings.core import db, delivery, ports
from pacs_settings.core.clock import now
from pacs_settings.core.outbox import Channel
from pacs_settings.core.ports import Away, NotAccepted
from pacs_settings.core.reports import returning
from pacs_settings.core.reports.document import ReportDocument
from pacs_settings.core.reports.returning import Outgoing, Sealed, State
from pacs_settings.core.studies import sources
from pacs_settings.core.studies.sources import Archive, Destination, Ways
from pacs_settings.core.tables import Source
from tests import factories, seen
from tests.adapters import documents, faults, orthanc_server
from tests.adapters.faults import Behaviour, Faulty
from tests.adapters.orthanc_server import LOGIN, Orthanc, image
from tests.conftest import require
from tests.core.reports.written import stored_version
from tests.factories import AN
from tests.fakes import FakeMailer, FakeTexter

PDF = b"%PDF-1.4\nodd length\n%%EOF"


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    require(orthanc_server.missing())
    running = Orthanc(tmp_path_factory.mktemp("store") / "orthanc")
    running.start()
    yield running
    running.end()


def outgoing(url: str, uid: str = documents.UID, pdf: bytes = PDF, version: int = 5) -> Outgoing:
    report = documents.report()
    document = replace(report, study=replace(report.study, study_instance_uid=uid))
    archive = Archive(1, "Clinic", url, *LOGIN, None)
    to = Destination(1, "Clinic", archive, "RIS", "CLINIC", "", 0, False)
    return Outgoing(
        to, 3, version, document, Sealed(pdf, hashlib.sha256(uid.encode()).hexdigest(), now())
    )


def study(orthanc: Orthanc, **tags: Any) -> str:
    """A study in the archive; its StudyInstanceUID."""
    made = image(PatientBirthDate="19700101", PatientSex="M", **tags)
    orthanc.put(made)
    return str(made.StudyInstanceUID)


def reports(orthanc: Orthanc, uid: str) -> list[pydicom.Dataset]:
    """The instances of a study that are documents, as files."""
    [found] = orthanc.ask("POST", "/tools/lookup", uid.encode())
    names = [one["ID"] for one in orthanc.ask("GET", f"/studies/{found['ID']}/instances")]
    files = [
        httpx.get(f"{orthanc.url}/instances/{name}/file", auth=LOGIN).content for name in names
    ]
    read = [pydicom.dcmread(io.BytesIO(file)) for file in files]
    return [one for one in read if one.Modality == "DOC"]


@pytest.mark.parametrize("pdf", [PDF, PDF + b"\n", PDF + bytes(range(256)) * 400 + b"\n%%EOF\n"])
def test_the_archive_gives_back_what_it_was_given(orthanc: Orthanc, pdf: bytes) -> None:
    uid = study(orthanc)
    orthanc_store.store(outgoing(orthanc.url, uid, pdf))
    [stored] = reports(orthanc, uid)
    assert stored.EncapsulatedDocumentLength == len(pdf)
    assert len(stored.EncapsulatedDocument) % 2 == 0
    assert stored.EncapsulatedDocument[: stored.EncapsulatedDocumentLength] == pdf
    [found] = orthanc.ask("POST", "/tools/lookup", str(stored.SOPInstanceUID).encode())
    shown = httpx.get(f"{orthanc.url}/instances/{found['ID']}/pdf", auth=LOGIN)
    assert shown.content[: len(pdf)] == pdf


def test_it_says_what_it_is(orthanc: Orthanc) -> None:
    uid = study(orthanc, PatientName="Müller^Zoë", AccessionNumber="A-9", StudyDate="20260301")
    sent = outgoing(orthanc.url, uid)
    orthanc_store.store(sent)
    [stored] = reports(orthanc, uid)
    assert stored.SOPClassUID == stored.file_meta.MediaStorageSOPClassUID
    assert stored.SOPClassUID == "1.2.840.10008.5.1.4.1.1.104.1"
    assert (stored.SOPInstanceUID, stored.SeriesInstanceUID) == (sent.instance_uid, sent.series_uid)
    assert (str(stored.PatientName), stored.PatientID) == ("Müller^Zoë", "P1")
    assert (stored.PatientBirthDate, stored.PatientSex) == ("19700101", "M")
    assert (stored.AccessionNumber, stored.StudyDate) == ("A-9", "20260301")
    assert stored.MIMETypeOfEncapsulatedDocument == "application/pdf"
    assert stored.DocumentTitle == "Radiology report CT thorax"
    assert (stored.BurnedInAnnotation, stored.VerificationFlag) == ("YES", "VERIFIED")
    [code] = stored.ConceptNameCodeSequence
    assert (code.CodeValue, code.CodingSchemeDesignator) == ("18748-4", "LN")
    for name in ("ReferringPhysicianName", "StudyID", "StudyTime", "AcquisitionDateTime"):
        assert name in stored
    for element in stored.iterall():
        assert (
            element.VR == "SQ"
            or not isinstance(element.value, bytes)
            or len(element.value) % 2 == 0
        )


def test_a_repetition_adds_nothing(orthanc: Orthanc) -> None:
    uid = study(orthanc)
    for _ in range(3):
        orthanc_store.store(outgoing(orthanc.url, uid))
    assert len(reports(orthanc, uid)) == 1
    orthanc_store.store(outgoing(orthanc.url, uid, version=6))
    found = reports(orthanc, uid)
    assert len(found) == 2
    assert len({one.SeriesInstanceUID for one in found}) == 1


def test_nothing_of_the_patient_is_kept_or_logged(
    orthanc: Orthanc, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    uid = study(orthanc, PatientName="Confidential^Person")
    orthanc_store.store(outgoing(orthanc.url, uid))
    assert "Confidential" not in caplog.text


def test_a_study_that_is_not_there_is_waited_for(orthanc: Orthanc) -> None:
    with pytest.raises(NotAccepted) as refused:
        orthanc_store.store(outgoing(orthanc.url, "1.2.3.4.5"))
    assert not refused.value.final
    assert orthanc_store.facts_of(outgoing(orthanc.url).to.archive, "1.2.3.4.5") == {}  # type: ignore[arg-type]


def test_what_the_archive_does_not_take_is_given_up(
    orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = study(orthanc)
    monkeypatch.setattr(orthanc_store, "encapsulated", lambda *_: b"no DICOM")
    with pytest.raises(NotAccepted) as refused:
        orthanc_store.store(outgoing(orthanc.url, uid))
    assert refused.value.final
    assert str(refused.value) == "it answers with status 400"


def test_a_wrong_login_is_no_fault_of_the_report(orthanc: Orthanc) -> None:
    sent = outgoing(orthanc.url)
    archive = replace(sent.to.archive, password="wrong")  # type: ignore[type-var]
    with pytest.raises(Away, match="status 401"):
        orthanc_store.store(replace(sent, to=replace(sent.to, archive=archive)))


def answering(answer: bytes) -> Behaviour:
    """Hear the question, say this and no more."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(answer)
        over.wait(60)

    return behave


@pytest.mark.parametrize(
    "behave",
    [
        faults.silent,
        faults.closing,
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n[[[["),
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue"),
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n["),
        answering(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"),
        answering(b"\x15\x03\x01\0\2"),
    ],
    ids=["silent", "closing", "no JSON", "another form", "endless", "busy", "no HTTP"],
)
def test_a_bad_archive_costs_bounded_time(
    behave: Behaviour,
    faulty: Callable[[Behaviour], Faulty],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(orthanc_client, "SILENCE", 0.3)
    monkeypatch.setattr(orthanc_client, "SLOWEST", 0.6)
    with pytest.raises(Away):
        orthanc_store.store(outgoing(faulty(behave).url("http")))


def test_nobody_is_there(faulty: Callable[[Behaviour], Faulty]) -> None:
    server = faulty(faults.silent)
    url = server.url("http")
    server.close()
    with pytest.raises(Away, match="no connection"):
        orthanc_store.store(outgoing(url))


# From the outbox to the archive and back.


def test_the_whole_way(
    orthanc: Orthanc, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = study(orthanc)
    report = documents.corrected()
    document = replace(report, study=replace(report.study, study_instance_uid=uid))

    def compose(_version: int) -> ReportDocument:
        return document

    worker.set_up_returns(compose)
    stored_version(31, 3)
    login = ":".join(LOGIN)
    sources.put("Clinic", Ways(orthanc_url=orthanc.url, orthanc_login=login, return_archive=True))
    clinic = next(row.id or 0 for row in factories.rows(Source) if row.name == "Clinic")
    with db.writing() as session:
        returning.put(session, factories.own(factories.person(AN)), clinic, 3, 31)
    delivery.send_portion(Channel.ARCHIVE, FakeMailer(), FakeTexter())
    [told] = returning.where(31)
    assert (told.state, told.problem) == (State.SENT, "")
    [stored] = reports(orthanc, uid)
    back = stored.EncapsulatedDocument[: stored.EncapsulatedDocumentLength]
    assert back == returning.sealed_pdf(31, compose, worker.make_pdf).pdf
    assert pdf_check.check(back, pdf_seal.certificates()).seal == pdf_check.Seal.INTACT
    assert "Dupont" not in seen.stored()
    ports.returns.clear()
    assert config().data_dir == tmp_path
