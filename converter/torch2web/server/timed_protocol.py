"""uvicorn's HTTP protocol, with a limit on how long the head of a request may take."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_TIMEOUT = 10
"""Seconds."""


class TimedProtocol(H11Protocol):
    """Closes connections whose client sends nothing, or a head so slowly that it never ends.

    uvicorn bounds the time between requests only; the time of bodies is bounded by the application.
    """

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._cancel()

    def _watch_head(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._cancel()
        elif self._head_timer is None and self.timeout_keep_alive_task is None:
            self._head_timer = self.loop.call_later(HEAD_TIMEOUT, self.transport.close)

    def _cancel(self) -> None:
        if self._head_timer:
            self._head_timer.cancel()
            self._head_timer = None
