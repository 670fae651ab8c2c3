"""Serves a built site on this machine as a good host would: right MIME types, cross-origin isolation."""

import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer

from torch2web.errors import InputError, OutputError
from torch2web.site.manifest import MANIFEST

ISOLATION_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SiteHandler(SimpleHTTPRequestHandler):
    """GET and HEAD below one folder."""

    protocol_version = "HTTP/1.1"
    extensions_map = {  # noqa: RUF012 (as the base class has it)
        "": "application/octet-stream",
        ".css": "text/css; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".jpg": "image/jpeg",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json",
        ".mjs": "text/javascript; charset=utf-8",
        ".png": "image/png",
        ".ts": "text/plain; charset=utf-8",
        ".txt": "text/plain; charset=utf-8",
        ".wasm": "application/wasm",
    }

    def end_headers(self) -> None:
        for name, value in ISOLATION_HEADERS.items():
            self.send_header(name, value)
        # A rebuilt site must show at the next reload.
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def handle(self) -> None:
        # A visitor who leaves in the middle is no error.
        with suppress(BrokenPipeError, ConnectionResetError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet: the address is all that a person needs."""


LOOPBACK = "127.0.0.1"
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 (what a phone needs; only --parity asks for it)


def create_server(
    site: Path, port: int, host: str = LOOPBACK, handler: Callable[..., SiteHandler] = SiteHandler
) -> ThreadingHTTPServer:
    """A server of `site` at `host`, an address of this machine; port 0 is any free one. Raises InputError."""
    if not (site / MANIFEST).is_file():
        raise OutputError(site, "there is no built site; build it first")
    try:
        return _Server((host, port), partial(handler, directory=str(site)))
    except (OSError, OverflowError) as error:
        if isinstance(error, socket.gaierror) or getattr(error, "errno", None) == errno.EADDRNOTAVAIL:
            problem = f"{host} is no address of this machine: {error}; name another one with --address"
            raise InputError(problem) from error
        raise InputError(f"port {port} cannot be used: {error}; name another one with --port") from error


class _Server(ThreadingHTTPServer):
    def __init__(self, address: tuple[str, int], handler: Callable[..., SiteHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)

    def server_bind(self) -> None:
        # Not HTTPServer's, which asks the network for this machine's name.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
