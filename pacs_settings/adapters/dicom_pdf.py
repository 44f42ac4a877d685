"""A report as DICOM: Encapsulated PDF (PS3.3, A.45.1), in the study that it is about."""

import io
from datetime import datetime
from typing import Any

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, EncapsulatedPDFStorage, ExplicitVRLittleEndian

from pacs_settings.core.reports.document import ReportDocument
from pacs_settings.core.reports.returning import Outgoing
from pacs_settings.core.words import one_line
from pacs_settings.locale import text

IMPLEMENTATION = "2.25.274530173834209386917350231748123590113"
# Of the patient and the study, as the archive has them; we keep none of it (types 1 to 3).
COPIED = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
    "StudyDescription",
)
ALWAYS = COPIED[:2] + COPIED[3:10]  # of type 2: there, if empty
SERIES_NUMBER = 9_000  # behind those of the images
KIND = ("18748-4", "LN", "Diagnostic imaging study")


def encapsulated(outgoing: Outgoing, facts: dict[str, Any]) -> bytes:
    """The DICOM file; `facts` are the simplified tags of an instance of the study."""
    made = FileDataset("", {}, file_meta=_meta(outgoing), preamble=b"\0" * 128)
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID = EncapsulatedPDFStorage
    made.SOPInstanceUID = outgoing.instance_uid
    made.StudyInstanceUID = outgoing.document.study.study_instance_uid
    _copy(made, facts)
    _series(made, outgoing)
    _content(made, outgoing)
    written = io.BytesIO()
    made.save_as(written, enforce_file_format=True)
    return written.getvalue()


def _meta(outgoing: Outgoing) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = EncapsulatedPDFStorage
    meta.MediaStorageSOPInstanceUID = UID(outgoing.instance_uid)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION)
    return meta


def _copy(made: Dataset, facts: dict[str, Any]) -> None:
    for name in COPIED:
        value = facts.get(name, "")
        if isinstance(value, str) and (value or name in ALWAYS):
            setattr(made, name, value)


def _series(made: Dataset, outgoing: Outgoing) -> None:
    made.Modality = "DOC"
    made.SeriesInstanceUID = outgoing.series_uid
    made.SeriesNumber = SERIES_NUMBER + outgoing.report_id % 1000
    made.SeriesDescription = _title(outgoing.document)
    made.Manufacturer = "pacs_settings"
    made.ConversionType = "WSD"
    made.InstanceNumber = outgoing.document.version


def _content(made: Dataset, outgoing: Outgoing) -> None:
    pdf, at = outgoing.sealed.pdf, outgoing.sealed.at
    made.ContentDate, made.ContentTime = _date_and_time(at)
    made.InstanceCreationDate, made.InstanceCreationTime = _date_and_time(at)
    made.AcquisitionDateTime = f"{outgoing.document.validated_at:%Y%m%d%H%M%S%z}"
    made.TimezoneOffsetFromUTC = "+0000"
    made.BurnedInAnnotation = "YES"  # initials, and what the text may say
    made.DocumentTitle = _title(outgoing.document)
    made.VerificationFlag = "VERIFIED"
    made.ConceptNameCodeSequence = [_code(*KIND)]
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    made.EncapsulatedDocumentLength = len(pdf)


def _title(document: ReportDocument) -> str:
    title = text(document.language, "pdf.title")
    return one_line(f"{title} {document.study.description}")[:64]


def _date_and_time(moment: datetime) -> tuple[str, str]:
    return f"{moment:%Y%m%d}", f"{moment:%H%M%S}"


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code
