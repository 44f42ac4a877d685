"""Sources, their tokens, and whom a message comes from."""

import pytest

from pacs_settings.core.errors import Refused
from pacs_settings.core.studies import sources
from pacs_settings.core.studies.sources import Ways
from pacs_settings.core.tables import AuditEntry, Source, SourceToken
from tests import factories, seen
from tests.core.conftest import Clock

pytestmark = pytest.mark.usefixtures("database")


def row(name: str) -> Source:
    [found] = factories.rows(Source, Source.name == name)  # type: ignore[arg-type]
    return found


def test_a_source_is_made_and_changed() -> None:
    sources.put("  New   Clinic ", Ways(orthanc_url="https://pacs.example:8042/"))
    sources.put("New Clinic", Ways(preliminary=True, number_kinds=["rpps"]))
    found = row("New Clinic")
    assert (found.orthanc_url, found.preliminary) == ("https://pacs.example:8042", True)
    assert found.number_kinds == ["rpps"]
    assert [entry.tag for entry in factories.rows(AuditEntry)] == ["source:changed"] * 2


def test_its_login_is_sealed_and_not_audited() -> None:
    sources.put("Clinic", Ways(orthanc_url="http://127.0.0.1:8042", orthanc_login="portal:s3cret"))
    assert "s3cret" not in seen.stored()
    [archive] = sources.archives()
    assert (archive.user, archive.password, archive.cursor) == ("portal", "s3cret", None)


def test_another_archive_is_followed_from_now() -> None:
    sources.put("Clinic", Ways(orthanc_url="http://127.0.0.1:8042"))
    sources.note(row("Clinic").id or 0, orthanc_cursor=7)
    sources.put("Clinic", Ways(preliminary=True))
    assert row("Clinic").orthanc_cursor == 7
    sources.put("Clinic", Ways(orthanc_url="http://127.0.0.1:8043"))
    assert row("Clinic").orthanc_cursor is None


@pytest.mark.parametrize(
    ("typed", "host", "port"),
    [("ris.example:2575", "ris.example", 2575), ("[::1]:99", "::1", 99), ("", "", 0)],
)
def test_where_reports_go_back_to(typed: str, host: str, port: int) -> None:
    sources.put("Clinic", Ways(result_address=typed, result_tls=True, return_archive=True))
    back = sources.destination(row("Clinic").id or 0)
    assert back
    assert (back.host, back.port, back.tls) == (host, port, True)
    assert back.archive is None  # as long as it has none
    sources.put("Clinic", Ways(orthanc_url="http://127.0.0.1:8042"))
    back = sources.destination(row("Clinic").id or 0)
    assert back
    assert back.archive
    assert back.host == host
    assert sources.destination(10**6) is None


@pytest.mark.parametrize(
    ("name", "ways", "code"),
    [
        ("", Ways(), "source_name"),
        ("x" * 121, Ways(), "source_name"),
        ("Clinic", Ways(orthanc_url="ftp://x"), "source_url"),
        ("Clinic", Ways(orthanc_url="http://user:password@x"), "source_url"),
        ("Clinic", Ways(hl7_addresses=["10.0.0.1/8"]), "source_address"),
        ("Clinic", Ways(number_kinds=["passport"]), "source_kind"),
        *(
            ("Clinic", Ways(result_address=typed), "source_result")
            for typed in (
                "ris",
                "ris:0",
                "ris:70000",
                ":2575",
                "u@ris:1",
                "ris:1/x",
                "a b:1",
                "é:1",
            )
        ),
    ],
)
def test_it_is_refused_with_the_reason(name: str, ways: Ways, code: str) -> None:
    with pytest.raises(Refused) as refused:
        sources.put(name, ways)
    assert refused.value.code == code
    assert not factories.rows(Source, Source.name == name)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("application", "facility", "address", "known"),
    [
        ("RIS", "NORTH", "10.1.2.3", True),
        ("RIS", "NORTH", "::ffff:10.1.2.3", True),
        ("RIS", "NORTH", "10.2.0.1", False),
        ("RIS", "NORTH", "127.0.0.1", False),
        ("RIS", "NORTH", "no address", False),
        ("RIS", "SOUTH", "10.1.2.3", False),
        ("", "", "10.1.2.3", False),
    ],
)
def test_a_report_comes_from_who_says_so_at_the_right_address(
    application: str, facility: str, address: str, known: bool
) -> None:
    ways = Ways(hl7_application="RIS", hl7_facility="NORTH", hl7_addresses=["10.1.0.0/16"])
    sources.put("Clinic", ways)
    assert (sources.of_hl7(application, facility, address) is not None) == known


def test_without_networks_only_this_machine_sends() -> None:
    sources.put("Clinic", Ways(hl7_application="RIS"))
    assert sources.of_hl7("RIS", "", "127.0.0.9") == row("Clinic").id
    assert sources.of_hl7("RIS", "", "192.0.2.1") is None


def test_a_token_is_told_once_and_stored_as_a_hash() -> None:
    source = factories.source("Clinic")
    token = sources.new_token("Clinic")
    assert token not in seen.stored()
    assert sources.of_token(token) == source.id
    assert sources.of_token(token[:-1]) is None
    assert sources.of_token("") is None


def test_a_former_token_works_for_another_day(moved: Clock) -> None:
    source = factories.source("Clinic")
    former = sources.new_token("Clinic")
    token = sources.new_token("Clinic")
    moved.forward(hours=23)
    assert sources.of_token(former) == sources.of_token(token) == source.id
    moved.forward(hours=2)
    assert (sources.of_token(former), sources.of_token(token)) == (None, source.id)
    sources.new_token("Clinic")
    assert len(factories.rows(SourceToken)) == 2


def test_a_source_that_is_not_there_gets_no_token() -> None:
    with pytest.raises(Refused) as refused:
        sources.new_token("Nowhere")
    assert refused.value.code == "source_unknown"


def test_what_was_wrong_is_kept_until_it_is_right() -> None:
    source = factories.source("Clinic")
    sources.note(source.id or 0, "ConnectError")
    assert (row("Clinic").problem, row("Clinic").seen_at) == ("ConnectError", None)
    sources.note(source.id or 0)
    assert row("Clinic").problem == ""
    assert row("Clinic").seen_at is not None
