"""Static file server with the MIME types and cross-origin isolation headers that a site needs."""

import errno
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any

from torch2web.errors import InputError, OutputError
from torch2web.serve.static.origins import may_read
from torch2web.site.manifest import MANIFEST

ISOLATION_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SiteHandler(SimpleHTTPRequestHandler):
    """Serves GET and HEAD of one folder."""

    protocol_version = "HTTP/1.1"
    extensions_map = {  # noqa: RUF012 (as in the base class)
        "": "application/octet-stream",
        ".css": "text/css; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".jpg": "image/jpeg",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json",
        ".md": "text/plain; charset=utf-8",
        ".mjs": "text/javascript; charset=utf-8",
        ".png": "image/png",
        ".tgz": "application/gzip",
        ".ts": "text/plain; charset=utf-8",
        ".txt": "text/plain; charset=utf-8",
        ".wasm": "application/wasm",
    }

    def __init__(self, *arguments: Any, origins: Sequence[str] = (), **options: Any) -> None:
        self._origins = origins
        super().__init__(*arguments, **options)

    def list_directory(self, path: str | os.PathLike[str]) -> None:  # noqa: ARG002 (of the base class)
        """Answer as for a missing file: hosts list no folders, and a list names what is not of the site."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        for name, value in ISOLATION_HEADERS.items():
            self.send_header(name, value)
        self.send_readers()
        # A rebuilt site must be visible at the next reload.
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def send_readers(self) -> None:
        """Send which pages of other origins may read the answer."""
        origin = (
            self.headers.get("Origin", "") if hasattr(self, "headers") else ""
        )  # none of a broken request
        if may_read(origin, self._origins):
            self.send_header("Access-Control-Allow-Origin", origin)
        self.send_header("Vary", "Origin")

    def handle(self) -> None:
        # A client that closes the connection is not an error.
        with suppress(BrokenPipeError, ConnectionResetError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Do not log requests."""


LOOPBACK = "127.0.0.1"
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 (reachable by phones; used by --parity only)


def create_server(
    site: Path, port: int, host: str = LOOPBACK, handler: Callable[..., SiteHandler] = SiteHandler
) -> ThreadingHTTPServer:
    """Create a server of `site`, bound to the local address `host`; `port` 0 selects a free port.

    Raises OutputError if there is no built site, and InputError if address or port cannot be used.
    """
    if not (site / MANIFEST).is_file():
        raise OutputError(site, "there is no built site; build it first")
    with _explained(host, port):
        return _Server((host, port), partial(handler, directory=str(site)))


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens on the local address `host`. Raises InputError as `create_server`."""
    with _explained(host, port):
        listener = socket.socket(_family(host))
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(1024)
        except BaseException:
            listener.close()
            raise
        return listener


@contextmanager
def _explained(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except (OSError, OverflowError) as error:
        if isinstance(error, socket.gaierror) or getattr(error, "errno", None) == errno.EADDRNOTAVAIL:
            problem = f"{host} is not an address of this machine: {error}; choose another one with --address"
            raise InputError(problem) from error
        raise InputError(f"port {port} cannot be used: {error}; choose another one with --port") from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class _Server(ThreadingHTTPServer):
    def __init__(self, address: tuple[str, int], handler: Callable[..., SiteHandler]) -> None:
        self.address_family = _family(address[0])
        super().__init__(address, handler)

    def server_bind(self) -> None:
        # Skips HTTPServer, which looks up the host name in the network.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
