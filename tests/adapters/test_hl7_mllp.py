"""Messages over real links, good and bad."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from pacs_settings.adapters import hl7_mllp
from pacs_settings.adapters.hl7_mllp import END, START
from pacs_settings.core.studies import sources
from pacs_settings.core.studies.sources import Ways
from pacs_settings.core.tables import ReceivedEvent
from tests import factories
from tests.adapters.certificates import Authority
from tests.adapters.test_hl7_messages import PID, message, msh, obr, obx
from tests.conftest import in_a_loop

pytestmark = pytest.mark.usefixtures("database")
Link = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(autouse=True)
def source(database: str) -> None:
    sources.put("Clinic", Ways(hl7_application="RIS", hl7_facility="CLINIC"))


def frame(number: int = 1) -> bytes:
    """A message of its own."""
    header = msh(f10=f"M{number}")
    return START + message(PID, obr(f3=f"R{number}"), obx(), header=header) + END


def served(work: Callable[[int], Awaitable[None]], context: ssl.SSLContext | None = None) -> None:
    """Run `work(port)` beside a server."""

    async def both() -> None:
        server = await hl7_mllp.listen("127.0.0.1", 0, context)
        async with server:
            async with asyncio.timeout(60):
                await work(server.sockets[0].getsockname()[1])

    in_a_loop(both())


async def link(port: int) -> Link:
    return await asyncio.open_connection("127.0.0.1", port)


async def answer(reader: asyncio.StreamReader) -> str:
    """MSA-1 of the next answer; empty where the link was closed."""
    try:
        told = await reader.readuntil(END)
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return ""
    return next(line.split("|")[1] for line in told.decode().split("\r") if line[:3] == "MSA")


async def say(port: int, *parts: bytes, answers: int = 1) -> list[str]:
    reader, writer = await link(port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    found = [await answer(reader) for _ in range(answers)]
    writer.close()
    return found


def taken() -> int:
    return len(factories.rows(ReceivedEvent))


def test_what_is_acknowledged_is_stored() -> None:
    async def work(port: int) -> None:
        assert await say(port, frame()) == ["AA"]
        assert await asyncio.to_thread(taken) == 1

    served(work)


def test_several_messages_on_one_link() -> None:
    async def work(port: int) -> None:
        assert await say(port, frame(1) + frame(2) + frame(3), answers=3) == ["AA"] * 3

    served(work)
    assert taken() == 3


def test_a_message_in_many_pieces() -> None:
    async def work(port: int) -> None:
        pieces = [frame()[n : n + 1] for n in range(len(frame()))]
        assert await say(port, *pieces) == ["AA"]

    served(work)


def test_many_links_at_once() -> None:
    async def work(port: int) -> None:
        found = await asyncio.gather(*[say(port, frame(n)) for n in range(40)])
        assert found == [["AA"]] * 40

    served(work)
    assert taken() == 40


def test_an_open_link_delays_nobody() -> None:
    async def work(port: int) -> None:
        _, waiting = await link(port)
        waiting.write(frame()[:20])
        assert await say(port, frame(2)) == ["AA"]
        waiting.close()

    served(work)


@pytest.mark.parametrize("garbage", [b"\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\0" * 100])
def test_garbage_before_a_message_is_passed_over(garbage: bytes) -> None:
    async def work(port: int) -> None:
        assert await say(port, garbage + frame()) == ["AA"]

    served(work)


def test_nothing_but_garbage_ends_the_link(caplog: pytest.LogCaptureFixture) -> None:
    async def work(port: int) -> None:
        assert await say(port, b"x" * 5000) == [""]
        assert await say(port, frame()) == ["AA"]

    served(work)
    assert "no message begins" in caplog.text


def test_one_that_is_broken_off_does_not_spoil_the_next() -> None:
    async def work(port: int) -> None:
        assert await say(port, frame()[:80] + frame(2)) == ["AA"]

    served(work)
    assert [row.subject for row in factories.rows(ReceivedEvent)] == ["R2"]


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_half_a_message_is_no_message(cut: int, caplog: pytest.LogCaptureFixture) -> None:
    async def work(port: int) -> None:
        reader, writer = await link(port)
        writer.write(frame()[:cut])
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()

    served(work)
    assert taken() == 0
    assert "it ended within a message" in caplog.text


def test_one_too_slow_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hl7_mllp, "SLOWEST", 0.2)

    async def work(port: int) -> None:
        reader, writer = await link(port)
        writer.write(frame()[:50])
        assert await reader.read() == b""
        writer.close()

    served(work)
    assert "too slow" in caplog.text


def test_silence_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hl7_mllp, "IDLE", 0.2)

    async def work(port: int) -> None:
        reader, writer = await link(port)
        assert await reader.read() == b""
        writer.close()

    served(work)


@pytest.mark.parametrize("size", [3 * 1024 * 1024, 10 * 1024 * 1024])
def test_one_too_long_is_refused_and_the_link_goes_on(size: int) -> None:
    async def work(port: int) -> None:
        huge = START + message(PID, obr(), obx(f5="x" * size)) + END
        assert await say(port, huge, frame(2), answers=2) == ["AR", "AA"]

    served(work)
    assert taken() == 1


def test_more_links_than_are_sensible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hl7_mllp, "MOST_LINKS", 2)

    async def work(port: int) -> None:
        open_links = [await link(port) for _ in range(2)]
        for number, (reader, writer) in enumerate(open_links):
            writer.write(frame(number))
            assert await answer(reader) == "AA"
        reader, writer = await link(port)
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
        for _, writer in open_links:
            writer.close()

    served(work)


def test_over_tls(authority: Authority) -> None:
    certificate = authority.sign("127.0.0.1")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate.certificate, certificate.key)
    client = ssl.create_default_context(cafile=str(authority.file))

    async def work(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client)
        writer.write(frame())
        assert await answer(reader) == "AA"
        writer.close()
        assert await say(port, frame(2)) == [""]  # in the clear

    served(work, server)
    assert taken() == 1
