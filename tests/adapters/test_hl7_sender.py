"""Reports over real links to receivers, good and bad."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import hl7
import hl7.mllp
import pytest

from pacs_settings.adapters import hl7_sender, orthanc_store
from pacs_settings.adapters.hl7_mllp import END, START
from pacs_settings.core.ports import Away, NotAccepted
from pacs_settings.core.reports.returning import Outgoing
from pacs_settings.core.studies.sources import Archive
from tests.adapters.certificates import Authority
from tests.adapters.test_hl7_results import outgoing as report

Answer = Callable[[hl7.Message], str]


class Receiver:
    """A receiver of the library `hl7`, in a thread; keeps what came."""

    def __init__(self, answer: Answer, context: ssl.SSLContext | None = None) -> None:
        self.got: list[hl7.Message] = []
        self._answer, self._context = answer, context
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> "Receiver":
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(30)

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        server = await hl7.mllp.start_hl7_server(
            self._take, "127.0.0.1", 0, ssl=self._context, limit=4 * 1024 * 1024
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        async with server:
            await self._end.wait()

    async def _take(
        self, reader: hl7.mllp.HL7StreamReader, writer: hl7.mllp.HL7StreamWriter
    ) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                message = await reader.readmessage()
                self.got.append(message)
                writer.writeblock(self._answer(message).encode())
                await writer.drain()


def acknowledgement(code: str, error: str = "", control: str = "") -> Answer:
    def answer(message: hl7.Message) -> str:
        about = control or str(message.segment("MSH")[10])
        told = (
            f"MSH|^~\\&|RIS|CLINIC|PACS_SETTINGS||20260302||ACK^R01|1|P|2.5.1\rMSA|{code}|{about}\r"
        )
        return told + (f"ERR|||{error}|E\r" if error else "")

    return answer


def outgoing(port: int, tls: bool = False) -> Outgoing:
    made = report()
    return replace(made, to=replace(made.to, host="127.0.0.1", port=port, tls=tls))


@pytest.mark.parametrize("code", ["AA", "CA"])
def test_what_is_accepted_has_arrived(code: str) -> None:
    with Receiver(acknowledgement(code)) as receiver:
        hl7_sender.send(outgoing(receiver.port))
        hl7_sender.send(outgoing(receiver.port))
    one, other = receiver.got
    assert str(one.segment("MSH")[9]) == "ORU^R01^ORU_R01"
    assert str(one.segment("OBR")[25]) == "F"
    assert str(one.segment("MSH")[10]) == str(other.segment("MSH")[10]) == "R5-abababab"


@pytest.mark.parametrize(
    ("code", "error", "final"),
    [
        ("AE", "", False),
        ("AE", "207", False),
        ("AE", "206", False),
        ("AE", "101", True),
        ("AE", "102^Data type error^HL70357", True),
        ("AR", "", False),
        ("AR", "204", False),
        ("AR", "207", False),
        ("AR", "200", True),
        ("AR", "203", True),
        ("CE", "103", True),
        ("CR", "", False),
    ],
)
def test_what_is_not_accepted_is_tried_again_or_not(code: str, error: str, final: bool) -> None:
    with (
        Receiver(acknowledgement(code, error)) as receiver,
        pytest.raises(NotAccepted) as refused,
    ):
        hl7_sender.send(outgoing(receiver.port))
    assert refused.value.final == final
    assert str(refused.value) == f"{code} {error[:3]}".strip()


def test_errors_as_they_were_before_version_2_5() -> None:
    def answer(message: hl7.Message) -> str:
        told = acknowledgement("AE")(message)
        return told + "ERR|OBX^1^5^102&Data type error&HL70357\r"

    with Receiver(answer) as receiver, pytest.raises(NotAccepted, match="AE 102") as refused:
        hl7_sender.send(outgoing(receiver.port))
    assert refused.value.final


@pytest.mark.parametrize(
    "answer",
    [
        acknowledgement("AA", control="OTHER"),
        acknowledgement("XX1"),
        lambda _: "MSH|^~\\&|RIS\r",
        lambda _: "HTTP/1.1 400 Bad Request\r",
        lambda _: "MSA|AA|R5-abababab\r",
        lambda _: "",
    ],
    ids=["another's", "no code", "no MSA", "HTTP", "no MSH", "nothing"],
)
def test_what_is_no_acknowledgement_of_it_is_none(answer: Answer) -> None:
    with Receiver(answer) as receiver, pytest.raises(Away):
        hl7_sender.send(outgoing(receiver.port))


@contextmanager
def raw(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does anything with one link; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            link, _ = listener.accept()
            with link:
                behave(link)

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    listener.close()
    thread.join(30)


def drops(link: socket.socket) -> None:
    link.recv(100)


def resets(link: socket.socket) -> None:
    link.recv(10)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def silent(link: socket.socket) -> None:
    while link.recv(65536):
        pass


def drips(link: socket.socket) -> None:
    """One byte now and then: no silence is long, but all of it is."""
    for _ in range(200):
        link.sendall(b"x")
        time.sleep(0.02)


def floods(link: socket.socket) -> None:
    link.recv(65536)
    for _ in range(40):
        link.sendall(b"x" * 65536)
    silent(link)


def halves(link: socket.socket) -> None:
    link.recv(65536)
    link.sendall(START + b"MSH|^~\\&|")


def garbage(link: socket.socket) -> None:
    link.recv(65536)
    link.sendall(START + bytes(range(14, 256)) + END)


@pytest.mark.parametrize("behave", [drops, resets, silent, drips, floods, halves, garbage])
def test_a_bad_receiver_costs_bounded_time(
    behave: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hl7_sender, "LONGEST", 0.5)
    with raw(behave) as port, pytest.raises(Away):
        hl7_sender.send(outgoing(port))


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Away, match="ConnectionRefusedError"):
        hl7_sender.send(outgoing(port))


def test_over_tls(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = authority.sign("127.0.0.1")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate.certificate, certificate.key)
    with Receiver(acknowledgement("AA"), server) as receiver:
        with pytest.raises(Away, match="SSLCertVerificationError"):
            hl7_sender.send(outgoing(receiver.port, tls=True))
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        hl7_sender.send(outgoing(receiver.port, tls=True))
        assert len(receiver.got) == 1


def test_in_the_clear_to_a_receiver_that_wants_tls(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hl7_sender, "LONGEST", 2.0)
    certificate = authority.sign("127.0.0.1")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate.certificate, certificate.key)
    with Receiver(acknowledgement("AA"), server) as receiver, pytest.raises(Away):
        hl7_sender.send(outgoing(receiver.port))


def test_the_patient_is_named_as_the_archive_does(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = {"PatientID": "P1", "PatientName": "Dupont^Jean"}
    monkeypatch.setattr(orthanc_store, "facts_of", lambda *_: facts)
    with Receiver(acknowledgement("AA")) as receiver:
        sent = outgoing(receiver.port)
        archive = Archive(1, "Clinic", "http://127.0.0.1:1", "", "", None)
        hl7_sender.send(replace(sent, to=replace(sent.to, archive=archive)))
    assert str(receiver.got[0].segment("PID")[5]) == "Dupont^Jean"
