"""Starts a server that imitates a host, once it is clear that the host would take the site."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

from converter.bundle import MANIFEST, SUMS, read_sums
from converter.errors import OutputError
from converter.headers_file import read_headers_file
from converter.host_handler import HostHandler
from converter.host_limits import CLOUDFLARE, GITHUB, NGINX, Limits, require_within
from converter.hosts import HEADERS, read_site
from converter.imitation import Cloudflare, GitHub, Nginx
from converter.serve import LOOPBACK, create_server


@dataclass(frozen=True)
class _Imitated:
    limits: Limits
    prefix: str
    handler: Callable[[Path], Callable[..., HostHandler]]


def _nginx(site: Path) -> Callable[..., HostHandler]:
    return partial(Nginx, site=read_site(site, [*read_sums(site)[0], SUMS]))


def _cloudflare(site: Path) -> Callable[..., HostHandler]:
    if not (site / HEADERS).is_file():
        raise OutputError(site, f"it has no {HEADERS}, which Cloudflare Pages reads; build it again")
    return partial(Cloudflare, rules=read_headers_file((site / HEADERS).read_text()))


def _github(_: Path) -> Callable[..., HostHandler]:
    return GitHub


IMITATED = {
    "nginx": _Imitated(NGINX, Nginx.prefix, _nginx),
    "cloudflare": _Imitated(CLOUDFLARE, Cloudflare.prefix, _cloudflare),
    "github": _Imitated(GITHUB, GitHub.prefix, _github),
}


@contextmanager
def create_imitation(
    host: str, site: Path, port: int, address: str = LOOPBACK
) -> Iterator[tuple[ThreadingHTTPServer, str]]:
    """A server of `site` as `host` would serve it, and the path that it lies below. Raises InputError."""
    imitated = IMITATED[host]
    if not (site / MANIFEST).is_file():
        raise OutputError(site, "there is no built site; build it first: python build.py")
    require_within(imitated.limits, site)
    with create_server(site, port, address, imitated.handler(site)) as server:
        yield server, imitated.prefix
