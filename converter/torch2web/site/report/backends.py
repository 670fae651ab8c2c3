"""Which backends may run a model and why, and how fast they were where that was measured."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch2web.site.writers import megabytes


@dataclass(frozen=True)
class BackendRow:
    name: str
    runs: bool
    why: str
    difference: float | None
    """Largest difference from PyTorch in float64 where it computes in it, else from PyTorch; None: not
    measured."""


def backend_rows(manifest: Mapping[str, Any], model: Mapping[str, Any]) -> Iterator[BackendRow]:
    """The compiled engine, onnxruntime-web on WebAssembly and on WebGPU, native onnxruntime, and PyTorch."""
    by_backend = model.get("float64", {})
    measured = None if by_backend else model["verification"]["logits_max_abs_diff"]
    yield BackendRow("compiled engine", "plan" in model, _why_compiled(model), by_backend.get("compiled"))
    runs = "graph" in model and "runtime" in manifest
    yield BackendRow(
        "onnxruntime-web, WebAssembly",
        runs,
        _why_onnxruntime(manifest, model),
        by_backend.get("onnxruntime", measured if runs else None),
    )
    webgpu = runs and "webgpu" in manifest["runtime"]
    yield BackendRow(
        "onnxruntime-web, WebGPU",
        webgpu,
        "tried where the device has a graphics adapter and it is faster; used if it passes the self-check"
        if webgpu
        else "this site does not have it",
        None,
    )
    if "plain" in model:
        why = f"the whole ONNX file, {megabytes(model['plain']['size'])}, for servers and people"
        yield BackendRow("onnxruntime, native", True, why, by_backend.get("onnxruntime", measured))
    if by_backend:
        yield BackendRow("PyTorch itself", True, "in float32, as it was trained", by_backend["pytorch"])


def _why_compiled(model: Mapping[str, Any]) -> str:
    if "plan" in model:
        tiles = model.get("winograd", {})
        fast = f"; convolutions by Winograd’s transforms: {len(tiles)}" if tiles else ""
        return (
            f"a plan of {model['plan']['size']:,} bytes, with which the engine gave PyTorch's outputs within "
            f"the tolerance on every reference picture{fast}"
        )
    return model.get("no_plan") or "this site was built without it"


def _why_onnxruntime(manifest: Mapping[str, Any], model: Mapping[str, Any]) -> str:
    if "runtime" not in manifest:
        return "this site was built without it"
    if "graph" in model:
        return "the graph gave PyTorch's outputs within the tolerance on every reference picture"
    return model.get("no_graph") or "this site has no graph of the model"


@dataclass(frozen=True)
class Timing:
    """One backend in one browser, or native onnxruntime."""

    engine: str
    backend: str
    """Library, version and threads."""
    median: float | None
    """Milliseconds of one inference; None where it did not run."""
    fastest: float | None
    memory: float | None
    """Bytes that the page held after it; None: not known."""
    problem: str
    """Why it did not run; empty if it did."""


def timings_of(measured: Sequence[Mapping[str, Any]], name: str) -> Iterator[Timing]:
    """The measurements of the model `name`."""
    for engine in measured:
        for model in engine["models"]:
            if model["name"] != name:
                continue
            for run in model["runs"]:
                yield Timing(
                    engine=engine["title"],
                    backend=run["backend"],
                    median=run.get("median_ms"),
                    fastest=run.get("min_ms"),
                    memory=run.get("memory"),
                    problem=run.get("problem", ""),
                )
