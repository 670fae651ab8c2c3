"""Debian's nginx with the snippet of a built site; run as a command, it installs nginx where it may."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.patience import PATIENCE

PACKAGES = ("nginx-light", "libnginx-mod-http-brotli-static")
NO_NGINX = "nginx is not installed (as root on Debian `make browser` does it): the snippet was not tried"
BROTLI_MODULE = Path("/usr/lib/nginx/modules/ngx_http_brotli_static_module.so")


def find_nginx() -> str | None:
    """Path of nginx, which distributions install outside of users' PATH."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def running_nginx(folder: Path, server: str, *, brotli: bool = False) -> Iterator[str]:
    """Run nginx with `server` as the content of a server block; yields its address. It writes to `folder`."""
    executable = find_nginx()
    assert executable
    port = _free_port()
    configuration = folder / "nginx.conf"
    temporary = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    lines = [
        f"load_module {BROTLI_MODULE};" if brotli else "",
        # pytest's folders are readable by their owner alone, and root's nginx would run as another user.
        "user root;" if os.geteuid() == 0 else "",
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;",
        "events {}",
        "http {",
        f"access_log off; include {_mime_types()};",
        *(f"{name}_temp_path {folder}/{name};" for name in temporary),
        f"server {{ listen 127.0.0.1:{port}; {server} }}",
        "}",
    ]
    configuration.write_text("\n".join(lines))
    process = subprocess.Popen(
        [executable, "-e", f"{folder}/error.log", "-c", str(configuration)], stderr=subprocess.PIPE, text=True
    )
    try:
        _wait_until_listening(process, port)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def _mime_types() -> Path:
    """nginx's own list of types, which the snippet replaces."""
    return Path("/etc/nginx/mime.types")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_until_listening(process: "subprocess.Popen[str]", port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"nginx ended: {process.communicate()[1]}")
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("nginx does not listen")


def main() -> int:
    if find_nginx():
        return 0
    if not (shutil.which("apt-get") and os.geteuid() == 0):
        print(NO_NGINX, file=sys.stderr)
        return 0
    # In runlevel 1 Debian's packages do not start their services.
    environment = {**os.environ, "RUNLEVEL": "1", "DEBIAN_FRONTEND": "noninteractive"}
    if subprocess.run(["apt-get", "update", "-q"], check=False).returncode == 0:
        install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *PACKAGES]
        subprocess.run(install, check=False, env=environment)
    return 0


if __name__ == "__main__":
    sys.exit(main())
