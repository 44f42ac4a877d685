"""From an image archive and a report system to a mailbox, through the product as it is served.

A real Orthanc, a real MLLP client and a real SMTP server; only the physician is made up.
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import httpx
import pytest
from hl7.client import MLLPClient
from pydicom.uid import generate_uid

from pacs_settings.core import demo
from pacs_settings.locale import text
from tests.access.browser import execute, rows
from tests.adapters import orthanc_server
from tests.adapters.mail_server import Post, Taken, receiving
from tests.adapters.orthanc_server import LOGIN, Orthanc, image
from tests.adapters.test_hl7_messages import PID, message, msh, obr, obx
from tests.conftest import ROOT, Server, free_port, require
from tests.e2e.people import until

SOURCE = demo.SOURCES[0]
NUMBER = "12345625004"
LANGUAGE = "fr"


@dataclass
class Department:
    """Radiology: its archive, its report system, our portal and the mail server behind it."""

    archive: Orthanc
    server: Server
    post: Post
    hl7_port: int


class Clinic:
    """The department as one test sees it: under a name of its own, from now on."""

    def __init__(self, department: Department, name: str) -> None:
        self.of, self.name, self.begun = department, name, len(department.post.taken)
        self.messages = 0

    def study(self, **tags: Any) -> None:
        """Store an image, and wait until the archive says that its study is whole."""
        self.of.archive.put(image(NUMBER, ReferringPhysicianName=self.name, **tags))

    def report(self, name: str, status: str, content: str = "Nothing.", again: bool = False) -> str:
        """Send a report; how it is acknowledged."""
        self.messages += not again
        header = msh(f10=f"{self.name}{self.messages}", f18="UNICODE UTF-8")
        physician = f"{NUMBER}^{self.name}"
        order = obr(f3=f"{name}{self.name}", f4="MR^MR genou", f16=physician, f25=status)
        sent = message(PID, order, obx(f5=content, f11=status), header=header)
        with MLLPClient("127.0.0.1", self.of.hl7_port) as client:
            answer = client.send_message(sent).decode()
        return next(line.split("|")[1] for line in answer.split("\r") if "MSA|" in line)

    def mails(self, count: int) -> list[EmailMessage]:
        """All e-mails so far, of which there are `count` before long."""
        until(lambda: len(self._taken()) >= count)
        assert len(self._taken()) == count
        return [taken.mail for taken in self._taken()]

    def _taken(self) -> list[Taken]:
        return self.of.post.taken[self.begun :]

    def tell_and_mail(self, count: int) -> EmailMessage:
        """The e-mail about a study that is told now: whatever was to leave before it has left."""
        self.study()
        return self.mails(count)[-1]

    def fates(self) -> list[str]:
        """What became of all that was told."""
        query = "SELECT fate FROM event_recipient WHERE name_at_source LIKE ? ORDER BY id"
        return [fate for (fate,) in rows(self.of.server, query, f"{self.name}%")]


@pytest.fixture(scope="module")
def department(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Department]:
    require(orthanc_server.missing())
    tmp_path = tmp_path_factory.mktemp("department")
    archive, port = Orthanc(tmp_path / "orthanc"), free_port()
    with receiving() as post:
        extra = {
            "PACS_SMTP_URL": f"smtp://127.0.0.1:{post.port}?tls=none",
            "PACS_HL7_PORT": str(port),
        }
        server = Server(tmp_path / "portal", free_port(), extra)
        server.folder.mkdir()
        archive.start()
        server.start()
        try:
            _connect(archive, server)
            yield Department(archive, server, post, port)
        finally:
            server.stop()
            archive.end()


@pytest.fixture
def clinic(department: Department, request: pytest.FixtureRequest) -> Clinic:
    return Clinic(department, request.node.name.rpartition("_")[2])


def _connect(archive: Orthanc, server: Server) -> None:
    """What the service desk does, and wait until the archive is followed."""
    login = server.folder / "login"
    login.write_text(":".join(LOGIN))
    given = ["--orthanc-url", archive.url, "--orthanc-login-file", str(login)]
    given += ["--hl7-application", "RIS", "--hl7-facility", "CLINIC"]
    command = [sys.executable, "-m", "pacs_settings.manage", "source", SOURCE, *given]
    subprocess.run(command, check=True, cwd=ROOT, env=server.environment)
    execute(server, f"UPDATE account SET language = '{LANGUAGE}' WHERE username LIKE 'an.peeters%'")
    followed = "SELECT 1 FROM source WHERE name = ? AND orthanc_cursor IS NOT NULL"
    until(lambda: rows(server, followed, SOURCE))


def subject(what: str) -> str:
    return text(LANGUAGE, f"mail.notice.{what}.subject", source=SOURCE)


def plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_a_study_is_told_once_in_the_readers_language(clinic: Clinic) -> None:
    uid, series = generate_uid(), generate_uid()
    same = {"StudyInstanceUID": uid, "SeriesInstanceUID": series, "StudyDate": "20260302"}
    clinic.study(**same)
    [mail] = clinic.mails(1)
    assert mail["Subject"] == subject("study")
    told = plain(mail)
    assert told.startswith("Docteur,")
    assert "2 mars 2026" in told
    assert "J.D." in told
    assert "Dupont" not in mail.as_string()
    clinic.study(**same)  # an image that comes late
    again = clinic.tell_and_mail(2)
    assert uid not in plain(again)


def test_reports_are_told_as_the_switches_say(clinic: Clinic) -> None:
    assert clinic.report("R1", "P") == "AA"
    assert clinic.report("R1", "F") == "AA"
    assert clinic.report("R1", "F", again=True) == "AA"
    assert clinic.report("R1", "C", "Broken after all.") == "AA"
    assert clinic.report("R2", "C") == "AA"  # out of order
    assert clinic.report("R2", "F") == "AA"
    assert clinic.report("R2", "P") == "AA"
    expected = [subject(what) for what in ("report", "report_corrected", "report_corrected")]
    assert [mail["Subject"] for mail in clinic.mails(3)] == expected
    assert all("Broken" not in mail.as_string() for mail in clinic.mails(3))
    assert clinic.tell_and_mail(4)["Subject"] == subject("study")


def test_a_switch_that_is_off_is_obeyed(clinic: Clinic) -> None:
    first = clinic.tell_and_mail(1)
    link = str(first["List-Unsubscribe"]).strip("<>")
    answer = httpx.post(link, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    clinic.study()
    assert clinic.report("R1", "F") == "AA"  # its switch is another one
    mails = clinic.mails(2)
    assert [mail["Subject"] for mail in mails] == [subject("study"), subject("report")]
    until(lambda: len(clinic.fates()) == 3)
    assert sorted(clinic.fates()) == ["mailed", "mailed", "switched_off"]
    clinic.mails(2)
