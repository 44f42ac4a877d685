"""Sends reports to the HL7 address of their source by MLLP, and reads what is answered.

One link for each message, and a bound on all of it. A repetition has the same MSH-10.
"""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pacs_settings.adapters import hl7_results, host_names, orthanc_store
from pacs_settings.adapters.hl7_messages import Header, read_header
from pacs_settings.adapters.hl7_mllp import END, START
from pacs_settings.core.ports import Away, NotAccepted
from pacs_settings.core.reports.returning import Outgoing
from pacs_settings.core.studies.sources import Destination

CONNECT = 5.0  # seconds to connect, over TLS too
LONGEST = 20.0  # seconds for everything
LARGEST = 64 * 1024  # bytes of an answer
TAKEN = ("AA", "CA")
# Table 0357: what is wrong with the message itself; the same message will never be taken.
FINAL = {
    "AE": {"100", "101", "102", "103", "200", "201", "202", "203", "205"},
    "AR": {"200", "201", "202", "203"},
}


def send(outgoing: Outgoing) -> None:
    """Send a report and wait until it is taken; raises Away, NotAccepted."""
    to, study = outgoing.to, outgoing.document.study
    facts = orthanc_store.facts_of(to.archive, study.study_instance_uid) if to.archive else {}
    with _failures():
        answer = _asked(to, hl7_results.message(outgoing, facts))
    _judge(answer, outgoing.control_id)


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except Away:
        raise
    except (OSError, TimeoutError) as failure:  # TLS too
        raise Away(f"no answer ({type(failure).__name__})") from None


def _asked(to: Destination, message: bytes) -> bytes:
    over = time.monotonic() + LONGEST
    with _link(to) as link:
        link.settimeout(_left(over))
        link.sendall(START + message + END)
        got = bytearray()
        while END not in got:
            link.settimeout(_left(over))
            part = link.recv(65536)
            if not part:
                raise Away("the link was closed without an answer")
            got += part
            if len(got) > LARGEST:
                raise Away("what is answered is no HL7")
    return bytes(got).partition(START)[2].partition(END)[0]


def _left(over: float) -> float:
    left = over - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


@contextmanager
def _link(to: Destination) -> Iterator[socket.socket]:
    over = time.monotonic() + CONNECT
    with _connected(to, over) as plain:
        plain.settimeout(_left(over))
        if not to.tls:
            yield plain
            return
        context = ssl.create_default_context()  # the authorities of this machine
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        with context.wrap_socket(plain, server_hostname=to.host) as wrapped:
            yield wrapped


def _connected(to: Destination, over: float) -> socket.socket:
    failure: OSError = Away("no address")
    for *_, address in host_names.look_up(to.host, to.port, CONNECT):
        try:
            return socket.create_connection(address[:2], _left(over))
        except OSError as failed:
            failure = failed
    raise failure


def _judge(answer: bytes, control_id: str) -> None:
    """Raise what an answer other than "taken" means (2.9.2; MSA-1 and ERR-3)."""
    header = read_header(answer)
    segments = answer.decode(header.charset, "replace").replace("\n", "\r").split("\r")
    fields = {line[:3]: line.split(header.separator) for line in reversed(segments)}
    code, about = [*fields.get("MSA", []), "", "", ""][1:3]
    if header == Header() or about != control_id or not code.isalpha() or len(code) != 2:
        raise Away("what is answered is no acknowledgement of it")
    if code in TAKEN:
        return
    why = _error(fields.get("ERR", []), header)
    final = why in FINAL.get(code[:1].replace("C", "A") + code[1:], set())
    raise NotAccepted(f"{code} {why}".strip(), final=final)


def _error(fields: list[str], header: Header) -> str:
    """The number of ERR-3; of ERR-1 before version 2.5."""
    caret = header.encoding[:1] or "^"
    found = fields[3].split(caret)[0] if len(fields) > 3 else ""
    if not found and len(fields) > 1:
        found = next((n for n in fields[1].split(caret)[3:] for n in n.split("&")[:1]), "")
    return found if found.isdecimal() and len(found) == 3 else ""
