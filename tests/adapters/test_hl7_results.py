"""Reports as ORU^R01: what stands where, and that nothing typed can break it."""

import base64
from dataclasses import replace
from typing import Any

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacs_settings.adapters import hl7_results
from pacs_settings.adapters.hl7_messages import events_of
from pacs_settings.core.clock import now
from pacs_settings.core.reports.document import ReportDocument
from pacs_settings.core.reports.returning import Outgoing, Sealed
from pacs_settings.core.studies.sources import Destination
from pacs_settings.core.tables import ReportStatus
from tests.adapters import documents

PDF = b"%PDF-1.4\n%%EOF"
FACTS = {"PatientID": "P1", "PatientName": "Dupont^Jean", "PatientBirthDate": "19700101"}


def outgoing(document: ReportDocument | None = None) -> Outgoing:
    to = Destination(1, "Clinic", None, "RIS", "CLINIC", "127.0.0.1", 2575, False)
    made = Sealed(PDF, "ab" * 32, now())
    return Outgoing(to, 3, 5, document or documents.report(), made)


def said(
    document: ReportDocument | None = None, facts: dict[str, Any] | None = None
) -> list[list[str]]:
    """The segments as fields."""
    raw = hl7_results.message(outgoing(document), facts or {}).decode()
    assert raw.endswith("\r")
    return [line.split("|") for line in raw.rstrip("\r").split("\r")]


def segment(name: str, of: list[list[str]]) -> list[str]:
    return next(fields for fields in of if fields[0] == name)


def test_the_head_says_from_whom_to_whom() -> None:
    msh = segment("MSH", said())
    assert (msh[2], msh[4], msh[5]) == ("PACS_SETTINGS", "RIS", "CLINIC")
    assert (msh[8], msh[9], msh[10], msh[11]) == ("ORU^R01^ORU_R01", "R5-abababab", "P", "2.5.1")
    assert msh[17] == "UNICODE UTF-8"


def test_a_final_report_is_final() -> None:
    of = said(facts=FACTS)
    obr = segment("OBR", of)
    assert (obr[3], obr[18], obr[25]) == ("3^PACS_SETTINGS", "ACC-42", "F")
    assert (obr[7], obr[22]) == ("20260301", "20260302140500+0000")
    assert obr[32] == "12345678520&Dr. An Peeters"
    assert {fields[11] for fields in of if fields[0] == "OBX"} == {"F"}
    pid = segment("PID", of)
    assert (pid[3], pid[5], pid[7]) == ("P1", "Dupont^Jean", "19700101")


def test_an_addendum_corrects() -> None:
    of = said(documents.corrected())
    assert segment("OBR", of)[25] == "C"
    states = {fields[3].split("^")[0]: fields[11] for fields in of if fields[0] == "OBX"}
    assert states == {"110180": "F", "59776-5": "F", "19005-8": "F", "55107-7": "C", "18748-4": "C"}


def test_the_pdf_is_in_it() -> None:
    file = next(fields for fields in said() if fields[2:3] == ["ED"])
    application, kind, subtype, encoding, data = file[5].split("^")
    assert (application, kind, subtype, encoding) == (
        "PACS_SETTINGS",
        "application",
        "pdf",
        "Base64",
    )
    assert base64.b64decode(data) == PDF


def test_without_an_archive_only_the_initials_are_told() -> None:
    pid = segment("PID", said())
    assert (pid[3], pid[5]) == ("", "J^D")


def test_a_repetition_is_the_same_message() -> None:
    sent = outgoing(documents.corrected())
    assert hl7_results.message(sent, FACTS) == hl7_results.message(sent, FACTS)


def test_our_own_intake_reads_it() -> None:
    raw = hl7_results.message(outgoing(documents.corrected()), FACTS).decode()
    [event] = events_of(hl7.parse(raw), "R5")
    assert event.status == ReportStatus.CORRECTED
    assert event.study_instance_uid == documents.UID
    assert (event.accession_number, event.report_id) == ("ACC-42", "3")
    assert event.patient_initials == "J.D."


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("a|b^c&d~e\\f", "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f"),
        ("one\ntwo\r\nthree\rfour", "one\\.br\\two\\.br\\three\\.br\\four"),
        ("\x0bMSH|^~\\&\x1c\r", "MSH\\F\\\\S\\\\R\\\\E\\\\T\\"),
        ("Ünïcödé ≥ 3", "Ünïcödé ≥ 3"),
    ],
)
def test_what_is_typed_is_escaped(typed: str, sent: str) -> None:
    assert hl7_results.formatted(typed) == sent


@given(st.text(), st.text(max_size=40))
def test_nothing_typed_changes_the_form_of_the_message(typed: str, name: str) -> None:
    report = documents.report(typed, signer=documents.signer(name=name, number=name))
    study = replace(report.study, description=name, accession_number=name)
    raw = hl7_results.message(outgoing(replace(report, study=study)), {"PatientName": name})
    assert b"\x0b" not in raw
    assert b"\x1c" not in raw
    lines = raw.decode().rstrip("\r").split("\r")
    assert [line[:3] for line in lines] == ["MSH", "PID", "OBR", *["OBX"] * 4]
    message = hl7.parse(raw.decode())
    found = str(message.unescape(str(message.segments("OBX")[1][5])))
    visible = [c for c in typed if c.isprintable() and not c.isspace()]
    assert [c for c in found.replace("\\.br\\", "\r") if not c.isspace()] == visible
