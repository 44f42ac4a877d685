"""Mail as files."""

import email
import email.policy
import json
from datetime import timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest

from pacs_settings.adapters.file_outbox import FileOutbox
from pacs_settings.config import config
from pacs_settings.core import clock, db, delivery, outbox
from pacs_settings.core.ports import Letter
from tests import factories
from tests.factories import AN, HERE
from tests.fakes import FakeTexter


def read(path: Path) -> EmailMessage:
    parsed = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def text(mail: EmailMessage) -> str:
    body = mail.get_body()
    assert body is not None
    return str(body.get_content())


def test_a_message_becomes_one_whole_file(tmp_path: Path) -> None:
    FileOutbox(tmp_path / "outbox").send(
        "abc@pacs", AN, Letter("Geändert: €", "Línea één\n\nend\n")
    )
    [path] = (tmp_path / "outbox").iterdir()
    assert path.name == "abc.eml"
    mail = read(path)
    assert (mail["To"], mail["From"], mail["Subject"]) == (AN, config().mail_from, "Geändert: €")
    assert mail["Message-ID"] == "<abc@pacs>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime.tzinfo is not None
    assert text(mail) == "Línea één\n\nend\n"


def test_the_same_message_again_is_the_same_file(tmp_path: Path) -> None:
    mailer = FileOutbox(tmp_path)
    for _ in range(2):
        mailer.send("abc@pacs", AN, Letter("Subject", "Body"))
    assert [path.name for path in tmp_path.iterdir()] == ["abc.eml"]


@pytest.mark.parametrize("part", ["to", "subject"])
def test_no_header_can_be_smuggled_in(tmp_path: Path, part: str) -> None:
    values = {"to": AN, "subject": "Subject"} | {part: "x@demo.example\nBcc: y@demo.example"}
    with pytest.raises(ValueError):
        FileOutbox(tmp_path).send("abc@pacs", values["to"], Letter(values["subject"], "Body"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_is_a_failure_of_the_outside_world(tmp_path: Path) -> None:
    mailer = FileOutbox(tmp_path / "outbox")
    (tmp_path / "outbox").rmdir()
    with pytest.raises(OSError):
        mailer.send("abc@pacs", AN, Letter("Subject", "Body"))


def test_what_core_puts_arrives_once(database: str, tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    with db.writing() as session:
        outbox.put_alert(session, factories.person(AN), "factor_added", HERE, "Mijn télé")
    mailer = FileOutbox(folder)
    factories.together(*[partial(delivery.send_due, mailer, FakeTexter())] * 3)
    assert delivery.send_due(mailer, FakeTexter()) == 0
    [path] = folder.iterdir()
    mail = read(path)
    assert mail["To"] == AN
    assert text(mail).startswith("Dear Dr Peeters,\n\n")
    assert "Mijn télé" in text(mail)


def test_identifiers_are_safe_as_names_of_files(database: str, tmp_path: Path) -> None:
    with db.writing() as session:
        for _ in range(20):
            outbox.put_alert(session, factories.person(AN), "password_changed", HERE)
    mailer = FileOutbox(tmp_path / "outbox")
    assert sum(delivery.send_due(mailer, FakeTexter()) for _ in range(3)) == 20
    assert len(list((tmp_path / "outbox").glob("*.eml"))) == 20


# Text messages.


def sms(folder: Path) -> list[dict[str, str]]:
    return [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.sms.json"))]


def test_a_text_message_becomes_one_whole_file(tmp_path: Path) -> None:
    FileOutbox(tmp_path / "outbox").send_text("abc@pacs", "+32470123456", "Één code: 123456 €")
    [path] = (tmp_path / "outbox").iterdir()
    assert path.name == "abc.sms.json"
    assert "Één" in path.read_text(encoding="utf-8")
    assert sms(tmp_path / "outbox") == [{"to": "+32470123456", "text": "Één code: 123456 €"}]


def test_the_same_text_message_again_is_the_same_file(tmp_path: Path) -> None:
    texter = FileOutbox(tmp_path)
    for _ in range(2):
        texter.send_text("abc@pacs", "+32470123456", "123456")
    assert [path.name for path in tmp_path.iterdir()] == ["abc.sms.json"]


def test_nobody_sees_half_a_text_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, _content: bytes) -> int:
        path.touch()
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError):
        FileOutbox(tmp_path).send_text("abc@pacs", "+32470123456", "123456")
    assert sms(tmp_path) == []


def test_a_text_message_without_its_folder_did_not_leave(tmp_path: Path) -> None:
    texter = FileOutbox(tmp_path / "outbox")
    (tmp_path / "outbox").rmdir()
    with pytest.raises(OSError):
        texter.send_text("abc@pacs", "+32470123456", "123456")


def test_a_code_that_core_puts_arrives_once(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    until = clock.now() + timedelta(minutes=10)
    with db.writing() as session:
        someone = factories.person(AN)
        outbox.put_code(session, someone, "sms", "+32470123456", HERE, "123456", until)
    files = FileOutbox(folder)
    factories.together(*[partial(delivery.send_due, files, files)] * 3)
    [message] = sms(folder)
    assert message["to"] == "+32470123456"
    assert message["text"].startswith("123456 ")
