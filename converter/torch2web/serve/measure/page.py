"""Serves a site with the page that measures it, which is no part of the site."""

import io
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

from torch2web.assets import Assets
from torch2web.serve.static import SiteHandler, create_server

PAGE = "torch2web-measure.html"
_SCRIPT = "torch2web-measure.js"
_PICTURES = "torch2web-measure/"

_HTML = f"""<!doctype html>
<meta charset="utf-8">
<title>torch2web report</title>
<link rel="icon" href="data:,">
<script type="module" src="{_SCRIPT}"></script>
"""


class TaskServer:
    """The server of the page, and the tasks of a browser that fetches them, one at a time."""

    def __init__(self, address: str, queue: str) -> None:
        self.address = address
        """Ends in a slash."""
        self.queue_address = f"{address}{PAGE}?queue={queue}"
        """The page, which then fetches its tasks and posts its answers."""
        self.tasks: Queue[Mapping[str, Any] | None] = Queue()
        """Requests of measure.ts; None: there are no more."""
        self.answers: Queue[dict[str, Any]] = Queue()
        self.visited = Event()
        """A browser has asked for a task."""

    def answer(self, seconds: float) -> dict[str, Any] | None:
        """`measured`, or `problem` where the page failed; None: nothing came within `seconds`."""
        try:
            return self.answers.get(timeout=seconds)
        except Empty:
            return None


def picture_paths(count: int) -> list[str]:
    """Where the pictures are served, by number."""
    return [f"{_PICTURES}{number}.png" for number in range(count)]


@contextmanager
def serving(site: Path, assets: Assets, pictures: Sequence[Image.Image]) -> Iterator[TaskServer]:
    """Serve `site`, the page and `pictures` on a free port of this machine."""
    files = {
        PAGE: ("text/html", _HTML.encode()),
        _SCRIPT: ("text/javascript", assets.read("scripts/measure.js")),
    }
    files |= {
        path: ("image/png", _png(image))
        for path, image in zip(picture_paths(len(pictures)), pictures, strict=True)
    }
    queue = f"{_PICTURES}{secrets.token_urlsafe(16)}"
    servers: list[TaskServer] = []  # filled as soon as the port is known
    handler = partial(_Handler, files=files, queue=queue, servers=servers)
    with create_server(site, 0, handler=handler) as http:
        servers.append(TaskServer(f"http://127.0.0.1:{http.server_port}/", queue))
        # Its end waits for the next poll.
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield servers[0]
        finally:
            servers[0].tasks.put(None)  # a request that waits is answered
            http.shutdown()
            thread.join()


class _Handler(SiteHandler):
    """SiteHandler with files that are in memory, and the queue."""

    def __init__(
        self,
        *arguments: object,
        files: Mapping[str, tuple[str, bytes]],
        queue: str,
        servers: Sequence[TaskServer],
        **options: object,
    ) -> None:
        self.files, self.queue, self.servers = files, queue, servers
        super().__init__(*arguments, **options)  # type: ignore[arg-type]

    def do_GET(self) -> None:  # noqa: N802
        path = urlsplit(self.path).path.removeprefix("/")
        if path == self.queue:
            self._give_task(self.servers[0])
        elif path in self.files:
            self._answer(*self.files[path])
        else:
            super().do_GET()

    def do_POST(self) -> None:  # noqa: N802
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if urlsplit(self.path).path.removeprefix("/") != self.queue:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        try:
            self.servers[0].answers.put(json.loads(body))
        except ValueError:  # cut off, as the browser ends
            self.send_error(HTTPStatus.BAD_REQUEST)
        else:
            self._answer("text/plain", b"")

    def _give_task(self, server: TaskServer) -> None:
        """The next one, as soon as there is one."""
        server.visited.set()
        task = server.tasks.get()
        self._answer("application/json", json.dumps(task).encode())

    def _answer(self, content_type: str, content: bytes) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
