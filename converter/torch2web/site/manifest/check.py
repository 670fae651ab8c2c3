"""Whether a model_info.json follows its schema and does not contradict itself.

The only check of its entries: the loader accepts nothing but the bytes that the build checked, by their hash.
"""

import json
from collections.abc import Mapping
from typing import Any

from torch2web.errors import ManifestError, PreprocessingError
from torch2web.images import channels_after, read_steps, size_after
from torch2web.tasks import Task

SCHEMA = "model_info.schema.json"


def read_manifest(content: bytes) -> dict[str, Any]:
    """Parse and check a model_info.json. Raises ManifestError."""
    try:
        manifest = json.loads(content)
    except ValueError as error:
        raise ManifestError("", f"it is not valid JSON: {error}") from error
    check_manifest(manifest)
    checked: dict[str, Any] = manifest
    return checked


def check_manifest(manifest: object) -> None:
    """Raise ManifestError where `manifest` does not follow its schema or contradicts itself."""
    from torch2web.schemas import find_violation  # a package that Python in the browser has not

    if violation := find_violation(manifest, SCHEMA):
        raise ManifestError(violation.key, violation.problem)
    assert isinstance(manifest, dict)  # the schema says so
    check_contradictions(manifest)


def check_contradictions(manifest: Mapping[str, Any]) -> None:
    """Raise ManifestError where a manifest that follows its schema contradicts itself."""
    if "runtime" not in manifest and "engine" not in manifest:
        raise ManifestError("runtime", "is missing, and so is an engine; nothing could run the models")
    names: list[str] = []
    for index, model in enumerate(manifest["models"]):
        key = f"models[{index}]"
        if model["name"] in names:
            raise ManifestError(
                f"{key}.name", f"found {json.dumps(model['name'])} twice, expected distinct names"
            )
        names.append(model["name"])
        outputs = model["output"]["shape"][1]
        _check_task(key, model, outputs)
        _check_input(key, model["input"]["shape"][1:], model["preprocessing"])
        _check_runnable(key, model, manifest)
        for number, variant in enumerate(model["variants"]):
            _check_parts(f"{key}.variants[{number}].weights", variant["weights"])
            _check_golden(f"{key}.variants[{number}].golden", variant["golden"], outputs)
        if "golden" in model:
            _check_golden(f"{key}.golden", model["golden"], outputs)
    for kind in ("files", "webgpu"):
        if kind in manifest.get("runtime", {}):
            _check_parts(f"runtime.{kind}.wasm", manifest["runtime"][kind]["wasm"])
    for build, module in manifest.get("engine", {"files": {}})["files"].items():
        _check_parts(f"engine.files.{build}", module)


def _check_runnable(key: str, model: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    """Require a graph or a plan, and the backend that runs it."""
    if "graph" not in model and "plan" not in model:
        raise ManifestError(f"{key}.graph", "is missing, and so is a plan; nothing could run the model")
    for file, run_by in (("graph", "runtime"), ("plan", "engine")):
        if file not in model:
            continue
        if run_by not in manifest:
            raise ManifestError(f"{key}.{file}", f"found a {file} without the {run_by} that would run it")
        _check_parts(f"{key}.{file}", model[file])


def _check_input(key: str, shape: list[int], preprocessing: Mapping[str, Any]) -> None:
    """Require the shape [channels, height, width] of preprocessing, and a mean and std per channel."""
    try:
        steps = read_steps(preprocessing["steps"])
    except PreprocessingError as error:
        raise ManifestError(f"{key}.preprocessing.{error.key}", error.problem) from error
    after = size_after(steps)
    if after is None:
        raise ManifestError(
            f"{key}.preprocessing.steps", "the size after these steps depends on the image, expected one size"
        )
    if list(after) != shape[1:]:
        raise ManifestError(
            f"{key}.input.shape",
            f"found height and width {_compact(shape[1:])}, expected {_compact(after)} of the steps",
        )
    channels = channels_after(steps, 1 if preprocessing.get("color") == "grey" else 3)
    if channels != shape[0]:
        raise ManifestError(
            f"{key}.input.shape[1]", f"found {shape[0]} channels, expected {channels} of preprocessing"
        )
    for name in ("mean", "std"):
        if len(preprocessing[name]) != channels:
            problem = f"found {len(preprocessing[name])} entries, expected {channels}, one for each channel"
            raise ManifestError(f"{key}.preprocessing.{name}", problem)


def _check_golden(key: str, golden: Mapping[str, Any], outputs: int) -> None:
    rows, tolerance = len(golden["logits"]), golden["tolerance"]
    if isinstance(tolerance, list) and len(tolerance) != rows:
        problem = f"found {len(tolerance)} entries, expected a number, or {rows}: one for each row of logits"
        raise ManifestError(f"{key}.tolerance", problem)
    for row, logits in enumerate(golden["logits"]):
        if len(logits) != outputs:
            raise ManifestError(
                f"{key}.logits[{row}]",
                f"found {len(logits)} entries, expected {outputs}, one for each output",
            )


def _check_task(key: str, model: Mapping[str, Any], outputs: int) -> None:
    """Require labels, thresholds, units and outputs in the numbers that the task needs."""
    task, labels = Task.from_value(model.get("task", "softmax")), len(model["labels"])
    try:
        complete = task.for_labels(labels)
    except ValueError as error:
        raise ManifestError(f"{key}.task", str(error)) from error
    if task != complete or (task.kind == "probabilities" and task.of is None):
        raise ManifestError(f"{key}.task", f"found {_compact(task.as_dict())}, expected it complete")
    expected = task.outputs(labels)
    if expected not in (None, outputs):
        why = "the probability of its second label" if task.meaning == "binary" else "one for each label"
        raise ManifestError(f"{key}.output.shape[1]", f"found {outputs}, expected {expected}, {why}")


def _check_parts(key: str, file: Mapping[str, Any]) -> None:
    total = sum(part["size"] for part in file["parts"])
    if total != file["size"]:
        raise ManifestError(f"{key}.parts", f"found {total} bytes in all, expected {file['size']}")
    if any("decoded" in part for part in file["parts"]) != ("coding" in file):
        which = "coded parts without it" if "coding" not in file else "it without a coded part"
        raise ManifestError(f"{key}.coding", f"found {which}, expected both or neither")


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
