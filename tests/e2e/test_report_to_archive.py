"""From a study in a real archive to its sealed report in that archive, through a browser."""

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pydicom
import pytest
from playwright.sync_api import Page, expect

from pacs_settings.core import demo
from tests.adapters import orthanc_server
from tests.adapters.orthanc_server import LOGIN, Orthanc, image
from tests.conftest import ROOT, Server, require
from tests.e2e.people import until
from tests.e2e.reports import sign
from tests.e2e.states import manage
from tests.e2e.steps import AN, look_up, ready, sign_in

SOURCE = demo.SOURCES[0]


@pytest.fixture(scope="module")
def archive(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """The archive of a source, followed; validated reports go back to it."""
    require(orthanc_server.missing())
    folder = tmp_path_factory.mktemp("archive")
    running = Orthanc(folder / "orthanc")
    running.start()
    login = folder / "login"
    login.write_text(":".join(LOGIN))
    ways = ["--orthanc-url", running.url, "--orthanc-login-file", str(login), "--return-archive"]
    manage(server, "source", SOURCE, *ways)
    followed = "SELECT count(orthanc_cursor) FROM source WHERE name = ?"
    until(lambda: look_up(server, followed, SOURCE))
    yield running
    running.end()


def verified(server: Server, path: Path) -> tuple[int, str]:
    """What `make verify-pdf` says of a file."""
    command = [sys.executable, "-m", "pacs_settings.verify_pdf", str(path)]
    done = subprocess.run(
        command, cwd=ROOT, env=server.environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def documents(archive: Orthanc, uid: str) -> list[pydicom.Dataset]:
    """The reports that the archive has of a study."""
    [found] = archive.ask("POST", "/tools/lookup", uid.encode())
    names = [one["ID"] for one in archive.ask("GET", f"/studies/{found['ID']}/instances")]
    files = [
        httpx.get(f"{archive.url}/instances/{name}/file", auth=LOGIN).content for name in names
    ]
    read = [pydicom.dcmread(io.BytesIO(file)) for file in files]
    return [one for one in read if "EncapsulatedDocument" in one]


def test_a_study_is_reported_signed_sealed_and_back_in_its_archive(
    page: Page, server: Server, archive: Orthanc, tmp_path: Path
) -> None:
    made = image(StudyDescription="CT of the archive")
    archive.put(made)
    uid = str(made.StudyInstanceUID)
    until(lambda: look_up(server, "SELECT count(*) FROM report WHERE subject = ?", uid))
    sign_in(page, AN)
    sign(page)
    page.goto("/reports")
    ready(page)
    page.get_by_role("link", name="CT of the archive").click()
    ready(page)
    page.get_by_role("textbox", name="Report", exact=True).fill("No fracture.\nNo fluid.")
    page.get_by_role("textbox", name="Conclusion").fill("Normal.")
    page.get_by_role("button", name="Save and validate").click()
    download = page.get_by_role("link", name="Download PDF")
    expect(download).to_be_visible()
    with page.expect_download() as given:
        download.click()
    path = tmp_path / "report.pdf"
    given.value.save_as(path)
    assert "Dupont" not in given.value.suggested_filename
    code, told = verified(server, path)
    assert (code, "not changed since" in told) == (0, True), told
    [stored] = until(lambda: documents(archive, uid))
    assert stored.StudyInstanceUID == uid
    assert stored.PatientID == "P1"
    length = stored.EncapsulatedDocumentLength
    assert stored.EncapsulatedDocument[:length] == path.read_bytes()
    page.reload()
    ready(page)
    back = page.get_by_role("list", name="On its way back to the source")
    expect(back).to_contain_text("Has the report")
    changed = bytearray(path.read_bytes())
    changed[len(changed) // 3] ^= 1
    path.write_bytes(changed)
    code, told = verified(server, path)
    assert (code, told.partition(":")[0]) == (1, "CHANGED")
