"""Mail by SMTP, at a real server that misbehaves at every stage."""

import logging
import select
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from pacs_settings.adapters import smtp
from pacs_settings.adapters.smtp import SmtpMailer
from pacs_settings.config import config
from pacs_settings.core import clock, db, delivery, outbox
from pacs_settings.core.outbox import Channel
from pacs_settings.core.ports import Away, Letter, NotAccepted
from pacs_settings.core.tables import OutboxMessage
from tests import factories
from tests.adapters.certificates import Authority
from tests.adapters.faults import Faulty, dripping, endless_hello, silent
from tests.adapters.mail_server import CLOSE, PASSWORD, STALL, USER, Post, context, receiving
from tests.conftest import free_port
from tests.factories import AN, HERE, JAN, SOFIE
from tests.fakes import FakeTexter

LETTER = Letter("Subject of it", "Body of it\n")
STAGES = ("MAIL", "RCPT", "DATA", "END")


@pytest.fixture
def server(authority: Authority) -> Iterator[Post]:
    """One that offers STARTTLS and takes nothing without."""
    certificate = authority.sign("127.0.0.1")
    with receiving(tls_context=context(certificate), require_starttls=True) as post:
        yield post


@pytest.fixture
def plain() -> Iterator[Post]:
    with receiving() as post:
        yield post


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def mailer(server: Post, authority: Authority, opened: ExitStack) -> SmtpMailer:
    return made(opened, f"smtp://127.0.0.1:{server.port}?ca={authority.file}")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT", 0.3)


def made(opened: ExitStack, url: str) -> SmtpMailer:
    mailer = SmtpMailer(url)
    opened.callback(mailer.close)
    return mailer


def send(mailer: SmtpMailer, to: str = AN, letter: Letter = LETTER) -> None:
    mailer.send("abc@pacs-settings", to, letter)


def away(mailer: SmtpMailer) -> str:
    with pytest.raises(Away) as caught:
        send(mailer)
    return str(caught.value)


# Getting through.


def test_a_message_arrives_inside_tls(server: Post, mailer: SmtpMailer) -> None:
    send(mailer)
    [taken] = server.taken
    assert taken.encrypted
    assert (taken.sender, taken.recipients) == ("no-reply@pacs-settings.example", [AN])
    assert taken.mail["Message-ID"] == "<abc@pacs-settings>"
    assert taken.mail["Subject"] == "Subject of it"
    assert taken.mail.get_content() == "Body of it\r\n".replace("\r\n", "\n")


def test_a_server_that_offers_no_tls_gets_nothing(plain: Post, opened: ExitStack) -> None:
    assert away(made(opened, f"smtp://127.0.0.1:{plain.port}")) == "no STARTTLS offered"
    assert set(plain.said) <= {"CONNECT", "EHLO"}
    assert plain.taken == []


def test_a_server_that_takes_starttls_back_gets_nothing(server: Post, mailer: SmtpMailer) -> None:
    server.faults["STARTTLS"] = ["454 4.7.0 not now"]
    assert away(mailer) == "454 4.7.0"
    assert "MAIL" not in server.said


def test_a_certificate_of_a_stranger_is_refused(
    server: Post, opened: ExitStack, tmp_path: Path
) -> None:
    other = Authority(tmp_path)
    url = f"smtp://{USER}:x@127.0.0.1:{server.port}"
    for mailer in (made(opened, f"{url}?ca={other.file}"), made(opened, url)):
        assert away(mailer) == "SSLCertVerificationError"
    assert server.taken == []
    assert {"AUTH", "MAIL"} & set(server.said) == set()


def test_a_certificate_of_another_name_is_refused(
    server: Post, opened: ExitStack, authority: Authority
) -> None:
    mailer = made(opened, f"smtp://localhost:{server.port}?ca={authority.file}")
    assert away(mailer) == "SSLCertVerificationError"
    assert server.taken == []


def test_old_tls_is_refused(authority: Authority, opened: ExitStack) -> None:
    old = context(authority.sign("127.0.0.1"))
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with receiving(tls_context=old) as post:
        mailer = made(opened, f"smtp://127.0.0.1:{post.port}?ca={authority.file}")
        assert away(mailer) in (
            "SSLError",
            "SSLEOFError",
            "SSLZeroReturnError",
            "ConnectionResetError",
        )
        assert post.taken == []


def test_tls_from_the_first_byte(authority: Authority, opened: ExitStack) -> None:
    with receiving(context(authority.sign("127.0.0.1"))) as post:
        mailer = made(opened, f"smtps://127.0.0.1:{post.port}?ca={authority.file}")
        send(mailer)
        send(mailer)
        assert [taken.encrypted for taken in post.taken] == [True, True]
        assert post.connections == 1
        assert "STARTTLS" not in post.said
        stranger = made(opened, f"smtps://127.0.0.1:{post.port}")
        assert away(stranger) == "SSLCertVerificationError"


def test_on_this_machine_without_tls_where_told(plain: Post, opened: ExitStack) -> None:
    send(made(opened, f"smtp://127.0.0.1:{plain.port}?tls=none"))
    [taken] = plain.taken
    assert not taken.encrypted


@pytest.mark.parametrize(("password", "told"), [(PASSWORD, ""), ("wrong", "535 5.7.8")])
def test_it_logs_in(authority: Authority, opened: ExitStack, password: str, told: str) -> None:
    tls = context(authority.sign("127.0.0.1"))
    with receiving(tls_context=tls, require_starttls=True, auth_required=True) as post:
        signed = f"{USER}:{quote(password, safe='')}"
        mailer = made(opened, f"smtp://{signed}@127.0.0.1:{post.port}?ca={authority.file}")
        if told:
            assert away(mailer) in (
                told,
                "SMTPServerDisconnected",
            )  # after so many tries they may leave
        else:
            send(mailer)
        assert set(post.logins) == {(USER.encode(), password.encode())}
        assert len(post.taken) == (not told)


def test_a_password_that_cannot_be_sent_keeps_everything_back(
    authority: Authority, opened: ExitStack
) -> None:
    tls = context(authority.sign("127.0.0.1"))
    with receiving(tls_context=tls, require_starttls=True, auth_required=True) as post:
        url = f"smtp://{USER}:{quote('gehëim')}@127.0.0.1:{post.port}?ca={authority.file}"
        assert away(made(opened, url)) == "UnicodeEncodeError"


def test_login_is_not_offered(opened: ExitStack, authority: Authority) -> None:
    tls = context(authority.sign("127.0.0.1"))
    nothing = {"auth_exclude_mechanism": ["LOGIN", "PLAIN"]}
    with receiving(tls_context=tls, require_starttls=True, **nothing) as post:
        url = f"smtp://{USER}:x@127.0.0.1:{post.port}?ca={authority.file}"
        assert away(made(opened, url)) in ("SMTPNotSupportedError", "SMTPException")
        assert post.logins == []


def test_it_says_its_own_name_without_looking_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for url, name in {
        "https://portal.example": "portal.example",
        "http://127.0.0.1:3000": "[127.0.0.1]",
        "http://[::1]:3000": "[IPv6:::1]",
    }.items():
        monkeypatch.setenv("PACS_BASE_URL", url)
        config.cache_clear()
        assert smtp._own_name() == name
    config.cache_clear()


# One connection for many messages.


def test_the_connection_is_used_again(server: Post, mailer: SmtpMailer) -> None:
    for _ in range(5):
        send(mailer)
    assert len(server.taken) == 5
    assert (server.connections, server.said.count("STARTTLS")) == (1, 1)
    assert "NOOP" not in server.said


def test_after_a_pause_it_is_asked_whether_it_is_still_one(
    server: Post, mailer: SmtpMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(mailer)
    monkeypatch.setattr(smtp, "IDLE", -1.0)
    send(mailer)
    assert (server.connections, server.said.count("NOOP")) == (1, 1)
    server.faults["NOOP"] = ["421 4.4.2 too long"]
    send(mailer)
    assert (server.connections, len(server.taken)) == (2, 3)


@pytest.mark.parametrize("idle", [-1.0, 5.0])
def test_one_that_they_closed_is_opened_again(
    server: Post, mailer: SmtpMailer, monkeypatch: pytest.MonkeyPatch, idle: float
) -> None:
    monkeypatch.setattr(smtp, "IDLE", idle)
    send(mailer)
    server.hang_up()
    assert mailer._link
    assert select.select([mailer._link.sock], [], [], 30)[0]
    send(mailer)
    assert (server.connections, len(server.taken)) == (2, 2)


@pytest.mark.parametrize("goodbye", ["421 4.7.0 enough of you", CLOSE])
def test_one_that_ends_as_the_next_message_begins_is_opened_again(
    server: Post, mailer: SmtpMailer, goodbye: Any
) -> None:
    send(mailer)
    server.faults["MAIL"] = [goodbye]
    send(mailer)
    assert (server.connections, len(server.taken)) == (2, 2)


# What goes wrong.


def test_nobody_listens(opened: ExitStack) -> None:
    assert away(made(opened, f"smtp://127.0.0.1:{free_port()}")) == "ConnectionRefusedError"


@pytest.mark.parametrize(
    "stage", ["CONNECT", "EHLO", "STARTTLS", "handshake", "MAIL", "RCPT", "DATA", "END"]
)
def test_a_server_that_says_nothing_more_is_away(
    server: Post, mailer: SmtpMailer, impatient: None, stage: str
) -> None:
    if stage == "handshake":
        server.faults["STARTTLS"] = [("220 go on", STALL)]
    else:
        server.faults[stage] = [STALL]
    assert away(mailer) in ("TimeoutError", "SMTPServerDisconnected")
    assert server.taken == []
    send(mailer)
    assert len(server.taken) == 1


@pytest.mark.parametrize("behaviour", [dripping, endless_hello, silent])
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_server_that_drips_is_cut_off(
    opened: ExitStack, monkeypatch: pytest.MonkeyPatch, behaviour: Any, scheme: str
) -> None:
    monkeypatch.setattr(smtp, "LONGEST", 0.5)
    server = Faulty(behaviour)
    opened.callback(server.close)
    assert away(made(opened, server.url(scheme)))


@pytest.mark.parametrize("stage", [*STAGES, "CONNECT", "EHLO", "STARTTLS"])
def test_a_server_that_leaves_is_away(server: Post, mailer: SmtpMailer, stage: str) -> None:
    server.faults[stage] = [CLOSE]
    assert away(mailer)
    send(mailer)
    assert len(server.taken) == 1


@pytest.mark.parametrize("stage", STAGES)
def test_not_now_is_for_everybody(server: Post, mailer: SmtpMailer, stage: str) -> None:
    server.faults[stage] = ["421 4.3.2 going down"]
    assert away(mailer) == "421 4.3.2"
    send(mailer)
    assert (server.connections, len(server.taken)) == (2, 1)


@pytest.mark.parametrize("reply", ["554 5.7.1 not you", "450 4.7.1 not yet", "530 5.7.0 who?"])
def test_whom_they_take_nothing_from_waits_with_everything(
    server: Post, mailer: SmtpMailer, reply: str
) -> None:
    server.faults["MAIL"] = [reply]
    assert away(mailer) == reply[:9]


def test_a_message_that_is_too_large_for_them_is_no_matter_of_others(
    server: Post, mailer: SmtpMailer
) -> None:
    server.faults["MAIL"] = ["552 5.3.4 too large"]
    with pytest.raises(NotAccepted) as caught:
        send(mailer)
    assert caught.value.final


@pytest.mark.parametrize("stage", ["RCPT", "DATA", "END"])
@pytest.mark.parametrize(
    ("reply", "told", "final"),
    [
        (f"550 5.1.1 <{AN}>: nobody of that name", "550 5.1.1", True),
        (f"451 4.7.1 <{AN}> come again", "451 4.7.1", False),
        (f"550 2.1.{AN} unknown", "550", True),
        ("554", "554", True),
    ],
)
def test_one_message_refused_is_no_matter_of_the_next(
    server: Post, mailer: SmtpMailer, stage: str, reply: str, told: str, final: bool
) -> None:
    server.faults[stage] = [reply]
    with pytest.raises(NotAccepted) as caught:
        send(mailer)
    assert (str(caught.value), caught.value.final) == (told, final)
    send(mailer)
    assert (server.connections, len(server.taken)) == (1, 1)


def test_a_server_that_cannot_forget_a_message_is_left(server: Post, mailer: SmtpMailer) -> None:
    server.faults |= {"DATA": ["451 no"], "RSET": ["500 what?"]}
    with pytest.raises(NotAccepted):
        send(mailer)
    send(mailer)
    assert (server.connections, len(server.taken)) == (2, 1)


# What is sent.


def test_long_lines_and_dots_arrive_as_they_were(server: Post, mailer: SmtpMailer) -> None:
    body = f".\n..\n.dotted\n{'long ' * 400}\n{'x' * 3000}\nFrom here\n=3D\nÉén 数 \U0001f600\n"
    send(mailer, letter=Letter("Long", body, f"<p>{'é' * 4000}</p>"))
    [taken] = server.taken
    assert max(map(len, taken.content.split(b"\r\n"))) <= 998
    assert taken.content.isascii()
    parts = [part.get_content().replace("\r\n", "\n") for part in taken.mail.iter_parts()]
    assert parts == [body, f"<p>{'é' * 4000}</p>"]


def test_a_subject_beyond_ascii_is_folded_as_it_should_be(server: Post, mailer: SmtpMailer) -> None:
    subject = "Rapport définitif : " + "Hôpital Érasme – Médecine nucléaire " * 8 + "x" * 300
    link = "<https://portal.example/link/unsubscribe/" + "x" * 200 + ">"
    send(mailer, letter=Letter(subject, "Body", "", {"List-Unsubscribe": link}))
    [taken] = server.taken
    head = taken.content.split(b"\r\n\r\n")[0]
    assert taken.mail["Subject"] == subject
    assert f"List-Unsubscribe: {link}\r\n".encode() in taken.content
    lines = [line for line in head.split(b"\r\n") if b"=?" in line]
    assert lines
    assert max(map(len, lines)) <= 78  # RFC 5322, 2.1.1


def test_a_domain_beyond_ascii_is_written_by_idna(server: Post, mailer: SmtpMailer) -> None:
    send(mailer, to="an@ziekenhüis.example")
    [taken] = server.taken
    assert taken.recipients == ["an@xn--ziekenhis-w9a.example"]
    assert taken.mail["To"] == "an@xn--ziekenhis-w9a.example"


def test_a_name_beyond_ascii_is_given_up_alone(server: Post, mailer: SmtpMailer) -> None:
    with pytest.raises(NotAccepted) as caught:
        send(mailer, to="josé@demo.example")
    assert caught.value.final
    assert "jos" not in str(caught.value)
    send(mailer)
    assert len(server.taken) == 1


@pytest.mark.parametrize("to", ["x@demo.example\r\nBcc: y@demo.example", "x@d.example\nRSET"])
def test_no_command_can_be_smuggled_in(server: Post, mailer: SmtpMailer, to: str) -> None:
    with pytest.raises((ValueError, NotAccepted)):
        send(mailer, to=to)
    send(mailer)
    assert len(server.taken) == 1


# What delivery makes of it.


def put(*usernames: str) -> None:
    for username in usernames:
        with db.writing() as session:
            outbox.put_alert(session, factories.person(username), "factor_added", HERE, "Mijn gsm")


def deliver(mailer: SmtpMailer) -> delivery.Portion:
    return delivery.send_portion(Channel.MAIL, mailer, FakeTexter())


def rows() -> list[OutboxMessage]:
    return factories.rows(OutboxMessage)


@pytest.fixture
def later() -> Iterator[Any]:
    yield lambda **by: clock.shift(timedelta(**by))
    clock.shift(timedelta(0))


@pytest.mark.parametrize("stage", ["RCPT", "DATA", "END"])
def test_one_bad_recipient_holds_nobody_up(
    database: str, server: Post, mailer: SmtpMailer, stage: str, caplog: pytest.LogCaptureFixture
) -> None:
    put(AN, JAN, SOFIE)
    server.faults[stage] = [f"550 5.1.1 <{AN}> is unknown"]
    with caplog.at_level(logging.DEBUG):
        assert deliver(mailer).count == 2
    assert [taken.recipients for taken in server.taken] == [[JAN], [SOFIE]]
    first, *others = rows()
    assert (first.problem, first.next_try, first.sealed) == ("550 5.1.1", None, "")
    assert all(row.sent_at and row.tries == 1 for row in others)
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name != "mail.log")  # the server's
    assert f"message {first.message_id} is given up: 550 5.1.1" in ours
    for word in ("@demo.example", "Peeters", "Mijn gsm", "second factor", "is unknown"):
        assert word not in ours


@pytest.mark.parametrize("stage", ["RCPT", "DATA", "END"])
def test_what_is_refused_for_now_comes_again_as_the_same_message(
    database: str, server: Post, mailer: SmtpMailer, later: Any, stage: str
) -> None:
    put(AN, JAN)
    server.faults[stage] = ["451 4.7.1 greylisted"]
    portion = deliver(mailer)
    assert (portion.count, portion.away) == (1, "")
    assert rows()[0].next_try
    assert deliver(mailer).count == 0
    later(minutes=2)
    assert deliver(mailer).count == 1
    assert [taken.recipients for taken in server.taken] == [[JAN], [AN]]
    assert server.taken[1].mail["Message-ID"] == f"<{rows()[0].message_id}>"
    assert (rows()[0].tries, rows()[0].problem) == (2, "")


@pytest.mark.parametrize("fault", [CLOSE, "421 4.3.2 going down"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_server_that_is_away_costs_the_others_no_try(
    database: str, server: Post, mailer: SmtpMailer, later: Any, stage: str, fault: Any
) -> None:
    put(AN, JAN, SOFIE)
    server.faults[stage] = [fault]
    portion = deliver(mailer)
    assert portion.away
    assert [row.tries for row in rows()] == [1, 0, 0]
    assert deliver(mailer).count == 2  # whoever else was due does not wait for the first
    later(minutes=2)
    assert deliver(mailer).count == 1
    assert {row.problem for row in rows()} == {""}


def test_a_message_that_was_taken_but_not_told_so_comes_again_under_the_same_name(
    database: str, server: Post, mailer: SmtpMailer, later: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(AN)
    took = server.handle_DATA

    async def silently(*arguments: Any) -> str:
        answer = await took(*arguments)
        monkeypatch.undo()
        arguments[0].transport.abort()
        return answer

    monkeypatch.setattr(server, "handle_DATA", silently)
    assert deliver(mailer).away
    later(minutes=2)
    assert deliver(mailer).count == 1
    first, second = (taken.mail["Message-ID"] for taken in server.taken)
    assert first == second


def test_nothing_is_told_of_a_server_that_is_away(
    database: str, opened: ExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    put(AN)
    url = f"smtp://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{free_port()}"
    with caplog.at_level(logging.DEBUG):
        assert deliver(made(opened, url)).away == "ConnectionRefusedError"
    for word in (AN, USER, "p@ss", "factor", "Dear"):
        assert word not in caplog.text
