"""Emulated hosts: response headers, content encoding, and responses for missing files."""

from collections.abc import Sequence
from pathlib import Path

from torch2web.serve.host_emulation.handler import Answer, HostHandler
from torch2web.site.encoding import ENCODINGS
from torch2web.site.hosting import EVERYWHERE, HEADERS, HeaderRule, Site, headers_of, type_of

_COMPRESSED = ("text/", "application/json", "application/wasm")
"""Content types of a site that Cloudflare compresses (its documentation, "Content compression")."""


class Nginx(HostHandler):
    """nginx with the generated configuration and gzip_static."""

    def __init__(self, *arguments: object, site: Site, **options: object) -> None:
        self.site = site
        super().__init__(*arguments, **options)

    def answer(self, path: str) -> Answer:
        file = self.find(path)
        if not file:
            return self.missing(path)
        headers = self.site.headers(file.relative_to(self.directory).as_posix())
        smaller = file.with_name(file.name + ENCODINGS[1].suffix)
        if not smaller.is_file():
            return Answer(200, file, headers)
        headers["Vary"] = "Accept-Encoding"
        if not self.accepts("gzip"):
            return Answer(200, file, headers)
        return Answer(200, smaller, {**headers, "Content-Encoding": "gzip"})

    def missing(self, _: str) -> Answer:
        page = b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n</body>\r\n</html>\r\n"
        return Answer(404, page, {"Content-Type": "text/html", **EVERYWHERE})


class Cloudflare(HostHandler):
    """Cloudflare Pages (its documentation, "Serving Pages" and "Headers")."""

    def __init__(self, *arguments: object, rules: Sequence[HeaderRule], **options: object) -> None:
        self.rules = rules
        super().__init__(*arguments, **options)

    def answer(self, path: str) -> Answer:
        if path.endswith(".html") and self.find(path):
            short = self.prefix + path.removesuffix(".html")
            short = short.removesuffix("index") if short.endswith("/index") else short
            _, mark, query = self.path.partition("?")
            return Answer(308, b"", {"Location": short + mark + query})
        file = self.find(path) or self.find(f"{path}.html")
        # `_headers` is configuration and is not served.
        return self._send(200, file, path) if file and path != HEADERS else self.missing(path)

    def missing(self, path: str) -> Answer:
        if page := self.find("404.html"):
            return self._send(404, page, path)
        # Without 404.html Cloudflare assumes a single-page application and serves its index.html.
        return self._send(200, Path(self.directory) / "index.html", path)

    def _send(self, status: int, file: Path, path: str) -> Answer:
        headers = {
            "Content-Type": type_of(file.name),
            "Access-Control-Allow-Origin": "*",
            "Cache-Control": "public, max-age=0, must-revalidate",
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "X-Content-Type-Options": "nosniff",
            **headers_of(self.rules, f"/{path}"),
        }
        if headers["Content-Type"].startswith(_COMPRESSED):
            return self.compressed(status, file, headers, "br", "gzip")
        return Answer(status, file, headers)


class GitHub(HostHandler):
    """GitHub Pages of a project: served below the project's name, without custom headers."""

    prefix = "/project/"

    def answer(self, path: str) -> Answer:
        file = self.find(path) or self.find(f"{path}.html")
        return self._send(200, file) if file else self.missing(path)

    def missing(self, _: str) -> Answer:
        if page := self.find("404.html"):
            return self._send(404, page)
        page_of_github = (
            b"<!DOCTYPE html>\n<html>\n<title>Page not found &middot; GitHub Pages</title>\n</html>\n"
        )
        return Answer(404, page_of_github, {"Content-Type": "text/html; charset=utf-8"})

    def _send(self, status: int, file: Path) -> Answer:
        headers = {
            "Content-Type": type_of(file.name),
            "Access-Control-Allow-Origin": "*",
            "Cache-Control": "max-age=600",
        }
        if headers["Content-Type"].startswith(("text/", "application/json")):
            return self.compressed(status, file, headers, "gzip")
        return Answer(status, file, headers)
