"""What an ORU^R01 tells, and how messages are answered."""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pacs_settings.adapters import hl7_messages
from pacs_settings.core.studies import intake, sources
from pacs_settings.core.studies.events import Referrer, StudyEvent
from pacs_settings.core.studies.sources import Ways
from pacs_settings.core.tables import ReceivedEvent, ReportStatus, StudyKind
from tests import factories

pytestmark = pytest.mark.usefixtures("database")
HERE = "127.0.0.1"


@pytest.fixture(autouse=True)
def source(database: str) -> None:
    sources.put("Clinic", Ways(hl7_application="RIS", hl7_facility="CLINIC", preliminary=True))


def msh(**fields: str) -> str:
    """MSH with fields given by number, as in `f9="ORU^R01"`."""
    told = {3: "RIS", 4: "CLINIC", 5: "PACS", 7: "20260302101500", 9: "ORU^R01"}
    told |= {10: "M1", 11: "P", 12: "2.5.1"}
    told |= {int(name[1:]): value for name, value in fields.items()}
    return "|".join(["MSH", "^~\\&", *[told.get(n, "") for n in range(3, 22)]])


def segment(name: str, **fields: str) -> str:
    told = {int(key[1:]): value for key, value in fields.items()}
    return "|".join([name, *[told.get(n, "") for n in range(1, max(told) + 1)]])


def obr(**fields: str) -> str:
    told = {"f3": "R1", "f4": "CT^CT thorax", "f7": "20260302", "f16": "12345625004^PEETERS^An"}
    return segment("OBR", **(told | {"f25": "F"} | fields))


def obx(**fields: str) -> str:
    return segment("OBX", **({"f3": "CT^CT", "f5": "No abnormality.", "f11": "F"} | fields))


PID = segment("PID", f3="4711", f5="Van den Berg^Jan Piet")


def message(*segments: str, header: str = "", end: str = "\r", charset: str = "utf-8") -> bytes:
    told = segments or (PID, obr(), obx())
    return end.join([header or msh(), *told, ""]).encode(charset)


def read(*segments: str, **how: Any) -> list[StudyEvent]:
    raw = message(*segments, **how)
    header = hl7_messages.read_header(raw)
    return hl7_messages.events_of(
        hl7_messages._parse(hl7_messages._decode(raw, header)), header[10]
    )


def answered(raw: bytes, address: str = HERE) -> tuple[str, str]:
    """MSA-1 and, where something is wrong, ERR-3."""
    lines = hl7_messages.answer(raw, address).decode("latin-1").split("\r")
    found = {line.split("|")[0]: line.split("|") for line in lines if line}
    assert found["MSH"][8].startswith("ACK")
    return found["MSA"][1], found["ERR"][3] if "ERR" in found else ""


def taken() -> int:
    return len(factories.rows(ReceivedEvent))


# What it tells.


def test_a_report() -> None:
    [event] = read()
    assert event == StudyEvent(
        kind=StudyKind.REPORT,
        status=ReportStatus.FINAL,
        referrers=(Referrer("12345625004", "PEETERS An"),),
        accession_number="R1",
        report_id="R1",
        patient_initials="J.V.",
        description="CT thorax",
        studied_on=date(2026, 3, 2),
        message_key="M1",
        content=event.content,
    )
    assert "No abnormality." in event.content


@pytest.mark.parametrize(
    ("stated", "results", "status"),
    [
        ("P", "P", ReportStatus.PRELIMINARY),
        ("F", "F", ReportStatus.FINAL),
        ("C", "C", ReportStatus.CORRECTED),
        ("F", "C", ReportStatus.CORRECTED),
        ("C", "F", ReportStatus.CORRECTED),
        ("", "F", ReportStatus.FINAL),
        ("", "P", ReportStatus.PRELIMINARY),
        ("", "C", ReportStatus.CORRECTED),
        ("F", "", ReportStatus.FINAL),
    ],
)
def test_the_state_of_a_report(stated: str, results: str, status: ReportStatus) -> None:
    [event] = read(PID, obr(f25=stated), obx(f11=results))
    assert event.status == status


@pytest.mark.parametrize("stated", ["I", "O", "S", "R", "A", "X"])
def test_what_is_not_a_report_yet_is_taken_and_tells_nothing(stated: str) -> None:
    assert read(PID, obr(f25=stated), obx()) == []
    assert answered(message(PID, obr(f25=stated), obx())) == ("AA", "")


def test_a_later_line_of_results_counts_too() -> None:
    [event] = read(PID, obr(f25="F"), obx(), obx(f11="C"))
    assert event.status == ReportStatus.CORRECTED


def test_each_order_is_a_report_with_its_own_results() -> None:
    first, second = read(PID, obr(), obx(), obr(f3="R2"), obx(f11="C"))
    assert (first.report_id, first.status) == ("R1", ReportStatus.FINAL)
    assert (second.report_id, second.status) == ("R2", ReportStatus.CORRECTED)
    assert first.message_key != second.message_key


def test_all_who_are_named() -> None:
    ordered = "111^ONE^A~222^TWO"
    [event] = read(PID, obr(f16=ordered, f28="333^THREE^C~111^ONE^A"), obx())
    assert event.referrers == (
        Referrer("111", "ONE A"),
        Referrer("222", "TWO"),
        Referrer("333", "THREE C"),
    )


def test_without_them_the_referring_doctor_of_the_visit() -> None:
    [event] = read(PID, segment("PV1", f8="444^FOUR^D"), obr(f16=""), obx())
    assert event.referrers == (Referrer("444", "FOUR D"),)


def test_the_numbers_of_the_study() -> None:
    uid = obx(f2="UI", f3="113014^DICOM Study^DCM", f5="1.2.840.1")
    [event] = read(PID, obr(f18="A-1"), uid, obx())
    assert (event.accession_number, event.report_id) == ("A-1", "R1")
    assert event.study_instance_uid == "1.2.840.1"
    zds = segment("ZDS", f1="1.2.840.2^RIS^Application^DICOM")
    [event] = read(PID, obr(), obx(), zds)
    assert event.study_instance_uid == "1.2.840.2"


def test_escapes_and_subcomponents() -> None:
    [event] = read(
        segment("PID", f5="van Beek&van&Beek^Ria"),
        obr(f4="MR^Head \\T\\ neck \\S\\ spine", f16="1^O\\F\\BRIEN^Ann"),
        obx(),
    )
    assert event.description == "Head & neck ^ spine"
    assert event.referrers[0].name == "O|BRIEN Ann"
    assert event.patient_initials == "R.V."


@pytest.mark.parametrize("escape", ["\\.spx\\", "\\X\\", "\\Xzz\\", "\\C\\", "\\", "\\.sp+\\"])
def test_an_escape_that_is_none_harms_nobody(escape: str, caplog: pytest.LogCaptureFixture) -> None:
    raw = message(PID, obr(f4=f"CT^Secret {escape} words"), obx())
    assert answered(raw) == ("AA", "")
    assert "Secret" not in caplog.text


def test_separators_of_its_own() -> None:
    raw = message().decode().replace("|", "#").replace("^", "$").encode()
    told = hl7_messages.answer(raw, HERE).decode()
    assert told.startswith("MSH#$~\\&#")
    assert "\rMSA#AA#M1#" in told
    assert taken() == 1


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_line_ends(end: str) -> None:
    assert answered(message(end=end)) == ("AA", "")
    assert taken() == 1


@pytest.mark.parametrize(
    ("named", "charset"),
    [
        ("UNICODE UTF-8", "utf-8"),
        ("8859/1", "iso-8859-1"),
        ("8859/15", "iso-8859-15"),
        ("", "utf-8"),
        ("", "iso-8859-1"),
    ],
)
def test_character_sets(named: str, charset: str) -> None:
    [event] = read(PID, obr(f16="1^LEFÈVRE^Zoë"), obx(), header=msh(f18=named), charset=charset)
    assert event.referrers[0].name == "LEFÈVRE Zoë"


# How it is answered.


@pytest.mark.parametrize(
    ("raw", "code", "error"),
    [
        (message(), "AA", ""),
        (b"", "AR", "100"),
        (b"PID|1\r", "AR", "100"),
        (message(header=msh(f10="")), "AE", "101"),
        (message(header=msh(f10="x" * 151)), "AE", "102"),
        (message(header=msh(f10="M\0")), "AE", "102"),
        (message(header=msh(f9="ADT^A01")), "AR", "200"),
        (message(header=msh(f9="ORU^R30")), "AR", "201"),
        (message(header=msh(f11="T")), "AR", "202"),
        (message(header=msh(f12="3.0")), "AR", "203"),
        (message(header=msh(f3="OTHER")), "AR", "204"),
        (message(header=msh(f4="")), "AR", "204"),
        (message(header=msh(f18="KLINGON")), "AR", "207"),
        (message(obr(f16="1^É"), header=msh(f18="ASCII")), "AE", "102"),
        (message(obr(f16="1^É"), header=msh(f18="UNICODE UTF-8"), charset="latin-1"), "AE", "102"),
        (message(PID), "AE", "100"),
        (message(PID, obr(f25=""), obx(f11="")), "AE", "101"),
        (message(PID, obr(f3="", f18=""), obx()), "AE", "102"),
        (message(PID, obr(f3="x" * 65), obx()), "AE", "102"),
    ],
)
def test_by_the_book(raw: bytes, code: str, error: str) -> None:
    assert answered(raw) == (code, error)
    assert taken() == (code == "AA")


def test_only_from_where_the_source_is() -> None:
    assert answered(message(), "192.0.2.1") == ("AR", "204")
    assert taken() == 0


def test_the_answer_goes_to_who_asked() -> None:
    lines = hl7_messages.answer(message(), HERE).decode().split("\r")
    header = lines[0].split("|")
    assert header[2:6] == ["PACS", "", "RIS", "CLINIC"]
    assert (header[8], header[10], header[11]) == ("ACK^R01", "P", "2.5.1")
    assert lines[1].split("|")[:3] == ["MSA", "AA", "M1"]


def test_the_same_message_again_is_taken_once() -> None:
    assert [answered(message()) for _ in range(3)] == [("AA", "")] * 3
    assert taken() == 1


def test_the_same_report_in_another_message_is_taken_once() -> None:
    answered(message())
    assert answered(message(header=msh(f10="M2"))) == ("AA", "")
    assert taken() == 1


def test_a_control_number_is_good_for_one_message() -> None:
    answered(message())
    assert answered(message(PID, obr(f3="R2"), obx())) == ("AE", "205")
    assert taken() == 1


def test_of_several_reports_all_or_none_are_taken() -> None:
    assert answered(message(PID, obr(), obx(), obr(f3="x" * 65), obx())) == ("AE", "102")
    assert taken() == 0


def test_while_nothing_can_be_stored_it_is_asked_to_come_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise OSError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(intake, "take_all", fail)
        assert answered(message()) == ("AE", "207")
    assert "could not be taken" in caplog.text
    for secret in ("Berg", "No abnormality", "PEETERS"):
        assert secret not in caplog.text
    assert answered(message()) == ("AA", "")


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.binary(max_size=300), st.integers(0, 200))
def test_any_bytes_are_answered(garbage: bytes, place: int) -> None:
    raw = message()
    for broken in (garbage, raw[:place] + garbage, raw[:place] + garbage + raw[place:]):
        assert hl7_messages.answer(broken, "192.0.2.1").startswith(b"MSH")
