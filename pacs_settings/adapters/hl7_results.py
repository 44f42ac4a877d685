"""A validated report as HL7 v2: ORU^R01 of version 2.5.1, in UTF-8 (chapters 2 and 7)."""

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from pacs_settings.config import config
from pacs_settings.core.reports.document import Heading, Signer, State
from pacs_settings.core.reports.returning import Outgoing

APPLICATION = "PACS_SETTINGS"
STATUS = {State.FINAL: "F", State.CORRECTED: "C"}  # table 0123
IMAGING = "18748-4^Diagnostic imaging study^LN"
PARTS = {
    Heading.FINDINGS: "59776-5^Procedure findings^LN",
    Heading.CONCLUSION: "19005-8^Radiology Imaging study [Impression]^LN",
}
ADDENDUM = "55107-7^Addendum Document^LN"
STUDY_UID = "110180^Study Instance UID^DCM"
_ESCAPES = str.maketrans({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"})
_LINE_END = re.compile(r"\r\n|[\r\n\v\f\x85\u2028\u2029]")
Fields = list[str]


def message(outgoing: Outgoing, facts: dict[str, Any]) -> bytes:
    """The message; `facts` are tags of the study that name the patient, empty where unknown."""
    segments = [_msh(outgoing), _pid(outgoing, facts), _obr(outgoing), *_observations(outgoing)]
    return "".join("|".join(fields).rstrip("|") + "\r" for fields in segments).encode()


def escaped(told: str) -> str:
    """One line of text, its delimiters escaped (2.7)."""
    return "".join(c for c in told if c.isprintable()).translate(_ESCAPES)


def formatted(told: str) -> str:
    """Text of several lines as FT (2.7.6)."""
    return "\\.br\\".join(map(escaped, _LINE_END.split(told.strip())))


def _msh(outgoing: Outgoing) -> Fields:
    facility = escaped(urlsplit(config().base_url).hostname or "")
    moment = _moment(outgoing.sealed.at)
    receiver = [escaped(outgoing.to.hl7_application), escaped(outgoing.to.hl7_facility)]
    kind = ["ORU^R01^ORU_R01", outgoing.control_id, "P", "2.5.1"]
    head = ["MSH", "^~\\&", APPLICATION, facility, *receiver, moment, "", *kind]
    return [*head, "", "", "AL", "NE", "", "UNICODE UTF-8"]


def _pid(outgoing: Outgoing, facts: dict[str, Any]) -> Fields:
    number = _fact(facts, "PatientID")
    issuer = _fact(facts, "IssuerOfPatientID")
    name = _fact(facts, "PatientName").split("=")[0].split("^")
    if not any(name):  # all that we know: D.J.
        name = outgoing.document.study.patient_initials.split(".")
    given = "^".join(escaped(part) for part in name[:3]).rstrip("^")
    born, sex = _fact(facts, "PatientBirthDate"), _fact(facts, "PatientSex")
    identifier = f"{escaped(number)}^^^{escaped(issuer)}".rstrip("^")
    return ["PID", "1", "", identifier, "", given, "", escaped(born), escaped(sex)]


def _obr(outgoing: Outgoing) -> Fields:
    document = outgoing.document
    study = document.study
    fields = [""] * 33
    fields[0:2] = ["OBR", "1"]
    fields[3] = f"{outgoing.report_id}^{APPLICATION}"
    fields[4] = f"{IMAGING}^^{escaped(study.description)}^L"
    fields[7] = f"{study.studied_on:%Y%m%d}" if study.studied_on else ""
    fields[18] = escaped(study.accession_number)
    fields[22] = _moment(document.validated_at)
    fields[24] = "RAD"
    fields[25] = STATUS[document.state]
    fields[32] = "&".join(_person(document.last_signer))
    return fields


def _observations(outgoing: Outgoing) -> Iterator[Fields]:
    document, status = outgoing.document, STATUS[outgoing.document.state]
    observed: list[tuple[str, str, str, str, Signer]] = []
    last = document.last_signer
    uid = document.study.study_instance_uid
    if uid:
        observed.append(("ST", STUDY_UID, escaped(uid), "F", last))
    for section in document.sections:
        told = formatted(section.text)
        observed.append(("FT", PARTS[section.heading], told, "F", document.signer))
    for addendum in document.addenda:
        observed.append(("FT", ADDENDUM, formatted(addendum.text), status, addendum.signer))
    pdf = base64.b64encode(outgoing.sealed.pdf).decode()
    file = f"{APPLICATION}^application^pdf^Base64^{pdf}"
    observed.append(("ED", IMAGING, file, status, last))
    for place, (kind, code, value, state, signer) in enumerate(observed, 1):
        yield _obx(place, kind, code, value, state, signer)


def _obx(place: int, kind: str, code: str, value: str, state: str, signer: Signer) -> Fields:
    who = "^".join(_person(signer))
    fields = ["OBX", str(place), kind, code, str(place), value, "", "", "", "", "", state]
    return [*fields, "", "", _moment(signer.at), "", who]


def _person(signer: Signer) -> tuple[str, str]:
    return escaped(re.sub(r"[\s./-]", "", signer.number)), escaped(signer.name)


def _fact(facts: dict[str, Any], name: str) -> str:
    value = facts.get(name, "")
    return value if isinstance(value, str) else ""


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%d%H%M%S}+0000"
