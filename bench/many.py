"""Builds of many models: seconds, memory and disk by number of models and processes, and page load.

The models are tiny networks, whose conversion takes a moment; with TORCH2WEB_BENCH_LARGE=3,10 also 3 and 10
times MobileNetV2.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.network import CountingSocket, count_bytes
from bench.site import chromium
from tests.browser.find import launch_arguments
from tests.tiny_network import write_many
from torch2web.catalog import load_catalog
from torch2web.cli.terminal.console import Output
from torch2web.pipeline.conversions import Conversions, ConversionSettings
from torch2web.serve.host_emulation.create import create_emulated_server
from torch2web.serve.static.server import LOOPBACK
from torch2web.site.manifest import Backends, read_site_manifest

ROOT = Path(__file__).parent.parent
NUMBERS = (3, 30, 100)
PAGE_NUMBERS = (3, 30, 300)
WORKERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("one process", ("--jobs", "1")),
    ("--jobs 2", ("--jobs", "2")),
    ("--dask local", ("--dask", "local", "--jobs", "2")),
)
LARGE = [int(number) for number in os.environ.get("TORCH2WEB_BENCH_LARGE", "").split(",") if number]
QUIET = 5.0
"""A page is loaded after so many seconds without another request."""
_POLL = 0.1
_FAST = ("--effort", "fast", "--no-precompressed", "--no-verify-page", "--no-docs")

MOBILENET = """
[[models]]
name = "m{number}"
architecture = "mobilenet_v2"
checkpoint = "m{number}.pth"
labels = ["Bored", "Confused", "Focused", "Tired"]
[models.preprocessing]
resize = [224, 224]
filter = "bilinear"
mean = [0.485, 0.456, 0.406]
std = [0.229, 0.224, 0.225]
"""


@dataclass(frozen=True)
class _Run:
    seconds: float
    peak_mib: float
    """Of the largest process."""
    converting: float
    """Seconds that the conversions took, added up."""


def measure_many(output: Output) -> None:
    """Cost per model by number and workers, what an unchanged build takes, and the load of the page."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number in NUMBERS:
            rows += _of(Path(folder) / f"tiny{number}", number, "tiny")
        for number in LARGE:
            rows += _of(Path(folder) / f"large{number}", number, "MobileNetV2")
        headings = (
            "models",
            "workers",
            "seconds",
            "a model",
            "converting / wall",
            "peak MiB",
            "cache",
            "site",
        )
        output.table(headings, rows)
        output.table(
            ("the page with", "model_info.json", "index.html", "requests", "bytes", "ms"),
            [_page(Path(folder) / f"page{number}", number) for number in PAGE_NUMBERS],
        )


def _of(folder: Path, number: int, kind: str) -> list[tuple[str, ...]]:
    folder.mkdir()
    if kind == "tiny":
        write_many(folder, number)
    else:
        _write_mobilenets(folder, number)
    rows: list[tuple[str, ...]] = []
    for label, options in WORKERS:
        cache = folder / label.replace(" ", "_")
        run = _build(folder, cache, *options)
        rows.append(
            (
                f"{number} {kind}",
                label,
                f"{run.seconds:.1f}",
                f"{run.seconds / number:.2f}",
                f"{run.converting / run.seconds:.2f}",
                f"{run.peak_mib:.0f}",
                f"{_size(cache / 'models') / number / 2**20:.2f} MiB",
                f"{_size(folder / 'site/models') / number / 2**20:.2f} MiB",
            )
        )
    again = _build(folder, cache)
    figures = f"{again.seconds:.1f}", f"{again.seconds / number:.3f}"
    rows.append((f"{number} {kind}", "unchanged", *figures, "", "", "", ""))
    return rows


def _write_mobilenets(folder: Path, number: int) -> None:
    import torch

    from torch2web.demo.weights import load_demo_state

    state = load_demo_state("mobilenet_v2")
    for each in range(number):
        state["classifier.1.bias"] = state["classifier.1.bias"] + 0.01
        torch.save(state, folder / f"m{each}.pth")
    (folder / "many.toml").write_text("".join(MOBILENET.format(number=each) for each in range(number)))


def _build(folder: Path, cache: Path, *options: str) -> _Run:
    arguments = ["--catalog", folder / "many.toml", "--out", folder / "site", "--cache", cache]
    arguments = [*arguments, *_FAST, *options]
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "build.py", *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    peaks: dict[int, float] = {}
    watching = threading.Thread(target=_watch, args=(process, peaks), daemon=True)
    watching.start()
    text, _ = process.communicate()
    seconds = time.monotonic() - started
    watching.join()
    if process.returncode:
        raise SystemExit(f"the build failed with exit code {process.returncode}")
    converting = sum(float(found) for found in re.findall(r"^m\d+ .*opset.* (\d+\.\d)$", text, re.MULTILINE))
    return _Run(seconds, max(peaks.values(), default=0), converting)


def _watch(process: subprocess.Popen[str], peaks: dict[int, float]) -> None:
    """Peak memory of the process and all below it, by id, in MiB."""
    while process.poll() is None:
        waiting = [process.pid]
        while waiting:
            number = waiting.pop()
            try:
                status = Path(f"/proc/{number}/status").read_text()
                children = Path(f"/proc/{number}/task/{number}/children").read_text()
            except OSError:
                continue
            waiting += map(int, children.split())
            if peak := re.search(r"VmHWM:\s+(\d+)", status):
                peaks[number] = int(peak[1]) / 1024
        time.sleep(_POLL)


def _size(folder: Path) -> int:
    """Bytes of the distinct files: some are links to one."""
    files = {path.stat().st_ino: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    return sum(files.values())


def _copy_conversions(folder: Path) -> None:
    """Give the conversion of the first model to all others: they have the same weights."""
    settings = ConversionSettings(folder / "cache", Backends.BOTH, allow_dead=False, faces=False)
    conversions = Conversions.create(settings)
    first, *others = [
        conversions.entry(spec, folder / spec.checkpoint).folder
        for spec in load_catalog(folder / "many.toml")
    ]
    for entry in others:
        shutil.copytree(first, entry, copy_function=os.link)


def _page(folder: Path, number: int) -> tuple[str, ...]:
    """A site of `number` models with the same tiny weights."""
    folder.mkdir()
    write_many(folder, number)
    for each in range(1, number):
        (folder / f"m{each}.pth").write_bytes((folder / "m0.pth").read_bytes())
    _build(folder, folder / "cache", "--only", "m0")
    _copy_conversions(folder)
    _build(folder, folder / "cache")
    site = folder / "site"
    with (
        create_emulated_server("nginx", site, 0, LOOPBACK) as (server, _),
        sync_playwright() as playwright,
    ):
        count_bytes(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=chromium(), args=launch_arguments())
        loads = [_load(browser, f"http://{LOOPBACK}:{server.server_port}/") for _ in range(3)]
        browser.close()
        server.shutdown()
    best = min(loads, key=lambda load: load[2])
    manifest = (site / "models/model_info.json").stat().st_size
    assert len(read_site_manifest(site)["models"]) == number
    index = (site / "index.html").stat().st_size
    return (f"{number} models", f"{manifest:,}", f"{index:,}", f"{best[0]}", f"{best[1]:,}", f"{best[2]:.0f}")


def _load(browser: Browser, address: str) -> tuple[int, int, float]:
    """Requests, bytes and milliseconds until everything of the first network is there, in a new context."""
    context = browser.new_context()
    finished: list[float] = []  # of the worker's requests too
    context.on("requestfinished", lambda _: finished.append(time.monotonic()))
    page = context.new_page()
    CountingSocket.sent = 0
    started = time.monotonic()
    page.goto(address)
    while not finished or time.monotonic() - finished[-1] < QUIET:
        page.wait_for_timeout(200)
    context.close()
    return len(finished), CountingSocket.sent, 1000 * (finished[-1] - started)
