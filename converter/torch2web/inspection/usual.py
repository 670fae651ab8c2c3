"""The usual preprocessing of a network: of torchvision's and timm's own weights, else what is likely."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch2web.catalog.preprocessing_sources import (
    from_timm_config,
    from_transforms,
    likely_normalisation,
    of_size,
)
from torch2web.inspection.beside import preprocessing_entry

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
    try:
        if channels == 3 and entry.get("factory", "").startswith("torchvision."):
            return _torchvision(entry["factory"].rpartition(":")[2].rpartition(".")[2])
        if "timm" in entry:
            return _timm(entry["timm"])
    except Exception:  # noqa: BLE001, S110, whatever a foreign package raises: then nothing is known
        pass
    height, width = size or _SIZE
    likely = likely_normalisation(channels, height, width)
    color = "grey" if channels == 1 else "rgb"
    pixels = of_size(height, width, color=color, mean=likely.mean, std=likely.std)
    return UsualPreprocessing(preprocessing_entry(pixels), "")


def _torchvision(name: str) -> UsualPreprocessing:
    """Of the first weights that torchvision has for its function `name`: those that tutorials use."""
    models = importlib.import_module("torchvision.models")
    weights = next(iter(models.get_model_weights(name)))
    return UsualPreprocessing(
        preprocessing_entry(from_transforms(weights.transforms())), f"as of torchvision's {weights}"
    )


def _timm(name: str) -> UsualPreprocessing:
    """Of timm's `pretrained_cfg`."""
    from torch2web.sources import import_timm  # imports torch, as timm does

    config = import_timm().get_pretrained_cfg(name).to_dict()
    return UsualPreprocessing(
        preprocessing_entry(from_timm_config(config)), f"as of timm's {name} (pretrained_cfg)"
    )
