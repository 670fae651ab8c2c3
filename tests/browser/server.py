"""A real server for the tests: a built site, extra files, and faults on demand."""

import json
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from converter.serve import SiteHandler


class Fault:
    """An answer in place of the file's own, once the file itself was answered `after` times."""

    def __init__(
        self, body: bytes, status: int = 200, content_type: str | None = None, after: int = 0
    ) -> None:
        self.body, self.status, self.content_type, self.after = body, status, content_type, after


class Host:
    """One site on loopback. `faults` maps a path such as `models/model_info.json` to its Fault."""

    def __init__(self, site: Path, isolated: bool) -> None:
        self.site = site
        self.isolated = isolated
        self.faults: dict[str, Fault] = {}
        self.extras: dict[str, Path] = {}
        """Files outside of the site, by path."""
        self.requests: list[str] = []
        self.outcomes: queue.Queue[dict[str, Any]] = queue.Queue()
        """What pages posted to `/outcome`."""
        self.connections: set[socket.socket] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, host=self))
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def replace(self, site: Path) -> None:
        """Serve another site at the same address, from the next request on."""
        self.site = site

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def wait_for_outcome(self, seconds: float) -> dict[str, Any] | None:
        """The next outcome that a page posts, or None."""
        try:
            return self.outcomes.get(timeout=seconds)
        except queue.Empty:
            return None

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        # Browsers hold on to connections, on which threads of their own would go on answering.
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(SiteHandler):
    def __init__(self, *arguments: object, host: Host, **options: object) -> None:
        self.host = host
        super().__init__(*arguments, **options)  # type: ignore[arg-type]

    def setup(self) -> None:
        super().setup()
        self.host.connections.add(self.connection)

    def finish(self) -> None:
        self.host.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:  # noqa: N802
        path = unquote(urlsplit(self.path).path).removeprefix("/")
        self.host.requests.append(path)
        fault = self.host.faults.get(path)
        if fault and self.host.requests.count(path) > fault.after:
            self.send_response(fault.status)
            self.send_header("Content-Type", fault.content_type or self.guess_type(path))
            self.send_header("Content-Length", str(len(fault.body)))
            self.end_headers()
            self.wfile.write(fault.body)
        else:
            super().do_GET()

    def do_POST(self) -> None:  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.host.outcomes.put(json.loads(body))
        self.send_response(204)
        self.end_headers()

    def translate_path(self, path: str) -> str:
        self.directory = str(self.host.site)
        extra = self.host.extras.get(unquote(urlsplit(path).path).removeprefix("/"))
        return str(extra) if extra else super().translate_path(path)

    def send_header(self, keyword: str, value: str) -> None:
        if self.host.isolated or not keyword.startswith("Cross-Origin-"):
            super().send_header(keyword, value)

    def handle(self) -> None:
        # The browser goes away, as at an aborted download.
        with suppress(BrokenPipeError, ConnectionResetError):
            super().handle()


@contextmanager
def hosting(site: Path, *, isolated: bool = True) -> Iterator[Host]:
    """Serve `site` while the block runs."""
    host = Host(site, isolated)
    host.start()
    try:
        yield host
    finally:
        host.stop()


Hosting = Callable[..., Host]
