"""A built site in a real browser, for measurements."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.find import NO_BROWSER, find_chromium, launch_arguments
from tests.browser.parity import open_harness
from tests.browser.server import hosting

ROOT = Path(__file__).parent.parent

COMPACT = ("--effort", "full", "--variants", "int8")
"""Options for the variant `compact`, and the one that it is compared with."""


@contextmanager
def built_site(*names: str, options: Sequence[str] = ()) -> Iterator[Path]:
    """A temporary site with the demo models `names`, or with all of them."""
    with tempfile.TemporaryDirectory() as folder:
        only = [option for name in names for option in ("--only", name)]
        site = Path(folder) / "site"
        command = [sys.executable, "build.py", *only, *options, "--out", str(site)]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        yield site


def chromium() -> Path:
    """The browser to measure in."""
    executable = find_chromium()
    if executable is None:
        raise SystemExit(NO_BROWSER)
    return executable


@contextmanager
def harness_page(*names: str) -> Iterator[Page]:
    """A page that has imported the loader of a site with the demo models `names`."""
    with built_site(*names) as site, hosting(site) as host, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=launch_arguments())
        page = browser.new_page()
        open_harness(page, host)
        yield page
        browser.close()
