"""Request handler shared by the emulated hosts: file lookup, content encoding, response."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from torch2web.serve.static import SiteHandler
from torch2web.site.encoding import ENCODINGS

_QUICK = 4
"""Brotli quality of responses compressed on request."""


@dataclass(frozen=True)
class Answer:
    """A response; `content` is the path of a file, or the body."""

    status: int
    content: Path | bytes
    headers: Mapping[str, str]


class HostHandler(SiteHandler):
    """Serves GET and HEAD of one folder, with the headers given by `answer` only."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]  # passed by the socket server

    prefix = "/"
    """Path prefix of the site on the host."""

    @abstractmethod
    def answer(self, path: str) -> Answer:
        """Return the response to a request for `path`, relative to the site."""

    @abstractmethod
    def missing(self, path: str) -> Answer:
        """Return the response for a file that does not exist."""

    def send_head(self) -> BinaryIO:
        """Send status and headers; return the body."""
        path = unquote(urlsplit(self.path).path)
        inside = path.startswith(self.prefix)
        answer = self.answer(path.removeprefix(self.prefix)) if inside else self.missing(path)
        if isinstance(answer.content, Path):
            body: BinaryIO = answer.content.open("rb")
            size = answer.content.stat().st_size
        else:
            body, size = BytesIO(answer.content), len(answer.content)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        return body

    def end_headers(self) -> None:
        # Skips SiteHandler, which adds headers that the emulated hosts do not send.
        SimpleHTTPRequestHandler.end_headers(self)

    def find(self, path: str) -> Path | None:
        """Return the file of the site at `path`, or `index.html` of a folder; None if there is none."""
        file = Path(self.translate_path(f"/{path}"))
        file = file / "index.html" if file.is_dir() else file
        return file if file.is_file() else None

    def accepts(self, encoding: str) -> bool:
        """Whether the client accepts the content encoding `encoding` (RFC 9110, 12.5.3)."""
        for entry in self.headers.get("Accept-Encoding", "").split(","):
            name, _, weight = entry.replace(" ", "").partition(";")
            if name == encoding:
                return weight not in ("q=0", "q=0.0")
        return False

    def compressed(self, status: int, file: Path, headers: Mapping[str, str], *encodings: str) -> Answer:
        """Return `file`, compressed by the first of `encodings` that the client accepts."""
        varying = {**headers, "Vary": "Accept-Encoding"}
        for encoding in ENCODINGS:
            if encoding.name in encodings and self.accepts(encoding.name):
                content = b"".join(encoding.compress([file.read_bytes()], _QUICK))
                return Answer(status, content, {**varying, "Content-Encoding": encoding.name})
        return Answer(status, file, varying)
