"""The service desk's command line."""

import pytest

from pacs_settings import manage
from pacs_settings.core.accounts import sessions
from pacs_settings.core.tables import AuditEntry
from tests import factories
from tests.factories import AN, SOFIE

pytestmark = pytest.mark.usefixtures("database")


def opened(username: str) -> str:
    return factories.session(factories.person(username))


@pytest.mark.asvs("7.4.5")
def test_the_sessions_of_one_account_end(capsys: pytest.CaptureFixture[str]) -> None:
    ones, other = [opened(AN), opened(AN)], opened(SOFIE)
    manage.main(["end-sessions", AN.upper()])
    assert [sessions.resolve(cookie) for cookie in ones] == [None, None]
    assert sessions.why_ended(ones[0]) == "ended_by_desk"
    assert sessions.resolve(other)
    assert capsys.readouterr().out == "2 sessions ended\n"


@pytest.mark.asvs("7.4.5")
def test_the_sessions_of_everybody_end(capsys: pytest.CaptureFixture[str]) -> None:
    cookies = [opened(AN), opened(SOFIE)]
    manage.main(["end-sessions", "--everybody"])
    assert [sessions.resolve(cookie) for cookie in cookies] == [None, None]
    manage.main(["end-sessions", "--everybody"])
    assert capsys.readouterr().out == "2 sessions ended\n0 sessions ended\n"


def test_it_is_audited() -> None:
    opened(AN)
    manage.main(["end-sessions", AN])
    [entry] = factories.rows(AuditEntry)
    assert (entry.tag, entry.actor_id) == ("desk:sessions:ended", None)
    assert entry.after == {"account": factories.person(AN).id, "count": 1}


def test_an_account_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    cookie = opened(AN)
    assert manage.main(["end-sessions", "nobody@demo.example"]) == 1
    assert "address" in capsys.readouterr().err
    assert sessions.resolve(cookie)
    assert factories.rows(AuditEntry) == []


@pytest.mark.parametrize("arguments", [[], ["end-sessions"], ["end-sessions", AN, "--everybody"]])
def test_half_an_act_is_none(arguments: list[str]) -> None:
    cookie = opened(AN)
    with pytest.raises(SystemExit) as left:
        manage.main(arguments)
    assert left.value.code == 2
    assert sessions.resolve(cookie)
