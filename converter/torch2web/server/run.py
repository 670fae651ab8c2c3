"""From settings to a running server."""

import os
import socket
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from torch2web.errors import MissingExtraError
from torch2web.server.inference import check_files, read_site
from torch2web.server.settings import ApiSettings

_PACKAGES = ("starlette", "uvicorn", "prometheus_client", "python_multipart")


def require_server_packages() -> None:
    """Raise MissingExtraError where the packages of the extra are not installed."""
    if not all(find_spec(name) for name in _PACKAGES):
        raise MissingExtraError("--api", "server")


def serve_api(settings: ApiSettings, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve on `listener` until SIGTERM or SIGINT; `on_ready` is called when requests are answered.

    Raises MissingExtraError, OutputError, ManifestError, OptionError, SiteError or ServerError.
    """
    require_server_packages()
    check_files(read_site(settings.site, settings.default_model))
    with tempfile.TemporaryDirectory(prefix="torch2web-") as folder:
        # Before prometheus_client is imported, here and in the workers, which inherit it.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(Path(folder))
        from torch2web.server.metrics import worker_ends
        from torch2web.server.supervisor import Supervisor

        ends = worker_ends()
        Supervisor(settings, listener, ends.inc).run(on_ready)
