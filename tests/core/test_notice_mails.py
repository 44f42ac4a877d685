"""The e-mail about a study or report."""

from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacs_settings.adapters import mime
from pacs_settings.config import MAIL_LANGUAGES, config
from pacs_settings.core import notice_mails
from pacs_settings.core.ports import Letter
from tests.core.test_greetings import Person

TOLD: dict[str, Any] = {
    "mapping": 7,
    "source": "UZ Demo Radiology",
    "status": "",
    "initials": "J.V.",
    "description": "CT thorax",
    "date": "2026-03-02",
    "uid": "1.2.3.4",
    "accession": "A-4711",
}
ANY = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=60)


def letter(template: str = "study", language: str = "en", **values: Any) -> Letter:
    person: Any = Person(language)
    person.account_id = 1
    return notice_mails.render(person, template, {**TOLD, **values})


class Words(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[str] = []
        self.silent = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.silent = tag in ("style", "title")

    def handle_endtag(self, tag: str) -> None:
        self.silent = False

    def handle_data(self, data: str) -> None:
        if data.strip() and not self.silent:
            self.found.append(" ".join(data.split()))


@pytest.mark.parametrize("language", MAIL_LANGUAGES)
@pytest.mark.parametrize("template", ["study", "report"])
def test_the_subject_and_headers_tell_nothing_about_the_patient(
    language: str, template: str
) -> None:
    found = letter(template, language, status="corrected" if template == "report" else "")
    sent = mime.message("id@pacs", "an@demo.example", found).partition(b"\n\n")[0].decode()
    for secret in ("J.V.", "CT thorax", "1.2.3.4", "A-4711", "2026-03-02"):
        assert secret not in sent
    assert "UZ Demo Radiology" in found.subject


@pytest.mark.parametrize("language", MAIL_LANGUAGES)
def test_both_parts_tell_the_same(language: str) -> None:
    found = letter("report", language)
    words = " ".join(Words(found.html).found)
    for told in ("J.V.", "CT thorax", "UZ Demo Radiology"):
        assert told in found.body
        assert told in words
    assert "A-4711" not in found.body + found.html
    assert f'<html lang="{language}">' in found.html


@pytest.mark.parametrize("language", MAIL_LANGUAGES)
def test_each_state_of_a_report_is_told_apart(language: str) -> None:
    states = ("preliminary", "final", "corrected")
    subjects = {letter("report", language, status=state).subject for state in states}
    assert len(subjects) == 3
    assert letter("report", language, status="final").subject == letter("report", language).subject


def test_what_is_not_known_is_said_to_be_so() -> None:
    found = letter(initials="", description="", date="")
    assert found.body.count("not given") == 3


@given(ANY, ANY, ANY)
def test_no_word_of_a_source_becomes_markup(initials: str, description: str, source: str) -> None:
    values = {"initials": initials, "description": description, "source": source or "x"}
    plain = Words(letter().html).tags
    assert Words(letter(**values).html).tags == plain


@given(ANY.filter(str.strip))
def test_no_header_can_be_smuggled_in(source: str) -> None:
    sent = mime.message("id@pacs", "an@demo.example", letter(source=f"{source} Bcc: x@y"))
    names = [
        line.partition(b":")[0]
        for line in sent.partition(b"\n\n")[0].split(b"\n")
        if line[:1] > b" "
    ]
    assert names.count(b"Bcc") == 0
    assert names.count(b"Subject") == 1


@given(st.text(max_size=60))
def test_a_source_of_any_name_gives_one_line(source: str) -> None:
    found = letter(source=f"{source}\r\nBcc: x@y\v\u2028\x00{source}")
    assert len(f"x{found.subject}x".splitlines()) == 1
    assert found.subject.isprintable()
    sent = mime.message("id@pacs", "an@demo.example", found, on_the_wire=True)
    assert b"\nBcc" not in sent.partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize("kind", ["study", "report"])
def test_one_click_stops_it(kind: str) -> None:
    """RFC 8058, 3.1: both headers, the link by https where the portal is, in one piece."""
    found = letter(kind)
    assert found.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = found.headers["List-Unsubscribe"]
    assert f"/link/unsubscribe/7.{kind[0]}." in link
    assert link.strip("<>") in found.body
    assert found.headers["List-Id"] == "<notices.localhost>"
    sent = mime.message("id@pacs", "an@demo.example", found, on_the_wire=True)
    assert f"\r\nList-Unsubscribe: {link}\r\n".encode() in sent
    assert b"\r\nAuto-Submitted: auto-generated\r\n" in sent


def test_it_leads_to_the_study_where_there_is_a_viewer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "1.2.3.4" not in letter().body
    monkeypatch.setenv("PACS_STUDY_URL", "https://viewer.example/?study={uid}")
    config.cache_clear()
    try:
        assert "https://viewer.example/?study=1.2.3.4" in letter().body
        assert "viewer.example" not in letter(uid="").body
    finally:
        config.cache_clear()
