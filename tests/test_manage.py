"""The service desk on the command line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pacs_settings import manage
from pacs_settings.core import db, delivery
from pacs_settings.core.outbox import Channel
from pacs_settings.core.reports import returning
from pacs_settings.core.tables import AccountState, Method, Source
from pacs_settings.locale import text
from tests import factories, seen
from tests.factories import AN
from tests.fakes import FakeMailer, FakeTexter

ROOT = Path(__file__).parents[1]
NEW = "new.one@demo.example"
INVITE = ["invite", NEW, "Noor", "Jacobs", "Flanders"]


@pytest.mark.usefixtures("database")
def test_each_command_does_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert manage.main([*INVITE, "--mobile", "0470 11 12 22"]) == 0
    made = factories.person(NEW)
    assert (made.first_name, made.last_name) == ("Noor", "Jacobs")
    assert (made.state, made.mobile_phone) == (AccountState.INVITED, "+32470111222")
    assert manage.main(["invite-again", NEW]) == 0
    assert len(seen.post().to(NEW)) == 2
    factories.change(AN, state=AccountState.LOCKED)
    assert manage.main(["unlock", AN]) == 0
    assert factories.person(AN).state == AccountState.ACTIVE
    factories.device(factories.person(AN))
    assert manage.main(["remove-factor", AN]) == 0
    assert factories.person(AN).second_factor == Method.NONE
    assert manage.main(["rebuild-search"]) == 0
    told = capsys.readouterr()
    assert told.out == "3 accounts can be found\n"  # of An, Jan and Léa; others show nothing
    assert told.err == ""


@pytest.mark.usefixtures("database")
def test_who_may_edit_reports_is_given_taken_and_listed(capsys: pytest.CaptureFixture[str]) -> None:
    source = factories.source()
    told = f"{source.name}\t{AN}\n"
    assert manage.main(["report-right", "give", AN, source.name]) == 0
    assert manage.main(["report-rights"]) == 0
    assert told in capsys.readouterr().out
    assert manage.main(["report-right", "take", AN, source.name]) == 0
    assert manage.main(["report-rights"]) == 0
    assert told not in capsys.readouterr().out


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["unlock", AN], "This account is not locked."),
        (["report-right", "give", AN, "Nowhere"], text("en", "refused.source_unknown")),
        (["unlock", "nobody@demo.example"], "There is no account with this address."),
        (["invite-again", AN], "This account is not waiting for its activation."),
        (["invite", "nobody", "No", "Body", "Flanders"], "Enter your full e-mail address"),
        (["invite", AN, "An", "Peeters", "Flanders"], "There is an account with this address"),
        (["invite", NEW, "", "Jacobs", "Flanders"], "Enter a first and a last name"),
        (["invite", NEW, "Noor", "Jacobs", "Atlantis"], "There is no region of this name."),
        (["remove-factor", AN], "This account has no second factor."),
        ([*INVITE, "--mobile", "0470"], text("en", "refused.phone_too_short")),
        ([*INVITE, "--mobile", "+32 2 555 12 12"], "cannot receive text messages"),
    ],
)
def test_a_refusal_is_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert manage.main(arguments) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err
    assert "{" not in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("arguments", [[], ["invite"], ["delete", AN], ["unlock"]])
def test_what_it_does_not_know_is_explained(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        manage.main(arguments)
    assert ended.value.code == 2
    assert "python -m pacs_settings.manage" in capsys.readouterr().err


# As its own process, as an operator runs it.


def run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PACS_", "REFLEX_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "pacs_settings.manage", *arguments],
        cwd=ROOT,
        env=kept | settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_works_on_the_database_of_the_server(database: str) -> None:
    settings = {"PACS_SECRET_KEY": os.environ["PACS_SECRET_KEY"]}
    settings["PACS_DATABASE_URL"] = database
    done = run(*INVITE, **settings)
    assert (done.returncode, done.stdout) == (0, "")
    assert "Traceback" not in done.stderr
    assert len(seen.post().to(NEW)) == 1


def test_without_the_servers_key_it_refuses_as_the_server_does(tmp_path: Path) -> None:
    done = run(*INVITE, PACS_DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "PACS_SECRET_KEY must be given in production" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_configuration_that_is_unfit_is_told_without_its_secrets(tmp_path: Path) -> None:
    key = "a-key-that-nobody-else-may-read"
    done = run(
        *INVITE,
        PACS_DATA_DIR=str(tmp_path),
        PACS_SECRET_KEY=key,
        PACS_BASE_URL="http://portal.example",
    )
    assert done.returncode == 1
    assert "PACS_BASE_URL without TLS" in done.stderr
    assert key[:8] not in done.stderr


def test_bytes_that_are_no_text_are_refused_like_any_other(database: str) -> None:
    settings = {"PACS_SECRET_KEY": os.environ["PACS_SECRET_KEY"]}
    settings["PACS_DATABASE_URL"] = database
    done = run("unlock", os.fsdecode(b"\xff@demo.example"), **settings)
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no account with this address." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("database")
def test_reports_that_are_not_back(capsys: pytest.CaptureFixture[str]) -> None:
    back = ["--result-address", "127.0.0.1:2575", "--no-result-tls", "--no-return-archive"]
    assert manage.main(["source", "Clinic", *back]) == 0
    clinic = next(row.id or 0 for row in factories.rows(Source) if row.name == "Clinic")
    with db.writing() as session:
        returning.put(session, factories.own(factories.person(AN)), clinic, 3, 31)
    delivery.send_portion(Channel.RESULT, FakeMailer(), FakeTexter())
    assert manage.main(["returns"]) == 0
    told = capsys.readouterr().out.split("\t")
    assert told[:6] == ["31", "result", "Clinic", "waiting", "no way back is set up", "1"]
    assert manage.main(["return-again", "31"]) == 0
    assert "0 returns tried again" in capsys.readouterr().out
