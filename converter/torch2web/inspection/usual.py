"""The usual preprocessing of a network: of torchvision's and timm's own weights, else ImageNet's."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
_GREY = {"mean": [0.5], "std": [0.5]}
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
    return UsualPreprocessing({"steps": [resize], **(_GREY if channels == 1 else _IMAGENET)}, "")


def _torchvision(name: str) -> UsualPreprocessing | None:
    """Of the first weights that torchvision has for its function `name`: those that tutorials have."""
    try:
        models = importlib.import_module("torchvision.models")
        weights = next(iter(models.get_model_weights(name)))
        preset = weights.transforms()
        filter_name = str(preset.interpolation.value)
        (resize,), (crop,) = preset.resize_size, preset.crop_size
        mean, std = list(preset.mean), list(preset.std)
    except Exception:  # noqa: BLE001, whatever a foreign package raises: then nothing is known
        return None
    steps = [
        {"op": "resize", "size": int(resize), "filter": filter_name},
        {"op": "center_crop", "size": [int(crop), int(crop)]},
    ]
    return UsualPreprocessing({"steps": steps, "mean": mean, "std": std}, f"as of torchvision's {weights}")


def _timm(name: str) -> UsualPreprocessing | None:
    """Of timm's `pretrained_cfg`."""
    try:
        timm = importlib.import_module("timm")
        config = timm.get_pretrained_cfg(name).to_dict()
        channels, height, width = config["input_size"]
        share, mode = float(config["crop_pct"] or 0.875), config["interpolation"]
        mean, std = list(config["mean"]), list(config["std"])
        square = height == width and config.get("crop_mode", "center") == "center" and channels == len(mean)
    except Exception:  # noqa: BLE001, whatever a foreign package raises: then nothing is known
        return None
    if not square:
        return None
    steps = [
        {"op": "resize", "size": int(height // share) if share else height, "filter": mode},
        {"op": "center_crop", "size": [height, width]},
    ]
    return UsualPreprocessing(
        {"steps": steps, "mean": mean, "std": std}, f"as of timm's {name} (pretrained_cfg)"
    )
