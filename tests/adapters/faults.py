"""Servers that are no good: silent, closing, dripping, mute after TLS, with a wrong name."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress

from tests.adapters.certificates import Certificate

Behaviour = Callable[[socket.socket, threading.Event], None]


def silent(_connection: socket.socket, over: threading.Event) -> None:
    """Take the connection and never say anything."""
    over.wait(60)


def closing(connection: socket.socket, _over: threading.Event) -> None:
    """Hear the first words, then leave."""
    connection.recv(1)


def half_open(connection: socket.socket, over: threading.Event) -> None:
    """Take no further words, yet leave the way back open."""
    connection.shutdown(socket.SHUT_RD)
    over.wait(60)


def dripping(connection: socket.socket, over: threading.Event) -> None:
    """Begin an endless LDAP message, a byte at a time."""
    connection.sendall(b"\x30\x84\x7f\xff\xff\xff")
    while not over.wait(0.2):
        connection.sendall(b"\x00")


def endless_hello(connection: socket.socket, over: threading.Event) -> None:
    """Begin a TLS handshake that goes on for hours, a byte at a time."""
    connection.sendall(b"\x16\x03\x03\x3f\xff\x02\x00\xff\xff")
    while not over.wait(0.2):
        connection.sendall(b"\x00")


def mute(certificate: Certificate) -> Behaviour:
    """Speak TLS, then nothing in it."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
        with context.wrap_socket(connection, server_side=True):
            over.wait(60)

    return behave


class Faulty:
    """A server on loopback that behaves in one of these ways until it is closed."""

    def __init__(self, behave: Behaviour) -> None:
        self._behave = behave
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.heard = 0
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def url(self, scheme: str = "ldaps") -> str:
        """Its address."""
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._over.is_set():
                connection.close()
                return
            self.heard += 1
            self._threads.append(threading.Thread(target=self._serve, args=[connection]))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self._behave(connection, self._over)

    def close(self) -> None:
        """End it and all its threads; may be called again."""
        if self._over.is_set():
            return
        self._over.set()
        socket.create_connection(self._listener.getsockname()).close()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()
