"""One run of each model: the loader beside onnxruntime-web, tfjs, LiteRT.js and native onnxruntime.

All candidates for a model are in one page, which runs them in turn; Python runs alternate with the page's. On
one thread, and on two.
"""

import os
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright

from bench.native import Native
from bench.rivals.litert import PYTHON, litert_version, write_litert
from bench.rivals.tfjs import tfjs_version, write_tfjs
from bench.site import built_site, chromium
from tests.browser.find import launch_arguments
from tests.browser.server import Host, hosting
from torch2web.cli.terminal.console import Output

HERE = Path(__file__).parent


@dataclass(frozen=True)
class _Network:
    title: str
    of_direct: float
    """The most that the compiled engine may take of onnxruntime-web's time, on one thread."""
    of_litert: float | None
    """And of LiteRT.js's."""


MODELS = {
    "mobilenet_emotion": _Network("MobileNetV2", 0.38, 0.57),
    "efficientnet_emotion": _Network("EfficientNet-B0", 0.31, 0.54),
    "landmark_cnn_emotion": _Network("LandmarkCNN", 0.5, None),
}
RIVALS = ("tfjs", "litert")
WORKER_WANTED = 1.05
"""The most that the worker may take of the time of the same runtime in the page."""
TWICE_WANTED = 1.7
"""How often as fast the compiled engine has to be on two threads."""
THREADS = (1, 2)
ROUNDS, RUNS = 15, 3
TOLERANCE = 1e-3
"""Largest difference of a logit from native onnxruntime's with which a side is still the same network."""
HEADINGS = ("min", "median", "ratio", "to", "wanted", "decode", "preprocess", "run")

Times = dict[str, list[dict[str, float]]]
"""By side the timings of each run, in milliseconds; all have `total`, and frames what it consists of."""


@dataclass(frozen=True)
class _Side:
    title: str
    beside: str = ""
    """The side that it is compared with."""
    wanted: float | None = None


def measure_latency(output: Output) -> None:
    """Minima and medians, in milliseconds; ratios are those of the minima."""
    options = ("--no-verify-page", "--no-precompressed")
    with (
        tempfile.TemporaryDirectory() as name,
        built_site(options=options) as site,
        hosting(site) as host,
        sync_playwright() as playwright,
    ):
        tensor = _prepare(host, Path(name))
        browser = playwright.chromium.launch(executable_path=chromium(), args=launch_arguments())
        compiled: dict[str, list[float]] = {model: [] for model in MODELS}
        for threads in THREADS:
            load = os.getloadavg()[0]
            rows = []
            for model in MODELS:
                times, notes = _measure(browser, host, model, threads, tensor)
                rows += list(_rows(model, threads, times))
                if "compiled" in times:
                    compiled[model].append(min(_all(times["compiled"], "total")))
                for side, note in notes.items():
                    output.line(f"{MODELS[model].title}, {side}: {note}")
            plural = "" if threads == 1 else "s"
            output.table((f"{threads} thread{plural}, ms", *HEADINGS), rows)
            output.line(f"load average {load:.1f} before, {os.getloadavg()[0]:.1f} after")
        browser.close()
    gains = [
        (MODELS[model].title, f"{best[0] / best[-1]:.2f}", f"{TWICE_WANTED}")
        for model, best in compiled.items()
        if len(best) == len(THREADS)
    ]
    output.table(("worker, compiled", "2 threads to 1", "wanted"), gains)
    if not os.environ.get(PYTHON):
        output.line(f"LiteRT.js is left out: set {PYTHON} to a Python that has litert-torch")


def _prepare(host: Host, folder: Path) -> NDArray[np.float32]:
    """Write the page's files besides the site; returns the input of all runs."""
    tensor = np.random.Generator(np.random.PCG64(0)).standard_normal((1, 3, 224, 224), np.float32)
    (folder / "input.bin").write_bytes(tensor.astype("<f4").tobytes())
    files = [HERE / "latency.html", HERE / "latency.js", folder / "input.bin"]
    files += write_tfjs([host.site / f"models/{name}.onnx" for name in MODELS], folder)
    files += write_litert(list(MODELS), folder)
    host.extras |= {f"bench/{file.name}": file for file in files}
    return tensor


def _measure(
    browser: Browser, host: Host, model: str, threads: int, tensor: NDArray[np.float32]
) -> tuple[Times, Mapping[str, str]]:
    """Timings, and by candidate a note: the difference of its logits, or why it is missing."""
    native = Native(host.site / f"models/{model}.onnx", threads)
    page = browser.new_page()
    page.set_default_timeout(300_000)
    page.goto(f"{host.url}bench/latency.html")
    page.wait_for_selector("html[data-ready]", state="attached")
    rivals = [name for name in RIVALS if f"bench/{name}.js" in host.extras]
    opened = page.evaluate("args => latency.open(...args)", [model, threads, rivals])
    notes: dict[str, str] = dict(opened["missing"])
    for side, logits in opened["logits"].items():
        difference = float(np.abs(np.array(logits) - native.run(tensor)[0]).max())
        if not difference <= TOLERANCE:
            raise SystemExit(f"{model}: {side} is off by {difference:.2g}, over {TOLERANCE}: another network")
        notes[side] = f"logits within {difference:.1g} of native onnxruntime's"
    times = _in_turn(page, native, tensor)
    page.close()
    return times, notes


def _in_turn(page: Page, native: Native, tensor: NDArray[np.float32]) -> Times:
    times: Times = {}
    for number in range(ROUNDS):
        turn: Times = page.evaluate("number => latency.takeTurns(number)", number)
        turn["native"] = [{"total": total} for total in native.timed(tensor, RUNS)]
        for side, timings in turn.items():
            times.setdefault(side, []).extend(timings)
    return times


def _rows(model: str, threads: int, times: Times) -> Iterator[Sequence[str]]:
    network = MODELS[model]
    # The targets are for one thread.
    worker_wanted, of_direct, of_litert = (
        (WORKER_WANTED, network.of_direct, network.of_litert) if threads == 1 else (None, None, None)
    )
    sides = {
        "direct": _Side("onnxruntime-web in the page"),
        "litert": _Side(f"LiteRT.js {litert_version()}", "direct"),
        "tfjs": _Side(f"tfjs-backend-wasm {tfjs_version()}", "direct"),
        "native": _Side("native onnxruntime", "direct"),
        "wasm": _Side("worker, wasm", "direct", worker_wanted),
        "compiled here": _Side("compiled in the page", "direct", of_direct),
        "compiled": _Side("worker, compiled", "direct", of_direct),
        "wasm frame": _Side("frame of 1280 × 720, wasm", "wasm"),
        "compiled frame": _Side("frame of 1280 × 720, compiled", "compiled"),
    }
    beside_litert = [
        (key, _Side(sides[key].title, "litert", of_litert)) for key in ("compiled here", "compiled")
    ]
    for key, side in (*sides.items(), *beside_litert):
        if key in times and (not side.beside or side.beside in times):
            yield f"{network.title}: {side.title}", *_cells(side, times, times[key], sides)


def _cells(
    side: _Side, times: Times, own: list[dict[str, float]], sides: Mapping[str, _Side]
) -> Iterator[str]:
    fastest = min(_all(own, "total"))
    yield f"{fastest:.1f}"
    yield f"{statistics.median(_all(own, 'total')):.1f}"
    yield f"{fastest / min(_all(times[side.beside], 'total')):.2f}" if side.beside else ""
    yield sides[side.beside].title if side.beside else ""
    yield f"{side.wanted:.2f}" if side.wanted else ""
    for part in ("decode", "preprocess", "run"):
        yield f"{min(_all(own, part)):.1f}" if part in own[0] else ""


def _all(timings: list[dict[str, float]], part: str) -> list[float]:
    return [timing[part] for timing in timings]
