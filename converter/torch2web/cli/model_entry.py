"""Options of one model → its entry, as a catalogue would have it."""

import argparse
import json
import math
import re
import unicodedata
from pathlib import Path
from typing import Any

from torch2web.cli.options import preprocessing_entry, shown
from torch2web.errors import OptionError
from torch2web.inspection import labels_in_file

_MODELS = "tar|pth|pt|ckpt|bin|safetensors|onnx|pt2|ts"
_ENDINGS = rf"(\.({_MODELS}|zip|model|index|json))+$"


def entry_from(options: argparse.Namespace) -> dict[str, Any]:
    """Everything that the options say of the model, and nothing else. Raises OptionError."""
    entry: dict[str, Any] = {"name": options.model_name or name_of(options.file)}
    for key in ("factory", "timm", "architecture", "weights_key", "task", "features", "exporter"):
        if (value := getattr(options, f"model_{key}")) is not None:
            if not value.strip():
                raise OptionError(_flag(key), "found an empty text")
            entry[key] = value.strip()
    given = [key for key in ("factory", "timm", "architecture") if key in entry]
    if len(given) > 1:
        raise OptionError(_flag(given[1]), f"goes without {_flag(given[0])}; both name the network")
    if options.model_factory_args is not None:
        entry["factory_args"] = _arguments(options.model_factory_args)
    if options.model_output_name is not None:
        name = options.model_output_name
        entry["output_name"] = int(name) if name.isdecimal() else name
    if options.model_opset is not None:
        entry["opset"] = _integer("--opset", options.model_opset)
    if options.model_tolerance is not None:
        entry["tolerance"] = _tolerance(options.model_tolerance)
    if (labels := _labels(options)) is not None:
        entry["labels"] = labels
    if preprocessing := preprocessing_entry(options):
        entry["preprocessing"] = preprocessing
    return entry


def name_of(path: Path) -> str:
    """A model's name from the name of its file: `Best Run.pth.tar` → `best_run`."""
    stem = re.sub(_ENDINGS, "", path.name, flags=re.IGNORECASE)
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_-]+", "_", plain).strip("_-") or "model"


def looks_like_model(path: Path) -> bool:
    """Whether the name of a file ends as those of checkpoints and networks do."""
    ending = re.search(rf"\.({_MODELS}|pkl|index\.json)$", path.name.lower())
    return ending is not None and path.is_file()


def _flag(key: str) -> str:
    return f"--{key.replace('_', '-')}"


def _labels(options: argparse.Namespace) -> list[str] | None:
    if options.model_labels is not None and options.model_labels_file is not None:
        raise OptionError("--labels", "goes without --labels-file; both name the classes")
    if options.model_labels_file is not None:
        return list(labels_in_file(Path(options.model_labels_file).absolute()))
    if options.model_labels is None:
        return None
    labels = [label.strip() for label in options.model_labels.split(",")]
    if not all(labels):
        problem = f"found {options.model_labels!r}, in which name {labels.index('') + 1} is empty"
        raise OptionError("--labels", f"{problem}; expected names such as cat,dog")
    return labels


def _arguments(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        problem = f"found {shown(text)}, expected a JSON object, such as '{{\"width\": 32}}': {error}"
        raise OptionError("--factory-args", problem) from error
    if not isinstance(value, dict):
        raise OptionError("--factory-args", f"found {shown(text)}, expected a JSON object of named arguments")
    return value


def _tolerance(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not (value > 0 and math.isfinite(value)):
        raise OptionError("--tolerance", f"found {shown(text)}, expected a number above 0, such as 1e-4")
    return value


def _integer(flag: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise OptionError(flag, f"found {shown(text)}, expected a whole number") from error
