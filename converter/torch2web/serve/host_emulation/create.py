"""Creates a server that emulates a host, after checking the site against the limits of that host."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

from torch2web.errors import OutputError
from torch2web.serve.host_emulation.handler import HostHandler
from torch2web.serve.host_emulation.hosts import Cloudflare, GitHub, Nginx
from torch2web.serve.host_emulation.limits import CLOUDFLARE, GITHUB, NGINX, Limits, require_within
from torch2web.serve.static import LOOPBACK, create_server
from torch2web.site.hosting import HEADERS, read_headers_file, read_site
from torch2web.site.manifest import MANIFEST, SUMS, read_sums
from torch2web.text_files import read_text


@dataclass(frozen=True)
class _EmulatedHost:
    limits: Limits
    prefix: str
    handler: Callable[[Path], Callable[..., HostHandler]]


def _nginx(site: Path) -> Callable[..., HostHandler]:
    return partial(Nginx, site=read_site(site, [*read_sums(site)[0], SUMS]))


def _cloudflare(site: Path) -> Callable[..., HostHandler]:
    if not (site / HEADERS).is_file():
        raise OutputError(site, f"it has no {HEADERS}, which Cloudflare Pages reads; build it again")
    return partial(Cloudflare, rules=read_headers_file(read_text(site / HEADERS)))


def _github(_: Path) -> Callable[..., HostHandler]:
    return GitHub


EMULATED_HOSTS = {
    "nginx": _EmulatedHost(NGINX, Nginx.prefix, _nginx),
    "cloudflare": _EmulatedHost(CLOUDFLARE, Cloudflare.prefix, _cloudflare),
    "github": _EmulatedHost(GITHUB, GitHub.prefix, _github),
}


@contextmanager
def create_emulated_server(
    host: str, site: Path, port: int, address: str = LOOPBACK
) -> Iterator[tuple[ThreadingHTTPServer, str]]:
    """Yield a server that serves `site` like `host`, and the path prefix of the site.

    `port` 0 selects a free port. Raises OutputError if the host would refuse the site, and InputError if
    address or port cannot be used.
    """
    emulated = EMULATED_HOSTS[host]
    if not (site / MANIFEST).is_file():
        raise OutputError(site, "there is no built site; build it first")
    require_within(emulated.limits, site)
    with create_server(site, port, address, emulated.handler(site)) as server:
        yield server, emulated.prefix
