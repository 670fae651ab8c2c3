"""Latency of native onnxruntime on this machine, for comparison with browsers."""

import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from safetensors.numpy import load

from torch2web.images import Preprocessing, golden_input
from torch2web.store import join_parts
from torch2web.variants import decode_all
from torch2web.verification import create_session_with, run_session

_WARM_UP = 3
_MIN_RUNS, _MAX_RUNS = 10, 50
_ENOUGH = 3.0
"""Seconds from which on no further run than _MIN_RUNS is begun."""


def measure_native(site: Path, manifest: Mapping[str, Any], step: Callable[[str], None]) -> dict[str, Any]:
    """Runs of each model's default variant on one image, as `measure_browser` gives them.

    Raises VerificationError where onnxruntime cannot run a graph, OSError for a missing file.
    """
    import onnxruntime

    title = f"onnxruntime {onnxruntime.__version__}, native"
    models = []
    for model in manifest["models"]:
        step(f"{title}: {model['title']}")
        models.append({"name": model["name"], "runs": [_run(site, model)], "answers": []})
    return {"engine": "native", "title": title, "system": "", "models": models}


def _run(site: Path, model: Mapping[str, Any]) -> dict[str, Any]:
    if "graph" not in model:
        return {"backend": "CPU", "problem": model.get("no_graph") or "this site has no graph of the model"}
    tensors = load(join_parts(site, model["variants"][0]["weights"]))
    session = create_session_with(join_parts(site, model["graph"]), decode_all(tensors))
    image = golden_input(model["golden"]["seed"], Preprocessing.from_dict(model["preprocessing"]))[:1]
    for _ in range(_WARM_UP):
        run_session(session, image)
    times: list[float] = []
    started = time.perf_counter()
    while len(times) < _MIN_RUNS or (len(times) < _MAX_RUNS and time.perf_counter() - started < _ENOUGH):
        before = time.perf_counter()
        run_session(session, image)
        times.append(1000 * (time.perf_counter() - before))
    return {
        "backend": "CPU",
        "median_ms": round(statistics.median(times), 2),
        "min_ms": round(min(times), 2),
    }
