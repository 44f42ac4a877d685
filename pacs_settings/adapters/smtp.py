"""Mail by SMTP: one connection, kept open from one message to the next."""

import re
import select
import smtplib
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit

from pacs_settings.adapters import host_names, mime
from pacs_settings.adapters.watch import Watch
from pacs_settings.config import config
from pacs_settings.core.ports import Away, Letter, NotAccepted

TIMEOUT = 15.0  # seconds for each answer
LONGEST = 25.0  # seconds for a message, however slowly they answer: less than others wait for it
IDLE = 5.0  # seconds after which an open connection is asked whether it still is one
DONE, GO_ON = (250, 251), 354
NOT_NOW = 421
NOT_US = 530  # authentication is asked for: no matter of this message
TOO_LARGE = 552
_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")


@dataclass(frozen=True)
class Server:
    """Where mail goes, as the address of the configuration says."""

    host: str
    port: int
    user: str
    password: str
    tls: str
    authority: str | None

    @classmethod
    def of(cls, url: str) -> "Server":
        """Read `smtp://` or `smtps://`; tls is one of start, wrap, none."""
        address = urlsplit(url)
        asked = {name: values[-1] for name, values in parse_qs(address.query).items()}
        wrapped = address.scheme == "smtps"
        return cls(
            address.hostname or "localhost",
            address.port or (465 if wrapped else 587),
            unquote(address.username or ""),
            unquote(address.password or ""),
            "wrap" if wrapped else asked.get("tls", "start"),
            asked.get("ca"),
        )


class _Link(smtplib.SMTP):
    """A connection that can be cut from outside, also while it is made or TLS begins."""

    def __init__(self, server: Server) -> None:
        super().__init__(local_hostname=_own_name(), timeout=TIMEOUT)
        self._server, self._host = server, server.host
        self._line: socket.socket | None = None

    def open(self) -> None:
        """Connect and say who we are, inside TLS unless told otherwise."""
        code, reply = self.connect(self._server.host, self._server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, reply)
        if self._server.tls == "start":
            self.ehlo_or_helo_if_needed()
            if not self.has_extn("starttls"):
                raise Away("no STARTTLS offered")
            self.starttls(context=self._context())
        self.ehlo_or_helo_if_needed()
        if self._server.user:
            self.login(self._server.user, self._server.password)

    def cut(self) -> None:
        """End whatever it waits for; may be called by another thread."""
        if self._line:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)

    def gone(self) -> bool:
        """Whether it has ended, as far as this side can see."""
        if not self._line or not self.sock:
            return True
        watched = select.poll()
        watched.register(self._line, select.POLLIN)
        return bool(watched.poll(0))  # they say nothing unasked, unless it is goodbye

    def close(self) -> None:
        """Close both handles."""
        super().close()
        if self._line:
            self._line.close()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made = _connect(host, port, timeout)
        self._line = made.dup()
        if self._server.tls == "wrap":
            return self._context().wrap_socket(made, server_hostname=host)
        return made

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._server.authority)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


class SmtpMailer:
    """A Mailer; not to be shared by threads."""

    def __init__(self, url: str) -> None:
        self._server = Server.of(url)
        self._link: _Link | None = None
        self._watch = Watch(LONGEST, self._cut)
        self._used = 0.0

    def send(self, message_id: str, to: str, letter: Letter) -> None:
        """Send one message; raises Away or NotAccepted."""
        to = _ascii(to)
        content = mime.message(message_id, to, letter, on_the_wire=True)
        with self._watch.over():
            try:
                self._offer(to, content)
            except NotAccepted:
                self._used = time.monotonic()
                raise
            except BaseException as failure:  # they may have taken it or not: begin anew
                self.close()
                if isinstance(failure, Away) or not isinstance(failure, _FAILURES):
                    raise
                raise Away(_why(failure)) from None
        self._used = time.monotonic()

    def close(self) -> None:
        """Forget the connection."""
        link, self._link = self._link, None
        if link:
            link.close()

    def _offer(self, to: str, content: bytes) -> None:
        link, code, reply = self._begin(len(content))
        if code == TOO_LARGE:
            raise NotAccepted(_told(code, reply), final=True)
        if code not in DONE:  # they take nothing from us at all
            raise Away(_told(code, reply))
        code, reply = link.rcpt(to)
        if code in DONE:
            code, reply = _data(link, content)
        if code in (NOT_NOW, NOT_US) or not 200 <= code < 600:
            raise Away(_told(code, reply))
        if code not in DONE:
            self._forget(link)
            raise NotAccepted(_told(code, reply), final=code >= 500)

    def _begin(self, size: int) -> tuple[_Link, int, bytes]:
        """What is answered to a message from us; a connection that was kept may have ended."""
        kept = self._link is not None
        link = self._connected()
        options = [f"size={size}"] if link.has_extn("size") else []
        try:
            code, reply = link.mail(_address(config().mail_from), options)
        except (OSError, smtplib.SMTPException):
            if not kept:
                raise
            code, reply = NOT_NOW, b""
        if code == NOT_NOW and kept:
            self.close()
            return self._begin(size)
        return link, code, reply

    def _forget(self, link: _Link) -> None:
        """Have them forget a message, so that the next can begin."""
        try:
            if link.rset()[0] in DONE:
                return
        except (OSError, smtplib.SMTPException):
            pass
        self.close()

    def _connected(self) -> _Link:
        if self._link and not self._alive(self._link):
            self.close()
        if not self._link:
            self._link = _Link(self._server)
            self._link.open()
        return self._link

    def _alive(self, link: _Link) -> bool:
        if link.gone():
            return False
        if time.monotonic() - self._used <= IDLE:
            return True
        try:
            return link.noop()[0] in DONE
        except (OSError, smtplib.SMTPException):
            return False

    def _cut(self) -> None:
        if self._link:
            self._link.cut()


# A name or a password that cannot be sent is a ValueError of smtplib.
_FAILURES = (OSError, smtplib.SMTPException, ValueError)


def _data(link: _Link, content: bytes) -> tuple[int, bytes]:
    try:
        return link.data(content)
    except smtplib.SMTPDataError as refused:
        reply = refused.smtp_error
        return refused.smtp_code, reply.encode() if isinstance(reply, str) else reply


def _connect(host: str, port: int, timeout: float) -> socket.socket:
    """To the first address that answers, all of them in the time of one."""
    ends = time.monotonic() + timeout
    addresses = host_names.look_up(host, port, timeout)
    for place, (*_, address) in enumerate(addresses):
        left = max(0.1, ends - time.monotonic())
        try:
            made = socket.create_connection(address[:2], left / (len(addresses) - place))
        except OSError:
            if place == len(addresses) - 1:
                raise
        else:
            made.settimeout(timeout)
            return made
    raise Away("no address")


def _ascii(to: str) -> str:
    """The address as every server takes it: its domain by IDNA."""
    local, _, domain = to.rpartition("@")
    try:
        return f"{local.encode('ascii').decode()}@{domain.encode('idna').decode()}"
    except UnicodeError:
        raise NotAccepted("address beyond ASCII", final=True) from None


@lru_cache(maxsize=8)
def _address(sender: str) -> str:
    return parseaddr(sender)[1]


def _own_name() -> str:
    """Ours in the greeting, without looking it up (RFC 5321, 4.1.3)."""
    host = urlsplit(config().base_url).hostname or "localhost"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return f"[{address}]" if address.version == 4 else f"[IPv6:{address}]"


def _why(failure: BaseException) -> str:
    if isinstance(failure, smtplib.SMTPResponseException):
        return _told(failure.smtp_code, failure.smtp_error)
    return type(failure).__name__


def _told(code: int, reply: bytes | str) -> str:
    """The codes of a reply, without its words: those may name the recipient."""
    raw = reply.encode() if isinstance(reply, str) else reply
    enhanced = _ENHANCED.match(raw)
    return f"{code} {enhanced.group().decode()}" if enhanced else str(code)
