"""A mail server on loopback: keeps what it takes, and misbehaves where a test says so."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.adapters.certificates import Certificate

STALL, CLOSE = object(), object()
USER, PASSWORD = "portal", "p@ss:w/rd?"


@dataclass
class Taken:
    """A message as it came in."""

    sender: str
    recipients: list[str]
    content: bytes
    encrypted: bool

    @property
    def mail(self) -> EmailMessage:
        parsed = message_from_bytes(self.content.replace(b"\r\n", b"\n"), policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass
class Post:
    """What the server is to do wrong, stage by stage, and what it has seen."""

    faults: dict[str, list[Any]] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """Commands without what they carry."""
    connections: int = 0
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    port: int = 0
    open: list[Any] = field(default_factory=list)
    loop: Any = None
    over: Any = None

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        fault = self.next("END")
        if fault is not None:
            return str(await self.misbehave(server, fault))
        encrypted = session.ssl is not None or server.transport.get_extra_info("sslcontext")
        self.taken.append(
            Taken(envelope.mail_from, envelope.rcpt_tos, envelope.content, bool(encrypted))
        )
        return "250 2.0.0 taken"

    def next(self, stage: str) -> Any:
        left = self.faults.get(stage)
        return left.pop(0) if left else None

    async def misbehave(self, server: SMTP, fault: Any) -> Any:
        """Stall, close, or what to reply."""
        if fault is STALL:
            await self.over.wait()
        if fault is STALL or fault is CLOSE:
            server.transport.abort()
            raise asyncio.CancelledError
        return fault

    def authenticate(self, *arguments: Any) -> AuthResult:
        given = arguments[-1]
        assert isinstance(given, LoginPassword)
        self.logins.append((given.login, given.password))
        right = (USER.encode(), PASSWORD.encode())
        return AuthResult(success=(given.login, given.password) == right)

    def hang_up(self) -> None:
        """Close every connection, and wait until that is so."""

        async def close() -> None:
            for server in self.open:
                if server.transport:
                    server.transport.abort()
            self.open.clear()

        asyncio.run_coroutine_threadsafe(close(), self.loop).result(10)


class _Server(SMTP):
    """Speaks SMTP but for the faults of its post."""

    def __init__(self, post: Post, **options: Any) -> None:
        super().__init__(post, hostname="mail.test", **options)
        self.post = post

    async def _handle_client(self) -> None:
        if not self.post.open or self.post.open[-1] is not self:
            self.post.connections += 1
            self.post.open.append(self)
        if not await self._wrong("CONNECT"):
            await super()._handle_client()

    async def _wrong(self, stage: str) -> bool:
        self.post.said.append(stage)
        fault = self.post.next(stage)
        if fault is None:
            return False
        for part in fault if isinstance(fault, tuple) else (fault,):
            reply = await self.post.misbehave(self, part)
            await self.push(reply)
            if reply.startswith("421") or stage == "CONNECT":
                self.transport.close()
        return True


def _faulty(command: str) -> Any:
    plain = getattr(SMTP, f"smtp_{command}")

    async def smtp(self: _Server, arg: str) -> None:
        if not await self._wrong(command):
            await plain(self, arg)

    return smtp


for _command in ("EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "NOOP", "RSET"):
    setattr(_Server, f"smtp_{_command}", _faulty(_command))


def context(certificate: Certificate) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate.certificate, certificate.key)
    return made


@contextmanager
def receiving(wrapped: ssl.SSLContext | None = None, **options: Any) -> Iterator[Post]:
    """A server in a thread of its own, until the end of the block."""
    post = Post()
    ready = threading.Event()
    if options.get("auth_required"):
        options["authenticator"] = post.authenticate

    async def serve() -> None:
        post.loop, post.over = asyncio.get_running_loop(), asyncio.Event()
        loop = post.loop
        server = await loop.create_server(
            lambda: _Server(post, loop=loop, **options), "127.0.0.1", 0, ssl=wrapped
        )
        post.port = server.sockets[0].getsockname()[1]
        ready.set()
        await post.over.wait()
        server.close()
        for one in post.open:
            if one.transport:
                one.transport.abort()

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    assert ready.wait(30)
    try:
        yield post
    finally:
        post.loop.call_soon_threadsafe(post.over.set)
        thread.join(10)
