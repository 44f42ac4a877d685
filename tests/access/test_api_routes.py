"""What sources post over HTTP."""

from typing import Any

import pytest

from tests.access.browser import CLIENT, Browser, execute, rows
from tests.access.sources import EVENTS, Sender, events, study
from tests.conftest import Server


@pytest.fixture(scope="module")
def sender(server: Server) -> Sender:
    return Sender(server)


def test_a_study_is_taken_and_stored_when_it_is_answered(server: Server, sender: Sender):
    answer = sender.post(study("1.1"))
    assert (answer.status_code, answer.json()["new"]) == (201, True)
    found = rows(server, "SELECT id, study_instance_uid, message_key FROM study_event")
    assert (answer.json()["event"], "1.1") in [row[:2] for row in found]
    mapping = "SELECT name_at_source FROM mapping WHERE changed_at IS NOT NULL"
    assert rows(server, mapping) == [("PEETERS An",)] or rows(server, mapping) == []


def test_a_try_again_is_the_same_event(sender: Sender, server: Server):
    first = sender.post(study("1.2"), idempotency_key="again")
    before = events(server)
    again = sender.post(study("1.2"), idempotency_key="again")
    assert (again.status_code, again.json()) == (200, {**first.json(), "new": False})
    assert events(server) == before


def test_the_same_study_under_another_key_is_known(sender: Sender, server: Server):
    sender.post(study("1.3"))
    before = events(server)
    assert sender.post(study("1.3")).status_code == 200
    assert events(server) == before


def test_a_key_is_good_for_one_event(sender: Sender, server: Server):
    sender.post(study("1.4"), idempotency_key="one")
    before = events(server)
    answer = sender.post(study("1.5"), idempotency_key="one")
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    assert answer.headers["content-type"] == "application/problem+json"
    assert events(server) == before


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", "Basic abc"])
def test_without_its_token_nobody_is_heard(server: Server, sender: Sender, token: str):
    before = events(server)
    answer = sender.post(study("1.6"), authorization=token)
    assert (answer.status_code, answer.json()["code"]) == (401, "token")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert events(server) == before


def test_a_former_token_ends(server: Server):
    former = Sender(server)
    execute(server, "UPDATE source_token SET expires_at = datetime('now', '+1 day')")
    assert former.post(study("1.7")).status_code == 201
    execute(server, "UPDATE source_token SET expires_at = datetime('now', '-1 second')")
    assert former.post(study("1.8")).status_code == 401
    execute(server, "UPDATE source_token SET expires_at = NULL")


def test_a_session_is_no_token(server: Server, sender: Sender):
    browser = Browser(server).sign_in("an.peeters@demo.example")
    answer = CLIENT.post(
        f"{server.url}{EVENTS}",
        json=study("1.9"),
        headers={**browser.headers(), "idempotency-key": "k"},
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (study("1.2", kind="image"), "kind"),
        (study("1.2", referrers=[]), "referrers"),
        (study("1.2", referrers=[{"number": ""}]), "referrers.0.number"),
        (study("1.2", patient_name="Janssens"), "patient_name"),
        (study("1.2", studied_on="2026-13-01"), "studied_on"),
        (study("1.2", description="x" * 201), "description"),
        (study("1" * 65), "study_instance_uid"),
        ([], ""),
        (b"{", ""),
        (b"\xff\xfe", ""),
    ],
)
def test_what_is_wrong_is_told_without_the_value(
    server: Server, sender: Sender, event: Any, field: str
):
    before = events(server)
    answer = sender.post(event)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_valid")
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert "Janssens" not in answer.text
    assert events(server) == before


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (study(""), "no_subject"),
        (study("1.x"), "uid_invalid"),
        (study("1.2", status="final"), "status_missing"),
        (study("1.2", kind="report"), "status_missing"),
    ],
)
def test_what_core_refuses_has_its_code(sender: Sender, event: Any, code: str):
    answer = sender.post(event)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize("key", ["", "x" * 101, "é"])
def test_a_key_is_needed(sender: Sender, key: str):
    try:
        answer = sender.post(study("1.2"), idempotency_key=key)
    except UnicodeEncodeError:
        return  # the client itself refuses
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key")


def test_json_of_a_sensible_size_is_needed(sender: Sender):
    assert sender.post(study("1.2"), content_type="text/plain").status_code == 415
    huge = b'{"kind": "' + b"x" * 200_000 + b'"}'
    assert sender.post(huge).status_code == 413


def test_every_status_of_a_report(sender: Sender, server: Server):
    for status in ("preliminary", "final", "corrected"):
        told = study("", kind="report", report_id="R7", status=status)
        assert sender.post(told).status_code == 201
    query = "SELECT status FROM study_event WHERE subject = 'R7' ORDER BY id"
    assert [row[0] for row in rows(server, query)] == ["preliminary", "final", "corrected"]


def test_the_document_tells_what_is_taken(server: Server):
    told = Browser(server).get("/api/v1/openapi.json").json()
    operation = told["paths"][EVENTS]["post"]
    assert set(operation["responses"]) == {"200", "201", "400", "401", "413", "415", "422", "503"}
    schemas = told["components"]["schemas"]
    assert set(study("1")) <= set(schemas["StudyEvent"]["properties"])
    assert schemas["StudyEvent"]["additionalProperties"] is False
    assert "#/components/schemas/ReferrerIn" in str(schemas["StudyEvent"])
    assert "ReferrerIn" in schemas
