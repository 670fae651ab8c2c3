"""Requests of a visit and their levels: how many answers had to arrive, one after the other, before each."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

LATENCY = 0.4
"""Seconds that each response is held back: long beside what a page computes between two requests."""


@dataclass(frozen=True)
class Request:
    path: str
    level: int
    """1 for the first request of the visit."""
    status: int


@dataclass
class RoundTrips:
    """Requests since `start`, in the order of their arrival."""

    _arrived: list[list[Any]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        with self._lock:
            self._arrived.clear()

    def arrive(self, path: str) -> list[Any]:
        entry = [path, time.monotonic(), 0]
        with self._lock:
            self._arrived.append(entry)
        return entry

    @property
    def requests(self) -> list[Request]:
        with self._lock:
            arrived = list(self._arrived)
        return [
            Request(path, 1 + int((at - arrived[0][1]) / LATENCY), status) for path, at, status in arrived
        ]


@contextmanager
def recording(server: Any) -> Iterator[RoundTrips]:
    """Record the requests of an HTTP `server`, whose responses are held back meanwhile."""
    trips, handler = RoundTrips(), server.RequestHandlerClass
    known = handler if isinstance(handler, partial) else partial(handler)

    class Recorded(known.func):  # type: ignore[misc, name-defined]
        def do_GET(self) -> None:  # noqa: N802
            self.entry = trips.arrive(unquote(urlsplit(self.path).path).removeprefix("/"))
            time.sleep(LATENCY)
            super().do_GET()

        def send_response(self, code: int, message: str | None = None) -> None:
            self.entry[2] = code
            super().send_response(code, message)

    server.RequestHandlerClass = partial(Recorded, *known.args, **known.keywords)
    try:
        yield trips
    finally:
        server.RequestHandlerClass = handler
