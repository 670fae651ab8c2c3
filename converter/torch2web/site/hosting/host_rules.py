"""Which headers each file of a site is sent with: one list, from which every host's own file is rendered.

Site.headers(path) ─ path_rules ─► hosts that know paths: Netlify, Cloudflare Pages, Vercel
HASHED, EVERYWHERE, TYPES ───────► hosts that know regular expressions: nginx, Apache
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import PurePosixPath

from torch2web.store import HASH_LENGTH

HASHED = rf"-[0-9a-f]{{{HASH_LENGTH}}}\.|(^|/)models/parts/"
"""Paths with their content's hash in them, which never mean other bytes. The same to Python and to PCRE."""

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATED = "no-cache"
"""Stored, but revalidated each time: for files with a stable name (RFC 9111, 5.2.2.4)."""

EVERYWHERE: Mapping[str, str] = {
    # Both make a page cross-origin isolated, which threads in WebAssembly need (HTML standard).
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    # Whether pages of other origins may load a file without CORS, as <img> does. The loader and all that it
    # fetches are asked for with CORS (HTML: module scripts; Fetch, 3.7), which this header has no say in:
    # `cross-origin` would not help them, and would open an intranet's files. docs/hosting.md says what helps.
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
FRAMES = "frame-ancestors 'self'"
"""What a page's own `<meta>` cannot say (CSP 3, 4.2). No stranger frames a page that asks for pictures."""

TYPES: Mapping[str, str] = {
    "bin": "application/octet-stream",
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "jpg": "image/jpeg",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "md": "text/plain; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "onnx": "application/octet-stream",
    "png": "image/png",
    "py": "text/plain; charset=utf-8",
    "svg": "image/svg+xml",
    "tgz": "application/gzip",
    "ts": "text/plain; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "wasm": "application/wasm",
    "whl": "application/zip",
    "zip": "application/zip",
}
"""By file name extension; anything else is application/octet-stream."""
DEFAULT_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Site:
    """Input of the rules: every path, and the policy in each page's `<meta>`."""

    paths: Sequence[str]
    policies: Mapping[str, str] = field(default_factory=dict)

    def headers(self, path: str) -> dict[str, str]:
        """Headers of the file at `path` that do not depend on the request."""
        caching = IMMUTABLE if re.search(HASHED, path) else REVALIDATED
        headers = {"Content-Type": type_of(path), "Cache-Control": caching, **EVERYWHERE}
        if path in self.policies:
            headers["Content-Security-Policy"] = self.policies[path]
        return headers

    @property
    def folder_policies(self) -> list[tuple[str, str]]:
        """Regular expressions that are found in paths of pages in folders, with the policy of these pages.

        A page whose name one of the root has too, such as `docs/index.html`, is in none and gets that one's
        policy beside its own `<meta>`: the site may itself be in a folder `docs/`, whose page must work.
        """
        names: dict[tuple[str, str], list[str]] = {}
        for path, policy in sorted(self.policies.items()):
            folder, _, name = path.rpartition("/")
            if folder and name not in self.policies:
                names.setdefault((folder, policy), []).append(re.escape(name.removesuffix(".html")))
        return [
            (rf"/{re.escape(folder)}/({'|'.join(found)})\.html", policy)
            for (folder, policy), found in names.items()
        ]


def type_of(path: str) -> str:
    """The MIME type of a file by its name."""
    return TYPES.get(PurePosixPath(path).suffix.removeprefix("."), DEFAULT_TYPE)


def policy_of(page: str) -> str:
    """The policy of the page's `<meta>`, with directives that only a header can have; empty without one."""
    reader = _PolicyReader()
    for line in page.splitlines(keepends=True):
        reader.feed(line)
        if reader.is_past_head:
            break  # a policy in the body has no effect, and reading it takes most of the time
    return f"{reader.policy}; {FRAMES}" if reader.policy else ""


class _PolicyReader(HTMLParser):
    policy = ""
    is_past_head = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_past_head = self.is_past_head or tag == "body"
        found = dict(attrs)
        if tag == "meta" and (found.get("http-equiv") or "").lower() == "content-security-policy":
            self.policy = found.get("content") or ""


@dataclass(frozen=True)
class PathRule:
    """`path` begins with a slash; one that ends in `/*` means everything below."""

    path: str
    headers: Mapping[str, str]


def path_rules(site: Site) -> list[PathRule]:
    """Rules by path for the whole of `site`, of which no two match the same file.

    Hosts disagree about two matching rules: Cloudflare joins their values with a comma, Netlify takes
    the more specific. A folder whose files are all sent alike is one rule, as Cloudflare reads 100 at most.
    """
    return [PathRule(path, headers) for path, headers in _cover(site, "", sorted(site.paths))]


def _cover(site: Site, folder: str, paths: Sequence[str]) -> Iterable[tuple[str, dict[str, str]]]:
    headers = [site.headers(path) for path in paths]
    if folder and all(found == headers[0] for found in headers):
        yield f"/{folder}*", headers[0]
        return
    below: dict[str, list[str]] = {}
    for path in paths:
        name, slash, _ = path.removeprefix(folder).partition("/")
        below.setdefault(folder + name + slash, []).append(path)
    for name, inside in below.items():
        if name.endswith("/"):
            yield from _cover(site, name, inside)
        else:
            for address in _addresses(name):
                yield address, site.headers(name)


def _addresses(path: str) -> Iterable[str]:
    """Every path under which hosts serve a file: pages also without `index.html` or without `.html`.

    Cloudflare Pages redirects to the shorter one, Netlify serves both.
    """
    yield f"/{path}"
    if path.endswith(".html"):
        short = path.removesuffix(".html")
        yield f"/{short.removesuffix('index')}" if PurePosixPath(path).stem == "index" else f"/{short}"
