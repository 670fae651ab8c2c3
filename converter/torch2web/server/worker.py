"""A worker: one process with its sessions and an HTTP server on the socket that all of them share."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import uvicorn

from torch2web.errors import Torch2WebError
from torch2web.server.http import create_app
from torch2web.server.inference import Engine, read_site, restrict_formats
from torch2web.server.log import log
from torch2web.server.metrics import Metrics
from torch2web.server.settings import ApiSettings
from torch2web.server.timed_protocol import TimedProtocol

STUCK = 5
"""A worker with a picture that has been decoded for this many timeouts ends, as threads cannot be stopped."""

_ACCEPTED_AT_ONCE = 2
"""Connections that a worker takes in one go: few, so that the others take their share."""

_BACKLOG = 1024
"""Connections that the system keeps until a worker takes them."""

BEAT = 1
"""Seconds between two signs of life."""


def run_worker(settings: ApiSettings, listener: socket.socket, supervisor: Connection) -> None:
    """Serve until the supervisor says so or is gone; tell it whether the model can be served."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the supervisor decides
    logging.getLogger().addHandler(_JsonHandler(logging.WARNING))
    restrict_formats(settings.max_pixels)
    asyncio.run(_Worker(settings, listener, supervisor).run())


class _Worker:
    def __init__(self, settings: ApiSettings, listener: socket.socket, supervisor: Connection) -> None:
        self._settings, self._listener, self._supervisor = settings, listener, supervisor

    async def run(self) -> None:
        try:
            site = read_site(self._settings.site, self._settings.default_model)
            engine = Engine(site, self._settings)
            await engine.open(site.default)
        except Torch2WebError as error:
            self._supervisor.send(("failed", str(error)))
            return
        app, predictor = create_app(engine, self._settings, Metrics())
        config = uvicorn.Config(
            app,
            http=TimedProtocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=_ACCEPTED_AT_ONCE,
            timeout_keep_alive=20,
            timeout_graceful_shutdown=max(1, round(self._settings.grace)),
        )
        server = _Server(config, self._supervisor)
        self._stop_when_told(server)
        beating = asyncio.create_task(self._beat(server, engine, predictor))
        await server.serve(sockets=[self._listener])
        beating.cancel()
        engine.close()

    def _stop_when_told(self, server: "_Server") -> None:
        def stop(*_: object) -> None:
            server.should_exit = True

        def listen() -> None:
            # The supervisor sends one message, "stop"; it may also have ended without one.
            with contextlib.suppress(EOFError, OSError):
                self._supervisor.recv()
            stop()

        signal.signal(signal.SIGTERM, stop)
        threading.Thread(target=listen, daemon=True).start()

    async def _beat(self, server: "_Server", engine: Engine, predictor: Any) -> None:
        """Tell the supervisor that the event loop runs; end where a decoder does not come back."""
        while True:
            await asyncio.sleep(BEAT)
            with contextlib.suppress(OSError):
                self._supervisor.send(("alive", ""))
            if engine.longest_decoding > STUCK * self._settings.timeout and not predictor.closing:
                log("stuck", seconds=round(engine.longest_decoding, 1))
                predictor.closing = server.should_exit = True
                # The thread would keep the process from ending.
                threading.Timer(self._settings.grace + 1, os._exit, (1,)).start()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, supervisor: Connection) -> None:
        super().__init__(config)
        self._supervisor = supervisor

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or []:
            listener.listen(_BACKLOG)
        self._supervisor.send(("ready", ""))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The worker has its own."""
        yield


class _JsonHandler(logging.Handler):
    """What uvicorn and others have to say, in the form of our own log."""

    def emit(self, record: logging.LogRecord) -> None:
        level = "warning" if record.levelno < logging.ERROR else "error"
        log(level, source=record.name, message=self.format(record)[:2000])
