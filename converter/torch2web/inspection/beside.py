"""Files that Hugging Face's and timm's checkpoints come with: config.json and preprocessor_config.json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch2web.catalog.preprocessing_sources import from_hugging_face, from_timm_config
from torch2web.errors import OptionError, PreprocessingError, TextEncodingError
from torch2web.images import Preprocessing
from torch2web.tasks import labels_of
from torch2web.text_files import read_text

CONFIG, PREPROCESSOR = "config.json", "preprocessor_config.json"


@dataclass(frozen=True)
class Beside:
    """What the files beside a checkpoint say; empty where they do not."""

    labels: tuple[str, ...] = ()
    timm: str = ""
    """Name of the network in timm."""
    preprocessing: Mapping[str, Any] | None = None
    preprocessing_origin: str = ""
    """Name of the file."""


def read_beside(folder: Path) -> Beside:
    """What config.json and preprocessor_config.json in `folder` say. Files of other kinds say nothing."""
    config = _json(folder / CONFIG)
    is_timm = isinstance(config.get("pretrained_cfg"), Mapping)
    preprocessing, origin = None, ""
    for name in (PREPROCESSOR, CONFIG):
        try:
            preprocessing, origin = _preprocessing(_json(folder / name)), name
            break
        except PreprocessingError:
            continue
    timm = config.get("architecture")
    return Beside(_labels(config), timm if is_timm and isinstance(timm, str) else "", preprocessing, origin)


def read_preprocessor(path: Path) -> dict[str, Any]:
    """`preprocessing` of an entry, from the file that --preprocessor names. Raises OptionError."""
    try:
        config = json.loads(read_text(path))
        if not isinstance(config, dict):
            raise OptionError("--preprocessor", f"{path}: found no JSON object")
        return _preprocessing(config)
    except PreprocessingError as error:
        raise OptionError(
            "--preprocessor", f"{path}: {error.key + ': ' if error.key else ''}{error.problem}"
        ) from error
    except FileNotFoundError as error:
        raise OptionError("--preprocessor", f"{path}: there is no such file") from error
    except TextEncodingError as error:
        raise OptionError("--preprocessor", str(error)) from error
    except OSError as error:
        raise OptionError("--preprocessor", f"{path}: it cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise OptionError("--preprocessor", f"{path}: it is not valid JSON: {error}") from error


def _preprocessing(config: Mapping[str, Any]) -> dict[str, Any]:
    """Raises PreprocessingError."""
    if "input_size" in config and "crop_pct" in config:  # a pretrained_cfg of its own
        return preprocessing_entry(from_timm_config(config))
    return preprocessing_entry(from_hugging_face(config))


def preprocessing_entry(pixels: Preprocessing) -> dict[str, Any]:
    """`preprocessing` of a catalogue, with mean and std even where these are 0 and 1."""
    return {**pixels.as_entry(), "mean": list(pixels.mean), "std": list(pixels.std)}


def _labels(config: Mapping[str, Any]) -> tuple[str, ...]:
    for key in ("id2label", "label_names"):
        try:
            labels = labels_of(config[key])
        except (LookupError, ValueError):
            continue
        if not all(label.startswith("LABEL_") for label in labels):  # as transformers numbers them
            return labels
    return ()


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(read_text(path))
    except (OSError, ValueError, RecursionError, TextEncodingError):
        return {}
    return value if isinstance(value, dict) else {}
