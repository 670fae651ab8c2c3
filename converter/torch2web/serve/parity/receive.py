"""Serves a site to other devices and receives the outcomes that they post."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from torch2web.errors import OutcomeError, OutputError
from torch2web.serve.parity.outcome import Outcome, parse, save
from torch2web.serve.parity.report import report_html
from torch2web.serve.static import SiteHandler
from torch2web.site.manifest import MANIFEST
from torch2web.site.writers import VERIFY_PAGE as PAGE
from torch2web.store import sha256_of

MAX_BYTES = 4 * 2**20
"""Maximum size of an outcome in bytes."""

REPORT = "report.html"
_OUTCOME = "/outcome"
_TIMEOUT = 60
"""Seconds of inactivity after which a connection is closed."""
_MAX_DISCARDED = 16 * MAX_BYTES
"""Bytes of an oversized body that are read and discarded, so that the client reads the response."""


@dataclass(frozen=True)
class Post:
    """Configuration of the endpoint: the site, the folder for outcomes, and the access token."""

    site: Path
    folder: Path
    token: str
    arrived: Callable[[Outcome], None]
    """Called with each saved outcome, in the thread of its request."""


class RefusedError(Exception):
    """An outcome was refused; `str()` is a message for the user of the device."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        self.status = status
        super().__init__(sentence)


def require_verify_page(site: Path) -> None:
    """Raise OutputError if the built `site` has no verify.html."""
    if (site / MANIFEST).is_file() and not (site / PAGE).is_file():
        problem = f"it has no {PAGE}: it was built with --no-verify-page"
        raise OutputError(site, f"{problem}; build it again without that option")


class ParityHandler(SiteHandler):
    """SiteHandler with /report.html and POST /outcome."""

    timeout = _TIMEOUT

    def __init__(self, *arguments: object, post: Post, **options: object) -> None:
        self.post = post
        super().__init__(*arguments, **options)  # type: ignore[arg-type]

    def do_GET(self) -> None:  # noqa: N802
        if urlsplit(self.path).path == f"/{REPORT}":
            self._report()
        else:
            super().do_GET()

    def do_HEAD(self) -> None:  # noqa: N802
        if urlsplit(self.path).path == f"/{REPORT}":
            self.do_GET()
        else:
            super().do_HEAD()

    def _report(self) -> None:
        try:
            self._answer(HTTPStatus.OK, "text/html", report_html(self.post.site, self.post.folder))
        except OutputError as error:  # the site has changed since the command began
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain", f"{error}\n".encode())

    def do_POST(self) -> None:  # noqa: N802
        try:
            self._take(self._read_body())
        except RefusedError as refusal:
            self._answer(refusal.status, "text/plain", f"{refusal}\n".encode())
        except OSError as error:
            sentence = (
                f"The outcome could not be saved: {error.strerror or error}. Make room and check again.\n"
            )
            self._answer(HTTPStatus.INSUFFICIENT_STORAGE, "text/plain", sentence.encode())
        else:
            self._answer(HTTPStatus.CREATED, "text/plain", b"The outcome was saved.\n")

    def _read_body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length:
            self.close_connection = True
            sentence = "The request has no Content-Length. Send the outcome in one body with its length."
            raise RefusedError(HTTPStatus.LENGTH_REQUIRED, sentence)
        if not (length.isascii() and length.isdecimal() and len(length) <= 18):
            self.close_connection = True
            sentence = (
                "Content-Length is not a number of bytes. Send the outcome in one body with its length."
            )
            raise RefusedError(HTTPStatus.BAD_REQUEST, sentence)
        size = int(length)
        if size > MAX_BYTES:
            self.close_connection = True
            for _ in range(min(size, _MAX_DISCARDED) // 2**20):
                self.rfile.read(2**20)
            sentence = f"The outcome is {size:,} bytes, expected at most {MAX_BYTES:,}. "
            sentence += "Reload the page and check again."
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence)
        body = self.rfile.read(size)
        if len(body) < size:
            self.close_connection = True
            sentence = f"{len(body):,} bytes arrived, expected {size:,}. Reload the page and check again."
            raise RefusedError(HTTPStatus.BAD_REQUEST, sentence)
        return body

    def _take(self, body: bytes) -> None:
        url = urlsplit(self.path)
        if url.path != _OUTCOME:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"No such endpoint. Post outcomes to {_OUTCOME}.")
        token = parse_qs(url.query).get("token", [""])[0]
        if not secrets.compare_digest(token.encode(), self.post.token.encode()):
            sentence = "The token is missing or expired; the server creates a new one at each start. "
            raise RefusedError(HTTPStatus.FORBIDDEN, sentence + "Open the address that it shows now.")
        try:
            data = parse(body)
            outcome = Outcome.from_dict(data, datetime.now(UTC))
        except OutcomeError as error:
            sentence = f"The outcome is not valid: {error}. Reload the page and check again."
            raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, sentence) from error
        served = sha256_of(self.post.site / MANIFEST)
        if outcome.manifest_sha256 != served:
            found = outcome.manifest_sha256[:8] or "none"
            sentence = f"The outcome is of another build: found {found}, expected {served[:8]}. "
            raise RefusedError(HTTPStatus.CONFLICT, sentence + "Reload the page and check again.")
        save(self.post.folder, data, outcome)
        self.post.arrived(outcome)

    def _answer(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
