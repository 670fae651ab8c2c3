"""The command `serve --api`: prints where requests are answered, and runs the workers until it is stopped."""

import argparse
import socket
import sys

from torch2web.cli.options import settings_of
from torch2web.cli.terminal import Output
from torch2web.serve.static import LOOPBACK, bind
from torch2web.server import require_server_packages, serve_api, write_docker_files


def serve_predictions(options: argparse.Namespace, output: Output) -> None:
    """Serve until SIGTERM or Ctrl-C, or write the files of a container. Raises Torch2WebError."""
    require_server_packages()
    if options.docker:
        for path in write_docker_files(options.docker):
            output.line(str(path))
        output.line("Put the wheel of torch2web and the site beside them: docs/server.md")
        return
    settings = settings_of(options)
    host = options.address or LOOPBACK
    with bind(host, options.port) as listener:
        port = listener.getsockname()[1]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"

        def on_ready() -> None:
            output.line(f"{address}api/predict  (described at {address}docs; Ctrl-C stops it)")
            if listener.family != socket.AF_UNIX and host != LOOPBACK and not settings.token_digest:
                output.warning("Whoever reaches this address may ask; --token-file requires a token.")
            sys.stdout.flush()

        serve_api(settings, listener, on_ready)
    output.line("stopped")
