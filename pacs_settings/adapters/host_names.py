"""Addresses of host names in bounded time: the system's own look-up may take half a minute."""

import socket
import threading
from concurrent.futures import Future
from typing import Any

_under_way: dict[tuple[str, int], "Future[list[Any]]"] = {}
_lock = threading.Lock()


def look_up(host: str, port: int, seconds: float) -> list[Any]:
    """What `socket.getaddrinfo` says for TCP; raises TimeoutError after so long, or OSError.

    Whoever asks for the same name meanwhile waits for the same answer: while the name service is
    silent there is one thread for each name, however many ask and give up.
    """
    asked = (host, port)
    with _lock:
        answer = _under_way.get(asked)
        if answer is None:
            answer = Future()
            threading.Thread(target=_ask, args=[asked, answer], daemon=True).start()
            _under_way[asked] = answer
    return answer.result(seconds)


def _ask(asked: tuple[str, int], answer: "Future[list[Any]]") -> None:
    found: list[Any] = []
    failed: Exception | None = None
    try:
        found = socket.getaddrinfo(*asked, type=socket.SOCK_STREAM)
    except Exception as failure:
        failed = failure
    with _lock:
        del _under_way[asked]
    if failed:
        answer.set_exception(failed)
    else:
        answer.set_result(found)
