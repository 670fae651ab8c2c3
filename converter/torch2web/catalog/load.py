"""Reads and validates the catalogue, models.toml."""

import math
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from torch2web.architectures import architecture_names
from torch2web.catalog.levels import levels_problem
from torch2web.catalog.source import Exporter, Source
from torch2web.catalog.tolerance import Tolerance
from torch2web.errors import CatalogError, PreprocessingError, TextEncodingError
from torch2web.images import Preprocessing
from torch2web.schemas import find_violation
from torch2web.tasks import Gate, Task
from torch2web.text_files import read_text

DEFAULT_OPSET = 17


@dataclass(frozen=True)
class Recommendation:
    """Recommended deployment: `target` is browser or server, `role` primary or optional."""

    target: str
    role: str


@dataclass(frozen=True)
class ModelSpec:
    """One model of the catalogue, validated."""

    name: str
    title: str
    version: str
    source: Source
    checkpoint: str
    """Path relative to the folder given as --checkpoints, or a URL."""
    output: str
    """File name of the ONNX model."""
    labels: tuple[str, ...]
    """Class names in the order of the logits; names of the numbers of a regression; none of an embedding."""
    preprocessing: Preprocessing
    opset: int
    tolerance: Tolerance
    recommended: Recommendation = Recommendation("browser", "primary")
    gate: Gate = field(default_factory=Gate)
    task: Task = field(default_factory=Task)
    exporter: Exporter = "auto"
    """Of PyTorch's two, which writes the ONNX file; `auto` tries them in turn."""
    features: str = ""
    """Inner layer whose output `embed` gives: `pooled`, the input of the last linear layer, or its path."""
    license: str = ""
    """Licence of the weights, abbreviated as by Hugging Face, such as `apache-2.0`; empty: not said."""
    sha256: str = ""
    """Of the checkpoint, in hex; empty: any. A URL requires it."""

    @property
    def is_remote(self) -> bool:
        """Whether the checkpoint is read from a URL."""
        return "://" in self.checkpoint

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Shape of the input tensor of one image: channels, height, width."""
        return self.preprocessing.channels, *self.preprocessing.size

    @property
    def outputs(self) -> int | None:
        """How many numbers the network gives for one image; None for an embedding, whose network tells."""
        return self.task.outputs(len(self.labels))

    @property
    def may_be_binary(self) -> bool:
        """Whether the network may give one number for two labels, task `binary`, which its run tells."""
        return self.task.kind == "softmax" and len(self.labels) == 2

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"preprocessing": self.preprocessing.as_dict()}


def load_catalog(path: Path, only: Collection[str] = ()) -> tuple[ModelSpec, ...]:
    """Read the models of the catalogue at `path`, in file order; `only` restricts them to the given names.

    Raises CatalogError, which names the file, the key and the expected value.
    """
    try:
        text = read_text(path)
    except FileNotFoundError as error:
        raise CatalogError(
            path,
            "",
            "there is no such file; `build FILE` converts one checkpoint, --catalog names the catalogue of "
            "several models, --demo takes the demo's",
        ) from error
    except OSError as error:
        raise CatalogError(path, "", f"it cannot be read: {error}") from error
    except TextEncodingError as error:
        raise CatalogError(path, "", error.problem) from error
    return _select(path, parse_catalog(path, text), only)


def parse_catalog(path: Path, text: str) -> tuple[ModelSpec, ...]:
    """The models of the catalogue `text`, in its order; `path` names it in errors. Raises CatalogError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogError(path, "", f"it is not valid TOML: {error}") from error
    if violation := find_violation(data, "models.schema.json"):
        raise CatalogError(path, violation.key, violation.problem)
    _require_finite(path, data, "")
    defaults = data.get("defaults", {})
    specs = tuple(
        spec_from(path, f"models[{index}].", {**_fitting(defaults, entry), **entry})
        for index, entry in enumerate(data["models"])
    )
    for key in ("name", "output"):
        _require_distinct(path, key, [getattr(spec, key) for spec in specs])
    return specs


def parse_entry(path: Path, entry: Mapping[str, Any]) -> ModelSpec:
    """The model of a single entry without a catalogue; `path` names it in errors. Raises CatalogError.

    Keys of errors have no prefix: `preprocessing.mean`.
    """
    require_valid_keys(path, entry)
    return spec_from(path, "", entry)


def require_valid_keys(path: Path, entry: Mapping[str, Any]) -> None:
    """Raise CatalogError for a value of a single entry that no catalogue may have."""
    if violation := find_violation({"models": [entry]}, "models.schema.json"):
        raise CatalogError(path, violation.key.removeprefix("models[0]."), violation.problem)
    _require_finite(path, entry, "")


def spec_from(path: Path, prefix: str, entry: Mapping[str, Any]) -> ModelSpec:
    """The model of a catalogue's entry, defaults included, which the schema has accepted.

    `path` and `prefix`, such as `models[0].`, name the entry in errors. Raises CatalogError.
    """
    try:
        source = Source.from_dict(entry)
    except ValueError as error:
        raise CatalogError(path, f"{prefix}factory_args", f"not a JSON object: {error}") from error
    task = Task.from_value(entry.get("task", "softmax"))
    if "://" in entry["checkpoint"] and "sha256" not in entry:
        problem = "is missing: a checkpoint at a URL is pinned by the SHA-256 of the file"
        raise CatalogError(path, f"{prefix}sha256", problem)
    labels = tuple(entry.get("labels", ()))
    required = ("preprocessing", *(("labels",) if task.kind != "embedding" else ()))
    for key in required:
        if key not in entry:
            raise CatalogError(path, f"{prefix}{key}", "is missing, here and in [defaults]")
    if source.kind == "architecture" and source.name not in architecture_names():
        known = ", ".join(architecture_names())
        problem = f"found {source.name!r}, expected one of {known}"
        raise CatalogError(path, f"{prefix}architecture", problem)
    try:
        task = task.for_labels(len(labels))
    except ValueError as error:
        raise CatalogError(path, f"{prefix}task", str(error)) from error
    return ModelSpec(
        name=entry["name"],
        title=entry.get("title", entry["name"]),
        version=entry.get("version", "1.0.0"),
        source=source,
        checkpoint=entry["checkpoint"],
        output=entry.get("output", f"{entry['name']}.onnx"),
        labels=labels,
        preprocessing=_preprocessing(path, prefix, entry["preprocessing"]),
        opset=entry.get("opset", DEFAULT_OPSET),
        tolerance=Tolerance.from_value(entry.get("tolerance")),
        recommended=Recommendation(**entry.get("recommended", {"target": "browser", "role": "primary"})),
        gate=Gate(**entry.get("gate", {})),
        task=task,
        exporter=entry.get("exporter", "auto"),
        license=entry.get("license", ""),
        sha256=entry.get("sha256", ""),
        features="pooled" if entry.get("features") is True else entry.get("features") or "",
    )


def _fitting(defaults: Mapping[str, Any], entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The defaults of `entry`: an embedding has no labels, whatever the other models have."""
    task = Task.from_value(entry.get("task", defaults.get("task", "softmax")))
    dropped = "labels" if task.kind == "embedding" else ""
    return {key: value for key, value in defaults.items() if key != dropped}


def _preprocessing(path: Path, prefix: str, entry: Mapping[str, Any]) -> Preprocessing:
    """Parse `preprocessing`; `resize` and `filter` are shorthand for a single resize step."""
    given = [key for key in ("resize", "filter", "steps") if key in entry]
    if given not in (["resize", "filter"], ["steps"]):
        found = " and ".join(given) or "neither"
        problem = f"found {found}, expected either resize and filter, or steps"
        raise CatalogError(path, f"{prefix}preprocessing", problem)
    steps = entry.get("steps") or [{"op": "resize", "size": entry["resize"], "filter": entry["filter"]}]
    if problem_of := levels_problem(entry, "set scale = 1"):
        key, problem = problem_of
        raise CatalogError(path, f"{prefix}preprocessing.{key}", problem)
    try:
        return Preprocessing.from_dict({**entry, "steps": steps})
    except PreprocessingError as error:
        raise CatalogError(path, f"{prefix}preprocessing.{error.key}", error.problem) from error


def _require_finite(path: Path, value: object, key: str) -> None:
    """Reject nan and inf, which TOML allows: comparisons with a tolerance of nan are always false."""
    if isinstance(value, dict):
        for name, entry in value.items():
            _require_finite(path, entry, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            _require_finite(path, entry, f"{key}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        raise CatalogError(path, key, f"found {value}, expected a finite number")


def _require_distinct(path: Path, key: str, values: list[str]) -> None:
    for index, value in enumerate(values):
        if value in values[:index]:
            first = values.index(value)
            raise CatalogError(
                path, f"models[{index}].{key}", f"{value!r} is the {key} of models[{first}] too"
            )


def _select(path: Path, specs: tuple[ModelSpec, ...], only: Collection[str]) -> tuple[ModelSpec, ...]:
    known = [spec.name for spec in specs]
    for name in only:
        if name not in known:
            raise CatalogError(path, "", f"it has no model {name!r}; it has {', '.join(known)}")
    return tuple(spec for spec in specs if not only or spec.name in only)
