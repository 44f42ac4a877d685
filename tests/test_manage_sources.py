"""Sources, numbers that nobody has and group practices, on the command line."""

from pathlib import Path

import pytest

from pacs_settings import manage
from pacs_settings.core.accounts import numbers
from pacs_settings.core.studies import intake, sources
from pacs_settings.core.studies.events import Referrer
from pacs_settings.core.tables import GroupMember, Source
from tests import factories
from tests.core.studies.told import study
from tests.factories import AN, LEA

pytestmark = pytest.mark.usefixtures("database")
HOUSE = "Clinic"


def put(*arguments: str) -> int:
    return manage.main(["source", HOUSE, *arguments])


def stored() -> Source:
    [found] = factories.rows(Source, Source.name == HOUSE)  # type: ignore[arg-type]
    return found


def test_a_source_is_made_and_changed_value_by_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    login = tmp_path / "login"
    login.write_text("portal:secret\n")
    assert put("--orthanc-url", "http://127.0.0.1:8042/", "--orthanc-login-file", str(login)) == 0
    [archive] = [found for found in sources.archives() if found.name == HOUSE]
    assert (archive.url, archive.user) == ("http://127.0.0.1:8042", "portal")
    assert archive.password == "secret"
    assert put("--hl7-application", "RIS", "--hl7-address", "10.0.0.0/8", "--preliminary") == 0
    assert put("--number-kind", "riziv", "--number-kind", "big", "--no-preliminary") == 0
    found = stored()
    assert (found.orthanc_url, found.hl7_application) == ("http://127.0.0.1:8042", "RIS")
    assert (found.hl7_addresses, found.number_kinds) == (["10.0.0.0/8"], ["riziv", "big"])
    assert not found.preliminary
    said = capsys.readouterr()
    assert "secret" not in said.out + said.err + factories.everything()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--orthanc-url", "ftp://127.0.0.1"],
        ["--orthanc-url", "http://portal:secret@127.0.0.1"],
        ["--hl7-address", "10.0.0.0/99"],
        ["--number-kind", "shoe-size"],
    ],
)
def test_a_wrong_value_changes_nothing(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert put("--hl7-application", "RIS") == 0
    assert put("--hl7-application", "OTHER", *arguments) == 1
    said = capsys.readouterr().err
    assert said.strip()
    assert "{" not in said
    assert "Traceback" not in said
    assert stored().hl7_application == "RIS"


def test_a_token_is_printed_once_and_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert put() == 0
    assert manage.main(["source-token", HOUSE]) == 0
    token = capsys.readouterr().out.strip()
    assert sources.of_token(token) == stored().id
    assert token not in factories.everything()
    assert manage.main(["source-token", "Nowhere"]) == 1
    assert capsys.readouterr().err


def test_a_number_that_nobody_has_is_listed_until_it_is_linked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    number = numbers.riziv(311_111, 4)
    intake.take(
        factories.source(HOUSE).id or 0, study(referrers=(Referrer(number, "DE NIEUWE Piet"),))
    )
    assert manage.main(["unmatched"]) == 0
    assert capsys.readouterr().out.split("\t")[:5] == [
        HOUSE,
        number,
        "DE NIEUWE Piet",
        "unknown",
        "1",
    ]
    assert manage.main(["link-number", AN, "riziv", number]) == 0
    assert capsys.readouterr().out == "1 waiting event matched\n"
    assert manage.main(["unmatched"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        [AN, "riziv", "123"],
        [AN, "shoe-size", "44"],
        ["nobody@demo.example", "riziv", numbers.riziv(311_111, 4)],
        [LEA, "riziv", numbers.riziv(123_456, 4)],
    ],
)
def test_a_number_that_does_not_fit_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert manage.main(["link-number", *arguments]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip()
    assert "Traceback" not in said.err


def test_a_group_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    before = len(factories.rows(GroupMember))
    assert manage.main(["group", "The Oak", AN, LEA]) == 0
    assert len(factories.rows(GroupMember)) == before + 2
    assert manage.main(["group", "The Oak", "nobody@demo.example"]) == 1
    assert "There is no account with this address." in capsys.readouterr().err
    assert len(factories.rows(GroupMember)) == before + 2
