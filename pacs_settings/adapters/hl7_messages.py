"""HL7 v2: what an ORU^R01 tells, and how a message is answered (chapters 2 and 7, v2.5.1)."""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import hl7

from pacs_settings.core.clock import now
from pacs_settings.core.errors import Refused
from pacs_settings.core.studies import intake, sources
from pacs_settings.core.studies.events import Referrer, StudyEvent, initials
from pacs_settings.core.tables import ReportStatus, StudyKind

log = logging.getLogger(__name__)
# The parser writes what it cannot read, and that is about patients.
for _module in (hl7.containers, hl7.util):
    logging.getLogger(_module.__file__).setLevel(logging.CRITICAL + 1)
CHARSETS = {  # table 0211
    "ASCII": "ascii",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "8859/1": "iso-8859-1",
    "8859/2": "iso-8859-2",
    "8859/9": "iso-8859-9",
    "8859/15": "iso-8859-15",
}
STATUSES = {  # table 0123; the others are steps on the way to a report
    "P": ReportStatus.PRELIMINARY,
    "F": ReportStatus.FINAL,
    "C": ReportStatus.CORRECTED,
}
STUDY_UID = ("110180", "113014")  # of DICOM PS3.16, in OBX-3
VERSION = re.compile(r"2\.[1-8](\.\d)?")
LONGEST_CONTROL = 150  # characters of MSH-10
LONGEST_HEADER = 2000  # characters looked at for MSH


class Rejected(Exception):
    """A message that is answered with AE or AR; `number` is of table 0357."""

    def __init__(self, acknowledgment: str, number: int, sentence: str) -> None:
        super().__init__(sentence)
        self.acknowledgment, self.number, self.sentence = acknowledgment, number, sentence


@dataclass(frozen=True)
class Header:
    """What of MSH the answer and the rules need; fields as they came, by their number."""

    fields: tuple[str, ...] = ()
    separator: str = "|"
    encoding: str = "^~\\&"
    charset: str = "latin-1"

    def __getitem__(self, number: int) -> str:
        """MSH-n, counted as the standard does (MSH-1 is the separator)."""
        place = number - 1
        return self.fields[place].strip() if 1 <= place < len(self.fields) else ""

    def component(self, number: int, place: int) -> str:
        """A component of MSH-n, from 1."""
        parts = self[number].split(self.encoding[:1] or "^")
        return parts[place - 1].strip() if place <= len(parts) else ""


def answer(raw: bytes, address: str) -> bytes:
    """Take one message and say what became of it; it is committed before AA is said."""
    header = read_header(raw)
    try:
        _take(raw, header, address)
    except Rejected as rejected:
        log.warning("message of %s is refused: %s", address, rejected.sentence)
        return acknowledge(header, rejected)
    except Refused as refused:
        log.warning("message of %s is refused: %s", address, refused.code)
        return acknowledge(header, _in_terms_of_hl7(refused))
    except Exception:
        log.exception("message of %s could not be taken", address)
        return acknowledge(header, Rejected("AE", 207, "not taken now; send it again"))
    return acknowledge(header)


def read_header(raw: bytes) -> Header:
    """MSH of a message, however broken the rest is."""
    first = re.split(rb"[\r\n]", raw[:LONGEST_HEADER].lstrip(b"\r\n \t"), maxsplit=1)[0]
    try:
        line, charset = first.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        line, charset = first.decode("latin-1"), "latin-1"
    if not line.startswith("MSH") or len(line) < 8:
        return Header()
    fields = line.split(line[3])
    return Header(("MSH", *fields[1:]), line[3], fields[1], charset)


def acknowledge(header: Header, rejected: Rejected | None = None) -> bytes:
    """MSH and MSA, and ERR where something is wrong; in the sender's separators."""
    bar, caret = header.separator, header.encoding[:1]
    kind = caret.join(filter(None, ("ACK", header.component(9, 2))))
    moment = now()
    msh = [
        f"MSH{bar}{header.encoding}",
        *(header[n] for n in (5, 6, 3, 4)),
        moment.strftime("%Y%m%d%H%M%S+0000"),
        "",
        kind,
        moment.strftime("%Y%m%d%H%M%S%f"),
        header[11] or "P",
        header[12] or "2.5.1",
    ]
    sentence = rejected.sentence if rejected else ""
    code = rejected.acknowledgment if rejected else "AA"
    segments = [bar.join(msh), bar.join(["MSA", code, header[10], sentence])]
    if rejected:
        segments.append(bar.join(["ERR", "", "", str(rejected.number), "E", "", "", "", sentence]))
    text = "".join(f"{segment}\r" for segment in segments)
    return text.encode(header.charset, "replace")


def _in_terms_of_hl7(refused: Refused) -> Rejected:
    if refused.code == "key_reused":
        return Rejected("AE", 205, "MSH-10 was used for another message")
    return Rejected("AE", 102, f"not a report that can be taken: {refused.code}")


def _take(raw: bytes, header: Header, address: str) -> None:
    _check(header)
    source = sources.of_hl7(header.component(3, 1), header.component(4, 1), address)
    if source is None:
        raise Rejected("AR", 204, "sender not known: MSH-3, MSH-4 and address")
    message = _parse(_decode(raw, header))
    intake.take_all(source, events_of(message, header[10]))


def _check(header: Header) -> None:
    if not header.fields:
        raise Rejected("AR", 100, "no MSH segment")
    if not header[10]:
        raise Rejected("AE", 101, "MSH-10 is missing")
    if len(header[10]) > LONGEST_CONTROL or not header[10].isprintable():
        raise Rejected("AE", 102, "MSH-10 cannot be used")
    if header.component(9, 1) != "ORU":
        raise Rejected("AR", 200, "only ORU^R01 is taken here")
    if header.component(9, 2) != "R01":
        raise Rejected("AR", 201, "only ORU^R01 is taken here")
    if header.component(11, 1) not in ("P", ""):
        raise Rejected("AR", 202, "only production messages are taken here")
    if not VERSION.fullmatch(header.component(12, 1)):
        raise Rejected("AR", 203, "version 2.1 to 2.8 is taken here")


def _decode(raw: bytes, header: Header) -> str:
    """The text by MSH-18; where it is silent UTF-8, or Latin-1 where it cannot be that."""
    named = header[18].split("~")[0].strip()
    if named and named not in CHARSETS:
        raise Rejected("AR", 207, "character set of MSH-18 is not known here")
    try:
        return raw.decode(CHARSETS.get(named, "utf-8"))
    except UnicodeDecodeError:
        if named:
            raise Rejected("AE", 102, f"not in the character set {named}") from None
        return raw.decode("latin-1")


def _parse(text: str) -> hl7.Message:
    lines = text.replace("\r\n", "\r").replace("\n", "\r").strip("\r \t")
    try:
        return hl7.parse(lines)
    except (hl7.HL7Exception, LookupError, ValueError, AssertionError) as failure:
        raise Rejected("AE", 100, "the message cannot be read") from failure


def events_of(message: hl7.Message, control: str) -> list[StudyEvent]:
    """The reports in a message: one for each OBR, with the OBX that follow it."""
    patient = _field(message, _first(message, "PID"), 5)
    found = []
    for place, (obr, observations) in enumerate(_orders(message)):
        status = _status(message, obr, observations)
        if status is None:
            continue
        found.append(
            StudyEvent(
                kind=StudyKind.REPORT,
                status=status,
                referrers=_referrers(message, obr),
                study_instance_uid=_study_uid(message, observations),
                accession_number=_text(message, obr, 18) or _text(message, obr, 3),
                report_id=_text(message, obr, 3) or _text(message, obr, 2),
                patient_initials=initials(_part(message, patient, 1), _part(message, patient, 2)),
                description=_text(message, obr, 4, 2) or _text(message, obr, 4),
                studied_on=_day(_text(message, obr, 7)),
                message_key=f"{control}#{place}" if place else control,
                content="\r".join([_text(message, obr, 22), *map(str, observations)]),
            )
        )
    if not found and not any(segment[0][0] == "OBR" for segment in message):
        raise Rejected("AE", 100, "no OBR segment")
    return found


def _orders(message: hl7.Message) -> list[tuple[hl7.Segment, list[hl7.Segment]]]:
    orders: list[tuple[hl7.Segment, list[hl7.Segment]]] = []
    for segment in message:
        if str(segment[0]) == "OBR":
            orders.append((segment, []))
        elif str(segment[0]) in ("OBX", "ZDS") and orders:
            orders[-1][1].append(segment)
    return orders


def _status(
    message: hl7.Message, obr: hl7.Segment, observations: Iterable[hl7.Segment]
) -> ReportStatus | None:
    """By OBR-25; a corrected result makes it corrected. Without OBR-25 the results tell."""
    results = {_text(message, obx, 11) for obx in observations if str(obx[0]) == "OBX"} - {""}
    stated = _text(message, obr, 25)
    if not stated:
        stated = next((code for code in "CPF" if code in results), "")
        if not stated:
            raise Rejected("AE", 101, "OBR-25 and OBX-11 are missing")
    if stated == "F" and "C" in results:
        stated = "C"
    return STATUSES.get(stated)


def _referrers(message: hl7.Message, obr: hl7.Segment) -> tuple[Referrer, ...]:
    """Who ordered (OBR-16) and who gets copies (OBR-28), else the referring doctor (PV1-8)."""
    found = [*_people(message, obr, 16), *_people(message, obr, 28)]
    found = found or _people(message, _first(message, "PV1"), 8)
    return tuple(dict.fromkeys(found))


def _people(message: hl7.Message, segment: hl7.Segment | None, number: int) -> list[Referrer]:
    if segment is None or len(segment) <= number:
        return []
    found = []
    for repetition in segment[number]:
        parts = [_part(message, repetition, place) for place in (1, 2, 3)]
        if any(parts):
            found.append(Referrer(parts[0], " ".join(filter(None, parts[1:]))))
    return found


def _study_uid(message: hl7.Message, observations: Iterable[hl7.Segment]) -> str:
    for segment in observations:
        if str(segment[0]) == "ZDS":  # IHE RAD TF-2, 4.4
            return _text(message, segment, 1)
        if _text(message, segment, 3) in STUDY_UID:
            return _text(message, segment, 5)
    return ""


def _first(message: hl7.Message, name: str) -> hl7.Segment | None:
    return next((segment for segment in message if str(segment[0]) == name), None)


def _field(message: hl7.Message, segment: hl7.Segment | None, number: int) -> object:
    if segment is None or len(segment) <= number or not len(segment[number]):
        return ""
    return segment[number][0]


def _text(message: hl7.Message, segment: hl7.Segment, number: int, component: int = 1) -> str:
    """Component of the first repetition of a field, unescaped; empty where there is none."""
    return _part(message, _field(message, segment, number), component)


def _part(message: hl7.Message, repetition: object, component: int) -> str:
    """A component, of it the first subcomponent; names may have several (family, prefix, …)."""
    value = repetition
    if isinstance(value, hl7.Repetition):
        value = value[component - 1] if len(value) >= component else ""
    elif component > 1:
        return ""
    if isinstance(value, hl7.Component):
        value = value[0] if len(value) else ""
    try:
        return str(message.unescape(str(value))).strip()
    except (ValueError, LookupError, AttributeError):  # an escape that is none
        return str(value).strip()


def _day(value: str) -> date | None:
    try:
        return datetime.strptime(value[:8], "%Y%m%d").date()
    except ValueError:
        return None
