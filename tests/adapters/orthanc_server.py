"""A real image archive: Debian's Orthanc, on loopback, and images to put into it."""

import io
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from tests.conftest import free_port

PROGRAM = Path("/usr/sbin/Orthanc")
LOGIN = ("portal", "secret-of-tests")
SECONDS = 60  # for anything to happen


def missing() -> str:
    """Why there is no archive here; empty where there can be one."""
    return "" if os.access(PROGRAM, os.X_OK) else "not installed: orthanc"


@dataclass
class Orthanc:
    """An archive in a folder of its own; what it holds outlives its process."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Run, and wait until it answers."""
        self.folder.mkdir(exist_ok=True)
        configuration = self.folder / "orthanc.json"
        configuration.write_text(json.dumps(self._configuration()))
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([PROGRAM, configuration], stdout=log, stderr=log)
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.ask("GET", "/system")
            except httpx.TransportError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"no Orthanc:\n{(self.folder / 'log').read_text()[-4000:]}")

    def _configuration(self) -> dict[str, Any]:
        return {
            "StorageDirectory": str(self.folder / "images"),
            "IndexDirectory": str(self.folder / "images"),
            "HttpPort": self.port,
            "HttpBindAddresses": ["127.0.0.1"],
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True,
            "RegisteredUsers": dict([LOGIN]),
            "DicomServerEnabled": False,
            "StableAge": 1,
            "Plugins": [],
        }

    def end(self, how: int = signal.SIGTERM) -> None:
        """End the process that was started."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(SECONDS)

    def ask(self, method: str, path: str, content: bytes | None = None) -> Any:
        """What it answers to somebody who may ask."""
        response = httpx.request(
            method, f"{self.url}{path}", content=content, auth=LOGIN, timeout=SECONDS
        )
        response.raise_for_status()
        return response.json()

    def put(self, *images: FileDataset, every: float = 0.05) -> str:
        """Store images of one study and wait until it is stable; its name in the archive."""
        before = self.last()
        names = {self.ask("POST", "/instances", _bytes(image))["ParentStudy"] for image in images}
        [name] = names
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            changes = self.ask("GET", f"/changes?since={before}&limit=1000")["Changes"]
            if any((c["ChangeType"], c["ID"]) == ("StableStudy", name) for c in changes):
                return str(name)
            time.sleep(every)
        raise RuntimeError("the study does not become stable")

    def last(self) -> int:
        """The number of its last change."""
        return int(self.ask("GET", "/changes?last")["Last"])


def image(number: str = "", **tags: Any) -> FileDataset:
    """A small image of a study of its own, whose referring physician has this number."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID = meta.MediaStorageSOPClassUID
    made.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    made.Rows = made.Columns = 2
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 8, 7, 0
    made.PixelData = b"\0\1\2\3"
    first = {
        "SpecificCharacterSet": "ISO_IR 192",
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "PatientID": "P1",
        "PatientName": "Dupont^Jean",
        "Modality": "OT",
        "ReferringPhysicianName": "Willems^Robin",
        "StudyDescription": "CT thorax",
    }
    for name, value in (first | tags).items():
        setattr(made, name, value)
    if number:
        made.ReferringPhysicianIdentificationSequence = [identification(number)]
    return made


def identification(*numbers: str) -> Dataset:
    """Person Identification Macro (PS3.3, 10.1)."""
    item = Dataset()
    item.InstitutionName = "Practice"
    item.PersonIdentificationCodeSequence = [_code(number) for number in numbers]
    return item


def _code(number: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = number, "99RIZIV", "Physician"
    return code


def _bytes(made: FileDataset) -> bytes:
    written = io.BytesIO()
    made.save_as(written, enforce_file_format=True)
    return written.getvalue()
