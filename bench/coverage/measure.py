"""One network: exported, planned, run in the engine and in onnxruntime."""

import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from playwright.sync_api import Error
from safetensors.numpy import save
from torch import nn

from bench.coverage.packages import CLASSES, build
from torch2web.assets import load_assets
from torch2web.catalog import ModelSpec, spec_from
from torch2web.errors import Torch2WebError
from torch2web.plan import Plan, WasmEngine, plan_model, plan_more_exactly
from torch2web.plan.engine_driver import EngineError
from torch2web.sources.export import exporters_of
from torch2web.sources.loaded import run_in_double
from torch2web.variants import SplitModel, split_model

MODULE = "engine/relaxed/engine-relaxed.wasm"
TOLERANCE = 1e-4
"""Largest difference from onnxruntime, relative to the largest output, of a network that is right."""
_SECONDS, _RUNS = 2.0, 8
"""Runs of each side are timed until one of these is reached."""


@dataclass(frozen=True)
class Outcome:
    """What was found for one network; times in milliseconds, the least of several runs on one thread."""

    name: str
    problem: str = ""
    """Why there is no plan, or no result; empty where it is planned and runs."""
    difference: float | None = None
    """Largest from onnxruntime, relative to the largest output."""
    from_double: tuple[float, float] | None = None
    """Of the engine and of onnxruntime from PyTorch in float64, where `difference` is over TOLERANCE."""
    engine: float | None = None
    """In wasmtime."""
    native: float | None = None
    """Of onnxruntime for Python."""
    parameters: int = 0
    exporter: str = ""
    """That wrote the file which is planned."""
    planning: float | None = None
    """Seconds."""
    chromium: tuple[float, float] | None = None
    """Milliseconds in Chromium, of the engine and of onnxruntime-web, in turns; None where not measured."""
    no_chromium: str = ""
    """What failed there."""
    tiles: int = 0
    """Of Winograd's transforms, the largest in the plan; 0 without."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure(packages: dict[str, Any], name: str, exporter: str, *, browser: bool) -> Outcome:
    """Never raises: what fails is the outcome. `exporter` is tried first; `browser`: also in Chromium."""
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return _measure(packages, name, exporter, Path(folder) / "model.onnx", browser)
    except (Torch2WebError, EngineError) as error:
        return Outcome(name, str(error).splitlines()[0])
    except Exception as error:  # noqa: BLE001 — of other people's networks, too
        return Outcome(
            name, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:300]
        )


def _measure(packages: dict[str, Any], name: str, exporter: str, path: Path, browser: bool) -> Outcome:
    network, size = build(packages, name)
    found = Outcome(name, parameters=sum(parameter.numel() for parameter in network.parameters()))
    problem = ""
    exporters = sorted(("torch.export", "torchscript"), key=lambda known: known != exporter)
    for chosen in exporters:
        path.unlink(missing_ok=True)
        try:
            (export,) = exporters_of(network, _spec(name, size, chosen))
            export(path)
            split = split_model(path)
            started = time.monotonic()
            plan = plan_model(onnx.load_from_string(split.graph))
        except Torch2WebError as error:
            problem = problem or str(error).splitlines()[0]
            continue
        found = replace(found, planning=time.monotonic() - started, exporter=chosen)
        return _run(found, network, plan, split, path, size, browser)
    return replace(found, problem=problem)


def _spec(name: str, size: tuple[int, int], exporter: str) -> ModelSpec:
    numbers = [0.5, 0.5, 0.5]
    entry = {
        "name": name.replace("/", "_"),
        "checkpoint": "none",
        "exporter": exporter,
        "factory": "bench.coverage:none",
        "labels": [f"label {number}" for number in range(CLASSES)],
        "preprocessing": {"resize": list(size), "filter": "bilinear", "mean": numbers, "std": numbers},
    }
    return spec_from(Path("bench"), "", entry)


def _run(
    found: Outcome,
    network: nn.Module,
    plan: Plan,
    split: SplitModel,
    path: Path,
    size: tuple[int, int],
    browser: bool,
) -> Outcome:
    """Smaller tiles of Winograd's transforms where `plan` is not exact enough, as a conversion takes."""
    x = np.random.Generator(np.random.PCG64(0)).standard_normal((1, 3, *size), np.float32)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    expected: NDArray[np.float32] = session.run(None, {"input": x})[0]
    scale = float(np.abs(expected).max())
    if not np.isfinite(expected).all() or scale == 0:
        return replace(found, problem="the outputs in onnxruntime are not finite, or all zero")
    tensors = {weight.name: weight.values for weight in split.weights}
    module = load_assets().read(MODULE)
    trial: Plan | None = plan
    while trial:
        plan = trial
        engine = WasmEngine(module, plan.content)
        engine.load(tensors)
        outputs = engine.run(x).reshape(expected.shape)
        difference = float(np.abs(outputs - expected).max()) / scale
        exact = difference <= TOLERANCE
        trial = None if exact else plan_more_exactly(onnx.load_from_string(split.graph), plan)
    found = replace(
        found,
        difference=difference,
        tiles=max(plan.tiles.values(), default=0),
        from_double=_from_double(network, x, (outputs, expected)) if difference > TOLERANCE else None,
        engine=_least(lambda: engine.run(x)),
        native=_least(lambda: session.run(None, {"input": x})),
    )
    if not browser:
        return found
    return _in_chromium(found, plan.content, split, path, x)


def _in_chromium(
    found: Outcome, plan: bytes, split: SplitModel, path: Path, x: NDArray[np.float32]
) -> Outcome:
    from bench.coverage.chromium import run_in_chromium

    weights = save({weight.name: weight.values for weight in split.weights})
    try:
        there = run_in_chromium(load_assets().read(MODULE), plan, weights, path, x)
    except Error as error:
        return replace(found, no_chromium=str(error).splitlines()[0][:200])
    if there.difference > max(TOLERANCE, 2 * (found.difference or 0)):
        return replace(found, no_chromium=f"the engine is off from onnxruntime-web by {there.difference:.1e}")
    return replace(found, chromium=(there.engine, there.web))


def _from_double(
    network: nn.Module, x: NDArray[np.float32], outputs: tuple[NDArray[np.float32], NDArray[np.float32]]
) -> tuple[float, float] | None:
    """Largest difference of each of `outputs`, relative to the largest; None where PyTorch has no float64."""
    run = run_in_double(network, (3, *x.shape[2:]))
    if run is None:
        return None
    exact = run(x.astype(np.float64))
    own, native = (float(np.abs(found - exact).max() / np.abs(exact).max()) for found in outputs)
    return own, native


def _least(run: Any) -> float:
    """Milliseconds of the fastest run."""
    begun = time.perf_counter()
    times: list[float] = []
    while len(times) < _RUNS and (not times or time.perf_counter() - begun < _SECONDS):
        started = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - started))
    return min(times)
