"""The command `serve`: prints the site's address, how other devices reach it, and their results."""

import secrets
import socket
import sys
from collections.abc import Sequence
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

from torch2web.cli.lan import lan_addresses
from torch2web.cli.terminal import Output, qr_lines
from torch2web.serve.host_emulation import create_emulated_server
from torch2web.serve.parity import REPORT, Outcome, ParityHandler, Post, decimal, require_verify_page
from torch2web.serve.static import EVERY_ADDRESS, LOOPBACK, SiteHandler, create_server, require_origins
from torch2web.site.writers import VERIFY_PAGE as PAGE


def serve_site(site: Path, port: int, host: str | None, output: Output, origins: Sequence[str] = ()) -> None:
    """Serve `site` until Ctrl-C, on this machine alone unless `host` is given; pages of `origins` may use it.

    Raises InputError, or OptionError for what is no origin.
    """
    require_origins(origins)
    host = host or LOOPBACK
    with create_server(site, port, host, partial(SiteHandler, origins=origins)) as server:
        output.line(f"{_url(host, server)}  (Ctrl-C stops it)")
        _serve_until_interrupted(server, output)


def serve_as(host: str, site: Path, port: int, address: str | None, output: Output) -> None:
    """Serve `site` until Ctrl-C as `host` would, one of EMULATED_HOSTS. Raises InputError."""
    address = address or LOOPBACK
    with create_emulated_server(host, site, port, address) as (server, prefix):
        where = _url(address, server) + prefix.removeprefix("/")
        output.line(f"{where}  (as {host} serves it; Ctrl-C stops it)")
        _serve_until_interrupted(server, output)


def serve_parity(site: Path, port: int, host: str | None, folder: Path, output: Output) -> None:
    """Serve `site` to other devices until Ctrl-C; save their results in `folder`. Raises InputError."""
    require_verify_page(site)
    host = host or EVERY_ADDRESS
    post = Post(site, folder, secrets.token_urlsafe(16), lambda outcome: output.line(in_a_line(outcome)))
    with create_server(site, port, host, partial(ParityHandler, post=post)) as server:
        addresses = lan_addresses() if host == EVERY_ADDRESS else [host]
        shown = addresses[0] if addresses else socket.gethostname() or LOOPBACK
        address = f"{_url(shown, server)}{PAGE}?post={post.token}"
        code = qr_lines(address)
        if not output.code(code) and sys.stdout.isatty():
            output.line(f"For a code to scan, use a terminal with colours and {len(code[0])} columns.")
        output.line(address)
        output.line(
            "Open it on a phone or anything else in the same network, and leave it open for some minutes."
        )
        if not addresses:
            output.warning(
                "This machine seems to be in no network; --address names an address that others reach."
            )
        elif others := ", ".join(addresses[1:]):
            output.line(f"Where it does not open, --address names another address of this machine: {others}")
        here = _url(LOOPBACK if host == EVERY_ADDRESS else host, server)
        output.line(f"{here}{REPORT} shows the results of devices, from {folder}  (Ctrl-C stops it)")
        _serve_until_interrupted(server, output)


def in_a_line(outcome: Outcome) -> str:
    """What a device found."""
    counts = f"{outcome.passed} passed, {outcome.failed} failed, {outcome.skipped} skipped"
    parts = [
        f"{outcome.device}: {outcome.verdict}",
        f"{len(outcome.tests)} tests ({counts}) in {outcome.seconds:.0f} s",
        *(f"{model.name} off by at most {decimal(model.max_abs_diff)}" for model in outcome.models),
    ]
    if outcome.problem:
        parts.append(" ".join(outcome.problem.split())[:200])
    return "; ".join(parts)


def _url(host: str, server: ThreadingHTTPServer) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{server.server_port}/"


def _serve_until_interrupted(server: ThreadingHTTPServer, output: Output) -> None:
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        output.line("stopped")
