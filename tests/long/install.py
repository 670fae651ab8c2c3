"""Installs Firefox and WebKit for `make test-all`, where Debian's apt-get may be used."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.long.engines import find_engines

PACKAGES = ("firefox-esr", "webkit2gtk-driver", "xvfb", "xauth", "dbus")


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        missing = [engine for engine in find_engines(Path(folder)) if not engine.command]
    if not missing:
        return 0
    if shutil.which("apt-get") and os.geteuid() == 0:
        install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *PACKAGES]
        if subprocess.run(["apt-get", "update", "-q"], check=False).returncode == 0:
            subprocess.run(install, check=False)
        return 0
    for engine in missing:
        print(f"{engine.name} is not installed and will be skipped: {engine.missing}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
