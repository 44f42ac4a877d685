"""Mail by SMTP: one connection, kept open from one message to the next."""

import re
import smtplib
import ssl
import time
from dataclasses import dataclass
from email.utils import parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

from pacs_settings.adapters import mime
from pacs_settings.config import config
from pacs_settings.core.ports import Away, Letter, NotAccepted

TIMEOUT = 15  # seconds for each answer
IDLE = 5.0  # seconds after which an open connection is asked whether it still is one
NOT_NOW = 421
_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}")


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


class SmtpMailer:
    """A Mailer; not to be shared by threads."""

    def __init__(self, url: str) -> None:
        self._server = Server.of(url)
        self._link: smtplib.SMTP | None = None
        self._used = 0.0

    def send(self, message_id: str, to: str, letter: Letter) -> None:
        """Send one message; raises Away or NotAccepted."""
        content = mime.message(message_id, to, letter)
        sender = parseaddr(config().mail_from)[1]
        link = self._connected()
        try:
            link.sendmail(sender, [to], content)
        except smtplib.SMTPRecipientsRefused as refused:
            [(code, reply)] = refused.recipients.values()
            raise self._refused(code, reply) from None
        except smtplib.SMTPSenderRefused as refused:  # they do not take mail from us at all
            self.close()
            raise Away(_told(refused.smtp_code, refused.smtp_error)) from None
        except smtplib.SMTPResponseException as refused:
            raise self._refused(refused.smtp_code, refused.smtp_error) from None
        except (OSError, smtplib.SMTPException) as failure:  # it may have been accepted or not
            self.close()
            raise Away(type(failure).__name__) from None
        self._used = time.monotonic()

    def close(self) -> None:
        """Forget the connection."""
        link, self._link = self._link, None
        if link:
            link.close()

    def _refused(self, code: int, reply: bytes | str) -> Exception:
        if code == NOT_NOW:  # RFC 5321, 3.8: they close the connection
            self.close()
            return Away(_told(code, reply))
        self._used = time.monotonic()
        return NotAccepted(_told(code, reply), final=code >= 500)

    def _connected(self) -> smtplib.SMTP:
        if self._link and time.monotonic() - self._used > IDLE and not _alive(self._link):
            self.close()
        if not self._link:
            try:
                self._link = self._connect()
            except (OSError, smtplib.SMTPException) as failure:
                raise Away(_why(failure)) from None
            self._used = time.monotonic()
        return self._link

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.tls == "wrap":
            link: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=TIMEOUT, context=self._context()
            )
        else:
            link = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
        try:
            if server.tls == "start":
                link.starttls(context=self._context())
            if server.user:
                link.login(server.user, server.password)
            link.ehlo_or_helo_if_needed()
        except BaseException:
            link.close()
            raise
        return link

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._server.authority)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


def _alive(link: smtplib.SMTP) -> bool:
    try:
        return link.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def _why(failure: Exception) -> str:
    if isinstance(failure, smtplib.SMTPResponseException):
        return _told(failure.smtp_code, failure.smtp_error)
    if isinstance(failure, smtplib.SMTPNotSupportedError):
        return "no STARTTLS offered"
    return type(failure).__name__


def _told(code: int, reply: bytes | str) -> str:
    """The codes of a reply, without its words: those may name the recipient."""
    raw = reply.encode() if isinstance(reply, str) else reply
    enhanced = _ENHANCED.search(raw)
    return f"{code} {enhanced.group().decode()}" if enhanced else str(code)
