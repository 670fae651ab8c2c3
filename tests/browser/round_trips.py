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
"""Seconds that each response is held back, in which all requests arrive that do not wait for it."""


@dataclass(frozen=True)
class Request:
    path: str
    level: int
    """1 for the first request of the visit."""
    status: int


@dataclass
class _Arrived:
    path: str
    level: int
    status: int = 0
    answered: bool = False


@dataclass
class RoundTrips:
    """Requests since `start`, in the order of their arrival."""

    _arrived: list[_Arrived] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        with self._lock:
            self._arrived.clear()

    def arrive(self, path: str) -> _Arrived:
        with self._lock:
            answered = [entry.level for entry in self._arrived if entry.answered]
            entry = _Arrived(path, 1 + max(answered, default=0))
            self._arrived.append(entry)
        return entry

    def answer(self, entry: _Arrived) -> None:
        """The response to it is sent from now on."""
        with self._lock:
            entry.answered = True

    @property
    def requests(self) -> list[Request]:
        with self._lock:
            return [Request(entry.path, entry.level, entry.status) for entry in self._arrived]


@contextmanager
def recording(server: Any) -> Iterator[RoundTrips]:
    """Record the requests of an HTTP `server`, whose responses are held back meanwhile."""
    trips, handler = RoundTrips(), server.RequestHandlerClass
    known = handler if isinstance(handler, partial) else partial(handler)

    class Recorded(known.func):  # type: ignore[misc, name-defined]
        def do_GET(self) -> None:  # noqa: N802
            self.entry = trips.arrive(unquote(urlsplit(self.path).path).removeprefix("/"))
            time.sleep(LATENCY)
            trips.answer(self.entry)
            super().do_GET()

        def send_response(self, code: int, message: str | None = None) -> None:
            self.entry.status = code
            super().send_response(code, message)

    server.RequestHandlerClass = partial(Recorded, *known.args, **known.keywords)
    try:
        yield trips
    finally:
        server.RequestHandlerClass = handler
