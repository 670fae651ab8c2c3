"""The usual preprocessing of a network: of torchvision's and timm's own weights, else ImageNet's."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch2web.catalog.preprocessing_sources import (
    from_timm_config,
    from_transforms,
    likely_normalisation,
)

_SIZE = (224, 224)


@dataclass(frozen=True)
class UsualPreprocessing:
    """`preprocessing` of a catalogue: steps, mean and std."""

    entry: Mapping[str, Any]
    origin: str
    """Whose it is; empty where it is only likely."""


def usual_preprocessing(
    entry: Mapping[str, Any], size: tuple[int, int] | None, channels: int
) -> UsualPreprocessing:
    """Of the network that `entry` names; `size` is its input's, where the file says."""
    known = None
    if channels == 3 and entry.get("factory", "").startswith("torchvision."):
        known = _torchvision(entry["factory"].rpartition(":")[2].rpartition(".")[2])
    elif "timm" in entry:
        known = _timm(entry["timm"])
    if known:
        return known
    height, width = size or _SIZE
    resize = {"op": "resize", "size": [height, width], "filter": "bilinear"}
    likely = likely_normalisation(channels, height, width)
    return UsualPreprocessing({"steps": [resize], "mean": list(likely.mean), "std": list(likely.std)}, "")


def _torchvision(name: str) -> UsualPreprocessing | None:
    """Of the first weights that torchvision has for its function `name`: those that tutorials have."""
    try:
        models = importlib.import_module("torchvision.models")
        weights = next(iter(models.get_model_weights(name)))
        entry = from_transforms(weights.transforms()).as_entry()
    except Exception:  # noqa: BLE001, whatever a foreign package raises: then nothing is known
        return None
    return UsualPreprocessing(entry, f"as of torchvision's {weights}")


def _timm(name: str) -> UsualPreprocessing | None:
    """Of timm's `pretrained_cfg`."""
    try:
        timm = importlib.import_module("timm")
        entry = from_timm_config(timm.get_pretrained_cfg(name).to_dict()).as_entry()
    except Exception:  # noqa: BLE001, whatever a foreign package raises: then nothing is known
        return None
    return UsualPreprocessing(entry, f"as of timm's {name} (pretrained_cfg)")
