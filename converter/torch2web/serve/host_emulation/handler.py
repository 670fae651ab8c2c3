"""What imitated hosts share: they look a file up, decide on an answer, and send it."""

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
"""Brotli's quality for what is compressed while a visitor waits."""


@dataclass(frozen=True)
class Answer:
    """A whole answer; of a file it is the path."""

    status: int
    content: Path | bytes
    headers: Mapping[str, str]


class HostHandler(SiteHandler):
    """GET and HEAD below one folder, with no header but those that `answer` gives."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]  # the socket's server knows them

    prefix = "/"
    """Path on the host that the site lies below."""

    @abstractmethod
    def answer(self, path: str) -> Answer:
        """What the host says to a request for `path`, which is relative to the site."""

    @abstractmethod
    def missing(self, path: str) -> Answer:
        """What it says where there is no such file."""

    def send_head(self) -> BinaryIO:
        """As in the base class: sends everything but the body, and returns that."""
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
        # Not SiteHandler's, which adds what a good host sends.
        SimpleHTTPRequestHandler.end_headers(self)

    def find(self, path: str) -> Path | None:
        """The file of the site at `path`, or the `index.html` of a folder."""
        file = Path(self.translate_path(f"/{path}"))
        file = file / "index.html" if file.is_dir() else file
        return file if file.is_file() else None

    def accepts(self, encoding: str) -> bool:
        """Whether the visitor's browser unpacks `encoding` (RFC 9110, 12.5.3)."""
        for entry in self.headers.get("Accept-Encoding", "").split(","):
            name, _, weight = entry.replace(" ", "").partition(";")
            if name == encoding:
                return weight not in ("q=0", "q=0.0")
        return False

    def packed(self, status: int, file: Path, headers: Mapping[str, str], *encodings: str) -> Answer:
        """`file`, compressed now by the first of `encodings` that the visitor accepts."""
        varying = {**headers, "Vary": "Accept-Encoding"}
        for encoding in ENCODINGS:
            if encoding.name in encodings and self.accepts(encoding.name):
                content = b"".join(encoding.compress([file.read_bytes()], _QUICK))
                return Answer(status, content, {**varying, "Content-Encoding": encoding.name})
        return Answer(status, file, varying)
