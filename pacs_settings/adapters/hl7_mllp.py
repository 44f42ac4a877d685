"""HL7 over MLLP (Release 1): many links, several messages on each, nothing without a bound."""

import asyncio
import logging
import ssl

from pacs_settings.adapters import hl7_messages
from pacs_settings.config import config

START, END = b"\x0b", b"\x1c\r"
LARGEST = 2 * 1024 * 1024  # bytes of a message
MOST_GARBAGE = 1024  # bytes before a message begins
MOST_LINKS = 200
MOST_AT_ONCE = 4  # messages being taken
SLOWEST = 30.0  # seconds from the first byte of a message to its last, and for our answer
IDLE = 3600.0  # seconds that a link may be silent between messages
AGAIN = 5.0  # seconds between tries to listen
log = logging.getLogger(__name__)


class Broken(Exception):
    """What comes over a link is no MLLP; says what."""


async def serve() -> None:
    """Listen for ever, where a port is configured."""
    if not config().hl7_port:
        return
    while True:
        try:
            server = await listen(config().hl7_host, config().hl7_port, _context())
        except OSError as failure:  # another worker listens, or the certificate cannot be read
            log.error("HL7 port %s: %s", config().hl7_port, failure)
            await asyncio.sleep(AGAIN)
            continue
        async with server:
            await server.serve_forever()


async def listen(host: str, port: int, context: ssl.SSLContext | None = None) -> asyncio.Server:
    """A server for messages; raises OSError."""
    links = Links()
    return await asyncio.start_server(
        links.serve, host, port, ssl=context, ssl_handshake_timeout=10 if context else None
    )


def _context() -> ssl.SSLContext | None:
    if not config().hl7_certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(config().hl7_certificate)
    return context


class Links:
    """The open links; each is served by itself, so that none delays another."""

    def __init__(self) -> None:
        self._open = 0
        self._taking = asyncio.Semaphore(MOST_AT_ONCE)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One link from its beginning to its end."""
        address = str((writer.get_extra_info("peername") or ("",))[0])
        if self._open >= MOST_LINKS:
            log.warning("link of %s is refused: %s are open", address, self._open)
            writer.close()
            return
        self._open += 1
        try:
            await self._messages(Frames(reader), writer, address)
        except (Broken, TimeoutError) as failure:
            log.warning("link of %s is closed: %s", address, str(failure) or "too slow")
        except OSError as failure:
            log.info("link of %s is lost: %s", address, type(failure).__name__)
        finally:
            self._open -= 1
            writer.close()

    async def _messages(self, frames: "Frames", writer: asyncio.StreamWriter, address: str) -> None:
        while raw := await frames.next():
            if len(raw) > LARGEST:
                too_long = hl7_messages.Rejected("AR", 207, "the message is too long")
                log.warning("message of %s is refused: too long", address)
                answer = hl7_messages.acknowledge(hl7_messages.read_header(raw), too_long)
            else:
                async with self._taking:
                    answer = await asyncio.to_thread(hl7_messages.answer, raw, address)
            writer.write(START + answer + END)
            async with asyncio.timeout(SLOWEST):
                await writer.drain()


class Frames:
    """Messages as they are framed on a link."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._left = b""

    async def next(self) -> bytes:
        """The next message; empty at the end. One too long is cut, and its rest read over.

        Raises Broken, TimeoutError.
        """
        async with asyncio.timeout(IDLE):
            self._left = await self._beginning()
        if not self._left:
            return b""
        async with asyncio.timeout(SLOWEST):
            return await self._rest()

    async def _beginning(self) -> bytes:
        """What has come of the next message, after its first byte."""
        garbage, data = 0, self._left
        while True:
            before, found, after = data.partition(START)
            garbage += len(before.strip(b"\r\n"))
            if garbage > MOST_GARBAGE:
                raise Broken("no message begins")
            if found:
                return START + after
            data = await self._reader.read(65536)
            if not data:
                return b""

    async def _rest(self) -> bytes:
        data = bytearray(self._left[1:])
        cut = False
        looked = 0
        while (end := data.find(END, looked)) < 0:
            if len(data) > LARGEST + 1:
                del data[LARGEST + 1 : -1]  # its last byte may begin the end
                cut = True
            looked = max(0, len(data) - 1)
            more = await self._reader.read(65536)
            if not more:
                raise Broken("it ended within a message")
            data += more
        self._left = bytes(data[end + len(END) :])
        if cut:
            return bytes(data[: LARGEST + 1])
        return bytes(data[:end]).rpartition(START)[2]  # one that was broken off before is left out
