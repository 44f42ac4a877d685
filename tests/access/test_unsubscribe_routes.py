"""The link that stops e-mails of one switch, signed out."""

from typing import Any

import pytest

from pacs_settings.core.studies import notices
from pacs_settings.core.tables import StudyKind
from tests.access.browser import CLIENT, LINK, Browser, contents, execute, rows
from tests.conftest import Server


@pytest.fixture
def line(server: Server) -> int:
    execute(server, "UPDATE mapping SET on_study = 1, on_report = 1 WHERE account_id = 1")
    return int(rows(server, "SELECT min(id) FROM mapping WHERE account_id = 1")[0][0])


def link(line: int, kind: StudyKind = StudyKind.STUDY) -> str:
    return f"/link/unsubscribe/{notices.token(1, line, kind)}"


def switches(server: Server, line: int) -> tuple[Any, ...]:
    return rows(server, "SELECT on_study, on_report FROM mapping WHERE id = ?", line)[0]


def test_opening_it_does_nothing(server: Server, line: int):
    before = contents(server)
    for _ in range(3):
        answer = Browser(server).get(link(line))
        assert (answer.status_code, answer.headers["location"]) == (303, "/unsubscribe#study")
    assert CLIENT.head(f"{server.url}{link(line)}").status_code in (303, 405)
    assert contents(server) == before


@pytest.mark.parametrize("kind", list(StudyKind))
def test_one_click_of_a_mail_program_stops_it(server: Server, line: int, kind: StudyKind):
    """No cookie, no origin of ours: as RFC 8058 has it."""
    answer = CLIENT.post(
        f"{server.url}{link(line, kind)}",
        content="List-Unsubscribe=One-Click",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 200
    assert switches(server, line) == ((0, 1) if kind == StudyKind.STUDY else (1, 0))


def test_the_button_of_the_page_stops_it(server: Server, line: int):
    browser = Browser(server)
    browser.keep(browser.get(link(line)))
    assert LINK in browser.jar
    assert browser.get("/unsubscribe").status_code == 200
    answer = browser.post("/auth/link/unsubscribe")
    assert answer.headers["location"] == "/unsubscribe#stopped"
    assert switches(server, line) == (0, 1)
    assert LINK not in browser.jar


def test_the_button_works_from_our_page_only(server: Server, line: int):
    browser = Browser(server)
    browser.keep(browser.get(link(line)))
    assert browser.post("/auth/link/unsubscribe", Origin="https://evil.example").status_code == 403
    assert switches(server, line) == (1, 1)


@pytest.mark.parametrize("bad", ["x", "1.s.", "1.s.00000000000000000000000000000000", "%00", "é"])
def test_what_was_not_signed_does_nothing(server: Server, line: int, bad: str):
    before = contents(server)
    browser = Browser(server)
    browser.keep(browser.get(f"/link/unsubscribe/{bad}"))
    answer = browser.post("/auth/link/unsubscribe")
    assert answer.headers["location"] == "/unsubscribe#unsubscribe_invalid"
    assert CLIENT.post(f"{server.url}/link/unsubscribe/{bad}").status_code == 404
    assert contents(server) == before


def test_it_signs_nobody_in_and_is_no_other_link(server: Server, line: int):
    browser = Browser(server)
    browser.keep(browser.get(link(line)))
    assert browser.get("/settings/mappings").headers["location"] == "/login"
    for path in ("/auth/link/lock", "/auth/link/password", "/auth/link/code"):
        browser.post(path, {"code": "123456", "new": "x" * 20, "again": "x" * 20})
    states = "SELECT count(*) FROM account WHERE state != 'active'"
    assert rows(server, states) == [(0,)]
