"""Measures a site in a browser: latency by backend, memory of the page, answers to the reference pictures."""

import platform
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from torch2web.assets import Assets
from torch2web.catalog import ReferenceImage
from torch2web.errors import ToolError
from torch2web.serve.measure import page
from torch2web.serve.measure.driven import driven, has_own_build, require_playwright
from torch2web.serve.measure.engine import Engine, PageProblemError
from torch2web.serve.measure.installed import installed_browser
from torch2web.serve.measure.opened import opened
from torch2web.site.report import top_answers
from torch2web.tasks import Task, activate


@dataclass(frozen=True)
class Measuring:
    """What is measured."""

    site: Path
    assets: Assets
    manifest: Mapping[str, Any]
    images: Sequence[ReferenceImage]
    """The pictures of report.json, drawn again."""
    step: Callable[[str], None]
    """Called as each measurement begins."""


def require_browsers(names: Sequence[str]) -> None:
    """Raise MissingExtraError where only Playwright could start one of `names`, and is not installed."""
    with tempfile.TemporaryDirectory() as profile:
        if not all(installed_browser(name, Path(profile)) for name in names):
            require_playwright()


def measure_browser(name: str, measuring: Measuring) -> dict[str, Any]:
    """What the browser `name`, by Playwright's name, measures of every model.

    Raises MissingExtraError, or ToolError where the browser does not start or stops.
    """
    pictures = [image.image for image in measuring.images]
    with (
        page.serving(measuring.site, measuring.assets, pictures) as server,
        _start(name, server) as engine,
    ):
        models = [_measure_model(engine, measuring, model) for model in measuring.manifest["models"]]
        return {"engine": name, "title": engine.title, "system": platform.system(), "models": models}


def _start(name: str, server: page.TaskServer) -> AbstractContextManager[Engine]:
    """Playwright's own build; else one that is installed on this machine."""
    with tempfile.TemporaryDirectory() as profile:
        installed = installed_browser(name, Path(profile))
    if installed and not has_own_build(name):
        return opened(name, server)
    return driven(name, server.address)


def _measure_model(engine: Engine, measuring: Measuring, model: Mapping[str, Any]) -> dict[str, Any]:
    """Latency in each backend of the site, each in a page of its own; then answers of the chosen one."""
    task = Task.from_value(model.get("task", "softmax"))
    runs = []
    for backend in _backends(measuring.manifest, model):
        measuring.step(f"{engine.title}: {model['title']}, {backend}")
        runs.append(_run(engine, model, task, backend))
    answers: list[Any] = []
    if measuring.images and task.kind != "embedding":
        measuring.step(f"{engine.title}: {model['title']}, answers to {len(measuring.images)} pictures")
        answers = _answers(engine, model, task, len(measuring.images))
    return {"name": model["name"], "runs": runs, "answers": answers}


def _backends(manifest: Mapping[str, Any], model: Mapping[str, Any]) -> Iterator[str]:
    if "plan" in model:
        yield "compiled"
    if "graph" in model:
        yield "wasm"
        if "webgpu" in manifest["runtime"]:
            yield "webgpu"


def _run(engine: Engine, model: Mapping[str, Any], task: Task, backend: str) -> dict[str, Any]:
    try:
        found = engine.measure(_request(model, task, backend, []))
    except PageProblemError as error:
        return {"backend": _NAMES[backend], "problem": str(error).rpartition(f"{backend}: ")[2]}
    times = found["times"]
    return {
        "backend": found["description"],
        "median_ms": round(statistics.median(times), 2),
        "min_ms": round(min(times), 2),
        "memory": found["memory"],
    }


_NAMES = {
    "compiled": "compiled engine",
    "wasm": "onnxruntime-web, WebAssembly",
    "webgpu": "onnxruntime-web, WebGPU",
}


def _answers(engine: Engine, model: Mapping[str, Any], task: Task, count: int) -> list[Any]:
    """By picture, as in report.json."""
    try:
        found = engine.measure(_request(model, task, None, page.picture_paths(count)))
    except PageProblemError as error:
        raise ToolError(engine.title, f"measuring failed: {error}") from error
    return top_answers(task, activate(task, np.asarray(found["outputs"])))


def _request(
    model: Mapping[str, Any], task: Task, backend: str | None, pictures: Sequence[str]
) -> dict[str, Any]:
    """`Request` of measure.ts."""
    kind = task.kind if task.kind in ("embedding", "regression") else "classification"
    return {"name": model["name"], "task": kind, "backend": backend, "pictures": list(pictures)}
