"""A server for the tests: a built site, extra files, and faults on demand."""

import json
import math
import queue
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from torch2web.serve.static.server import SiteHandler
from torch2web.site.hosting.host_rules import HASHED, IMMUTABLE


class Pause:
    """One response that the server holds back half-way until `go_on`."""

    def __init__(self) -> None:
        self._asked, self._going = threading.Event(), threading.Event()

    def ended(self, seconds: float) -> bool:
        """Whether the pause ends within `seconds`; the server polls this."""
        self._asked.set()
        return self._going.wait(seconds)

    def wait_until_asked(self) -> None:
        if not self._asked.wait(60):
            raise TimeoutError("nobody asked for it")

    def go_on(self) -> None:
        self._going.set()


@dataclass(frozen=True)
class Fault:
    """A response that replaces the file's own, after the file was sent `after` times.

    The other fields say how the response is sent.
    """

    body: bytes
    status: int = 200
    content_type: str | None = None
    after: int = 0
    times: float = math.inf
    """How often; then the file itself again."""
    headers: Mapping[str, str] = field(default_factory=dict)
    framing: Literal["length", "chunked", "close"] = "length"
    """How the end of the body is told; `close` as HTTP/1.0 without Content-Length does."""
    cut: int | None = None
    """Bytes after which the connection breaks off."""
    pause: Pause | None = None
    """Nothing after `cut` bytes until this ends, when the rest follows; or the visitor goes away."""

    def applies(self, request: int) -> bool:
        """Whether it replaces this request of a path, counted from 1."""
        return self.after < request <= self.after + self.times


class Outage:
    """The network goes down after this many bytes of parts, of all files together."""

    def __init__(self, after: int) -> None:
        self._left = after
        self._lock = threading.Lock()

    def take(self, size: int) -> int:
        """How many of `size` bytes are still sent."""
        with self._lock:
            taken = min(size, self._left)
            self._left -= taken
            return taken


class SlowNetwork:
    """Sends all files together at so many bytes a second.

    In Chromium's own emulation of a slow network, on a busy machine, one load in about fifty never ends.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._free = 0.0
        self._lock = threading.Lock()

    def wait_for(self, size: int) -> None:
        """Wait until `size` bytes more may be sent."""
        with self._lock:
            self._free = max(self._free, time.monotonic()) + size / self._rate
            wait = self._free - time.monotonic()
        time.sleep(max(wait, 0))


_used_ports: set[int] = set()


def _server_at_a_new_port(handler: Callable[..., "_Handler"]) -> ThreadingHTTPServer:
    """A server at a port not used before: for a browser, a new origin without stored data."""
    with ExitStack() as used_before:
        while True:
            server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
            if server.server_port not in _used_ports:
                _used_ports.add(server.server_port)
                return server
            used_before.callback(server.server_close)  # open until then, so that the port is not reused


class Host:
    """Serves one site on loopback. `faults` maps a path such as `models/model_info.json` to its Fault."""

    def __init__(self, site: Path, isolated: bool, cors: bool = False, caching: bool = False) -> None:
        self.site = site
        self.caching = caching
        """Whether files with a hash in their name are sent as hosts send them; else each is revalidated."""
        self.isolated = isolated
        self.cors = cors
        """Whether other origins may read its files."""
        self.faults: dict[str, Fault] = {}
        self.outage: Outage | None = None
        self.slow: SlowNetwork | None = None
        self.extras: dict[str, Path] = {}
        """Files outside of the site, by path."""
        self.requests: list[str] = []
        self._counting = threading.Lock()
        self.outcomes: queue.Queue[dict[str, Any]] = queue.Queue()
        """What pages posted to `/outcome`."""
        self.connections: set[socket.socket] = set()
        self.server = _server_at_a_new_port(partial(_Handler, host=self))
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def count_request(self, path: str) -> int:
        """Record a request; the number of requests of its path so far."""
        with self._counting:
            self.requests.append(path)
            return self.requests.count(path)

    def replace(self, site: Path) -> None:
        """Serve another site at the same address, from the next request on."""
        self.site = site

    def start(self) -> None:
        # Stopping waits for the next poll, of half a second by default.
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def pause_at(self, path: str) -> Pause:
        """Hold back the next response for a file of the site half-way."""
        pause, body = Pause(), (self.site / path).read_bytes()
        after = self.requests.count(path)
        self.faults[path] = Fault(body, after=after, times=1, cut=len(body) // 2, pause=pause)
        return pause

    def wait_for_outcome(self, seconds: float) -> dict[str, Any] | None:
        """The next outcome that a page posts, or None."""
        try:
            return self.outcomes.get(timeout=seconds)
        except queue.Empty:
            return None

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        # Browsers keep connections open, whose threads would go on responding.
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(SiteHandler):
    _fault: Fault | None = None
    """Of the request that is answered."""

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
        request = self.host.count_request(path)
        fault = self.host.faults.get(path)
        self._fault = fault if fault and fault.applies(request) else None
        if self._fault:
            self._answer(self._fault, path)
        else:
            super().do_GET()

    def _answer(self, fault: Fault, path: str) -> None:
        self.send_response(fault.status)
        self.send_header("Content-Type", fault.content_type or self.guess_type(path))
        for name, value in fault.headers.items():
            self.send_header(name, value)
        if fault.framing == "length":
            self.send_header("Content-Length", str(len(fault.body)))
        elif fault.framing == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.close_connection = True
        self.end_headers()
        self.wfile.write(self._framed(fault, fault.body[: fault.cut]))
        if fault.pause and self._waited(fault.pause):
            self.wfile.write(self._framed(fault, fault.body[fault.cut :]))
        elif fault.cut is not None:
            self.close_connection = True

    def _framed(self, fault: Fault, body: bytes) -> bytes:
        if fault.framing != "chunked":
            return body
        pieces = [body[at : at + 1000] for at in range(0, len(body), 1000)]
        return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])

    def _waited(self, pause: Pause) -> bool:
        """Wait for the end of `pause`; False if the client disconnects before."""
        while not pause.ended(0.02):
            readable, _, _ = select.select([self.connection], [], [], 0)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                return False
        return True

    def copyfile(self, source: Any, outputfile: Any) -> None:
        outage, slow = self.host.outage, self.host.slow
        if slow:
            while block := source.read(2048):
                slow.wait_for(len(block))
                outputfile.write(block)
            return
        if outage is None or not self.path.endswith((".bin", ".wasm")):
            super().copyfile(source, outputfile)
            return
        while block := source.read(8192):
            sent = outage.take(len(block))
            outputfile.write(block[:sent])
            if sent < len(block):
                self.close_connection = True
                return

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
        if self.host.caching and keyword == "Cache-Control" and re.search(HASHED, self.path):
            value = IMMUTABLE
        wanted = self._fault.headers.get(keyword, value) if self._fault else value
        if value != wanted:
            return
        if self.host.isolated or not keyword.startswith("Cross-Origin-"):
            super().send_header(keyword, value)

    def send_readers(self) -> None:
        """As a host elsewhere, for which pages of this machine are strangers."""
        if self.host.cors:
            self.send_header("Access-Control-Allow-Origin", "*")

    def handle(self) -> None:
        # The browser disconnects, as on an aborted download.
        with suppress(BrokenPipeError, ConnectionResetError):
            super().handle()


@contextmanager
def hosting(
    site: Path, *, isolated: bool = True, cors: bool = False, caching: bool = False
) -> Iterator[Host]:
    """Serve `site` while the block runs."""
    host = Host(site, isolated, cors, caching)
    host.start()
    try:
        yield host
    finally:
        host.stop()


Hosting = Callable[..., Host]
