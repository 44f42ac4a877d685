"""Text messages by a provider, over HTTP on loopback."""

import logging
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pacs_settings.adapters import apprise_sms
from pacs_settings.adapters.apprise_sms import AppriseTexter, NotSent
from pacs_settings.core import clock, db, delivery, outbox
from pacs_settings.core.tables import OutboxMessage
from tests import factories
from tests.adapters.faults import Behaviour, Faulty, closing, dripping, silent
from tests.conftest import free_port
from tests.factories import AN, HERE
from tests.fakes import FakeMailer
from tests.sink import Sink, listening

NUMBER = "+32470123456"
OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"


@pytest.fixture
def sink() -> Iterator[Sink]:
    with listening() as running:
        yield running


def send(url: str, text: str = "123456 is your one-time password.") -> None:
    AppriseTexter(url).send_text("abc@pacs", NUMBER, text)


def test_a_message_is_delivered_once_with_number_and_text(sink: Sink) -> None:
    send(sink.url())
    [(path, body)] = sink.posts
    assert path == f"/sms/{NUMBER}"
    assert body["message"] == "123456 is your one-time password."
    assert body["title"] == ""


def test_the_number_may_be_in_the_body(sink: Sink) -> None:
    send(sink.url("sms?:to={to}"))
    [(path, body)] = sink.posts
    assert (path, body["to"]) == ("/sms", NUMBER)


@pytest.mark.parametrize(
    "text", ["Uw code: één € 🩻", "100 % of {to} & <b>#1?</b>", "a line\nand another\\n :smile:"]
)
def test_a_text_arrives_as_it_is(sink: Sink, text: str) -> None:
    send(sink.url(), text)
    [(_, body)] = sink.posts
    assert body["message"] == text


@pytest.mark.parametrize("status", [302, 307, 400, 401, 429, 500, 503])
def test_what_the_provider_refuses_did_not_leave(sink: Sink, status: int) -> None:
    sink.status = status
    with pytest.raises(NotSent):
        send(sink.url())
    assert len(sink.posts) == 1  # not sent again here, and not to where it points


def test_a_provider_that_is_not_there(sink: Sink) -> None:
    with pytest.raises(OSError):
        send(f"json://127.0.0.1:{free_port()}/{{to}}")


@pytest.mark.timeout(30)  # Apprise itself would give up after a minute
@pytest.mark.parametrize("behave", [silent, dripping, closing])
def test_a_provider_that_does_not_answer_keeps_nobody_waiting(
    faulty: Callable[[Behaviour], Faulty], monkeypatch: pytest.MonkeyPatch, behave: Behaviour
) -> None:
    monkeypatch.setattr(apprise_sms, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(apprise_sms, "MOST_SECONDS", 1.0)
    server = faulty(behave)
    with pytest.raises(NotSent):
        send(server.url("json") + "/{to}")
    assert server.heard == 1


@pytest.mark.parametrize("url", ["json://host/{to}", "json://host/sms?:to={to}"])
def test_connecting_and_answering_have_limits(url: str) -> None:
    import apprise

    provider = apprise.Apprise.instantiate(apprise_sms._bounded(url))
    assert provider.request_timeout == (apprise_sms.CONNECT_SECONDS, apprise_sms.ANSWER_SECONDS)


@pytest.mark.parametrize("url", ["nobody://sekret/{to}", "twilio://sekret/{to}", "json://", "{to}"])
def test_a_url_that_says_nothing_is_told_without_it(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(NotSent):
        send(url)
    assert "PACS_SMS_URL" in caplog.text
    assert "sekret" not in caplog.text


@pytest.mark.parametrize("status", [200, 500])
def test_nothing_of_it_is_logged(sink: Sink, caplog: pytest.LogCaptureFixture, status: int) -> None:
    sink.status = status
    with caplog.at_level(1, logger=""):
        logging.getLogger("tests").debug("the log is listened to")
        try:
            send(sink.url("path-sekret/{to}"))
        except NotSent as failure:
            assert "sekret" not in repr(failure)
    assert "listened to" in caplog.text
    for told in ("sekret", NUMBER, NUMBER[1:], "123456", str(sink.port)):
        assert told not in caplog.text


def test_what_goes_wrong_within_says_nothing(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_url: str) -> str:
        raise RuntimeError("sekret")

    monkeypatch.setattr(apprise_sms, "_bounded", fail)
    with pytest.raises(NotSent) as refused:
        send(sink.url())
    assert str(refused.value) == "RuntimeError"
    assert refused.value.__suppress_context__
    assert "sekret" not in repr(AppriseTexter(sink.url()))


def documented() -> list[str]:
    """The URLs of the table in the operators' manual."""
    table = OPERATING.read_text().split("## Text messages")[1].split("## ")[0]
    return re.findall(r"\| `(\w+://[^`]+)` ", table)


SECRETS = {
    "ACCOUNT_SID": "AC" + "a" * 32,
    "AUTH_TOKEN": "b" * 32,
    "ACCESS_KEY": "A" + "K" * 19,
    "SECRET_KEY": "s" * 40,
    "AUTH_ID": "M" * 25,
    "SERVICE_PLAN_ID": "c" * 32,
    "API_TOKEN": "d" * 32,
    "API_KEY": "e" * 25,
    "KEY:SECRET": "abcdefgh:" + "f" * 16,
    "@TOKEN": "@" + "t" * 40,
    "FROM": "32470000000",
    "HOST": "gateway.example",
}


@pytest.mark.parametrize("url", [url for url in documented() if not url.startswith("smpp")])
def test_the_urls_of_the_manual_reach_the_number(url: str) -> None:
    import apprise

    for name, value in SECRETS.items():
        url = url.replace(name, value)
    provider = apprise.Apprise.instantiate(url.replace("{to}", "%2B32470123456"))
    assert provider is not None
    found = vars(provider).get("targets") or vars(provider).get("phone")
    if found is None:  # a gateway of one's own
        found = [provider.fullpath, *provider.payload_extras.values()]
    assert [place for place in found if "32470123456" in str(place)]
    assert len(found) == 1 or url.startswith("jsons")


def test_the_manual_names_providers() -> None:
    assert len(documented()) > 10
    assert all("{to}" in url for url in documented())


# Through the outbox.


@pytest.fixture
def code(database: Path) -> str:
    """A code on its way by text message."""
    with db.writing() as session:
        someone = factories.person(AN)
        until = clock.now() + timedelta(minutes=10)
        outbox.put_code(session, someone, "sms", NUMBER, HERE, "123456", until)
    return "123456"


def test_a_code_reaches_the_phone_once(code: str, sink: Sink) -> None:
    texter = AppriseTexter(sink.url())
    assert delivery.send_due(FakeMailer(), texter) == 1
    assert delivery.send_due(FakeMailer(), texter) == 0
    [(path, body)] = sink.posts
    assert path.endswith(NUMBER)
    assert body["message"].startswith(code)


def test_a_code_that_was_refused_is_sent_later(code: str, sink: Sink) -> None:
    sink.status = 500
    assert delivery.send_due(FakeMailer(), AppriseTexter(sink.url())) == 0
    [row] = factories.rows(OutboxMessage)
    assert (row.problem, row.sent_at) == ("NotSent", None)
    sink.status = 200
    row.next_try = clock.now()
    factories.store(row)
    assert delivery.send_due(FakeMailer(), AppriseTexter(sink.url())) == 1
    assert len(sink.posts) == 2
