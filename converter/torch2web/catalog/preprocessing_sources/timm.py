"""Preprocessing of timm: `create_transform(**resolve_data_config(…), is_training=False)` on PIL images."""

import math
from collections.abc import Mapping
from typing import Any

from torch2web.catalog.preprocessing_sources.likely import IMAGENET_MEAN, IMAGENET_STD
from torch2web.catalog.preprocessing_sources.values import filter_name, numbers, whole
from torch2web.errors import PreprocessingError
from torch2web.images import CenterCrop, Preprocessing, Resize, Size, Step

_CROP_PCT = 0.875
_CROP_MODES = ("center", "squash", "border")


def from_timm_config(config: Mapping[str, Any]) -> Preprocessing:
    """Return the preprocessing of a `pretrained_cfg`, or of what `resolve_data_config` makes of it.

    A missing key has timm's default, as there. The sizes for testing (`test_input_size`) are not used, as by
    timm's default. Raises PreprocessingError, which names the key.
    """
    channels, height, width = _input_size(config.get("input_size") or (3, 224, 224))
    if config.get("crop_border_pixels"):
        raise PreprocessingError("crop_border_pixels", "trimming the border of the image is not supported")
    mean = _per_channel("mean", config.get("mean") or IMAGENET_MEAN, channels)
    std = _per_channel("std", config.get("std") or IMAGENET_STD, channels)
    name = filter_name("interpolation", config.get("interpolation") or "bicubic")
    crop_pct = _crop_pct(config.get("crop_pct") or _CROP_PCT)
    scaled = math.floor(height / crop_pct), math.floor(width / crop_pct)
    steps = _steps(config.get("crop_mode") or "center", (height, width), scaled, name, mean)
    return Preprocessing(steps, mean, std, color="rgb" if channels == 3 else "grey")


def _steps(mode: str, size: Size, scaled: Size, name: str, mean: tuple[float, ...]) -> tuple[Step, ...]:
    if mode == "squash":
        return Resize(scaled, name), CenterCrop(size)
    if mode == "border":
        fill = tuple(round(255 * value) for value in (mean if len(mean) == 3 else mean * 3))
        return Resize(scaled, name, fit="contain"), CenterCrop(size, (fill[0], fill[1], fill[2]))
    if mode != "center":
        raise PreprocessingError("crop_mode", f"found {mode!r}, expected one of {', '.join(_CROP_MODES)}")
    if scaled[0] == scaled[1]:
        return Resize(scaled[0], name), CenterCrop(size)
    return Resize(scaled, name, fit="cover"), CenterCrop(size)


def _input_size(value: Any) -> tuple[int, int, int]:
    if not isinstance(value, list | tuple) or len(value) != 3 or value[0] not in (1, 3):
        problem = f"found {value!r}, expected channels (1 or 3), height and width"
        raise PreprocessingError("input_size", problem)
    return value[0], whole("input_size", value[1]), whole("input_size", value[2])


def _crop_pct(value: Any) -> float:
    (found,) = numbers("crop_pct", value)
    if not 0 < found <= 2:
        raise PreprocessingError("crop_pct", f"found {value!r}, expected a share such as 0.875")
    return found


def _per_channel(key: str, value: Any, channels: int) -> tuple[float, ...]:
    """One number per channel; a single one stands for all."""
    found = numbers(key, value)
    if len(found) == 1:
        return found * channels
    if len(found) != channels:
        raise PreprocessingError(key, f"found {len(found)} numbers, expected {channels}, one per channel")
    return found
