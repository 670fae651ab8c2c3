"""Finds a Chromium for the tests, or installs one: `python -m tests.browser.find`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.patience import PATIENCE

SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"

_ASK = """
import sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(getattr(playwright, sys.argv[1]).executable_path)
"""

NO_BROWSER = """No browser to test with. One of these provides it:
  - Playwright's own Chromium:   .venv/bin/playwright install chromium
  - a Chromium or Chrome on the PATH, from your system's packages
  - on Debian or Ubuntu as root: apt-get install chromium"""


def find_chromium() -> Path | None:
    """Playwright's own Chromium if it is installed, else one of this machine."""
    candidates = [playwrights_own(), *(shutil.which(name) for name in (*SYSTEM_NAMES, MAC_CHROME))]
    return next((Path(path) for path in candidates if path and _starts(Path(path))), None)


def playwrights_own(name: str = "chromium") -> Path:
    """Path of Playwright's own `chromium`, `firefox` or `webkit`, installed or not.

    Asked in a separate process, since a process can run only one Playwright at a time.
    """
    result = subprocess.run([sys.executable, "-c", _ASK, name], capture_output=True, text=True, check=True)
    return Path(result.stdout.strip())


def _starts(path: Path) -> bool:
    """Whether a browser exists and has the system libraries that it needs."""
    try:
        result = subprocess.run([path, "--version"], capture_output=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0


def launch_arguments() -> list[str]:
    """Disable Chromium's own network traffic, and for root the sandbox, which root cannot use."""
    quiet = [
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ]
    return [*quiet, "--no-sandbox"] if os.geteuid() == 0 else quiet


def install_chromium() -> Path | None:
    """Install Playwright's Chromium, else Debian's package where apt-get may be used."""
    libraries = ["--with-deps"] if os.geteuid() == 0 and shutil.which("apt-get") else []
    _try([sys.executable, "-m", "playwright", "install", *libraries, "chromium"], seconds=600)
    if found := find_chromium():
        return found
    if shutil.which("apt-get") and os.geteuid() == 0:
        _try(["apt-get", "update"], seconds=300)
        _try(["apt-get", "install", "-y", "--no-install-recommends", "chromium"], seconds=900)
    return find_chromium()


def _try(command: Sequence[str], seconds: int) -> None:
    print("$", *command, flush=True)
    try:
        subprocess.run(command, check=False, timeout=seconds, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"  did not work: {error}", flush=True)


def main() -> int:
    found = find_chromium() or install_chromium()
    if found is None:
        print(NO_BROWSER, file=sys.stderr)
        return 1
    print(f"browser: {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
