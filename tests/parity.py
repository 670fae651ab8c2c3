"""Compares the images of a folder in Chromium with Pillow: `python -m tests.parity DIR`.

Prints a table by kind of file, and each file whose tensor differs. Exit code 1 if a tensor differs that
the loader reported as exact.
"""

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.find import NO_BROWSER, find_chromium, launch_arguments
from tests.browser.images.test_corpus import REFUSED, pillows
from tests.browser.parity import open_harness
from tests.browser.server import hosting
from tests.conftest import ROOT
from torch2web.catalog.load import load_catalog
from torch2web.cli.terminal.console import Output

MODEL = "mobilenet_emotion"


def compare_folder(folder: Path, site: Path) -> dict[str, str]:
    """`exact`, `refused`, why it is not exact, or `DIFFERS`, for each file below `folder`."""
    files = {
        path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()
    }
    spec = load_catalog(ROOT / "models.toml", [MODEL])[0].preprocessing
    executable = find_chromium()
    if executable is None:
        raise SystemExit(NO_BROWSER)
    with hosting(site) as host, sync_playwright() as playwright:
        host.extras = {f"corpus/{index}": path for index, path in enumerate(files.values())}
        browser = playwright.chromium.launch(executable_path=executable, args=launch_arguments())
        page = browser.new_page()
        urls = list(host.extras)
        open_harness(page, host)
        found = page.evaluate("args => probe.tensors(...args)", [MODEL, urls])
        browser.close()
    outcomes = {}
    for url, (name, path) in zip(urls, files.items(), strict=True):
        expected, result = pillows(path.read_bytes(), spec), found[url]
        if result["tensor"] == expected:
            outcomes[name] = "refused" if expected == REFUSED else "exact"
        elif result["tensor"] == REFUSED:
            outcomes[name] = "not a format of this browser"
        else:
            outcomes[name] = result["inexact"] or "DIFFERS"
    return outcomes


def print_outcomes(outcomes: Mapping[str, str], output: Output) -> None:
    counts = Counter((Path(name).suffix.lower() or "none", outcome) for name, outcome in outcomes.items())
    rows = [(suffix, str(count), outcome) for (suffix, outcome), count in sorted(counts.items())]
    output.table(("kind", "files", "outcome"), rows)
    for name, outcome in outcomes.items():
        if outcome not in ("exact", "refused"):
            output.line(f"{name}: {outcome}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.parity", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of pictures, with what is below it")
    folder = parser.parse_args().folder
    if not folder.is_dir():
        parser.error(f"{folder}: there is no such folder")
    output = Output()
    with tempfile.TemporaryDirectory() as temporary:
        site = Path(temporary) / "site"
        build = [sys.executable, "build.py", "--only", MODEL, "--out", str(site)]
        subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        outcomes = compare_folder(folder, site)
    print_outcomes(outcomes, output)
    return 1 if "DIFFERS" in outcomes.values() else 0


if __name__ == "__main__":
    sys.exit(main())
