"""Preprocessing of Hugging Face's image processors, as their `preprocessor_config.json` describes it.

The file does not say by which of two backends the images were resized. Pillow's is meant here
(`use_fast=False`, `backend="pil"`), which is computed to the bit; the other resizes tensors, whose levels
differ by 1 of 255 here and there.
"""

import math
from collections.abc import Mapping
from typing import Any

from torch2web.catalog.preprocessing_sources.timm import from_timm_config
from torch2web.catalog.preprocessing_sources.values import filter_name, numbers, pair, whole
from torch2web.errors import PreprocessingError
from torch2web.images import CenterCrop, Preprocessing, Resize, Size, Step

_SQUARE = {"ViT", "DeiT", "Beit", "Siglip"}
"""Processors for which a `size` of one number is a square; for the others it is the shorter edge."""

_KNOWN = _SQUARE | {"ConvNext", "Levit", "MobileNetV1", "MobileNetV2", "MobileViT", "Bit", "CLIP"}

_HANDLED = {
    "do_resize",
    "do_center_crop",
    "do_rescale",
    "do_normalize",
    "do_convert_rgb",
    "do_flip_channel_order",
    "do_reduce_labels",  # of segmentation maps
}

_LEVELS = 255
_CONVNEXT_WARPS_FROM = 384


def from_hugging_face(config: Mapping[str, Any]) -> Preprocessing:
    """Return the preprocessing of a `preprocessor_config.json`.

    Raises PreprocessingError, which names the key.
    """
    if isinstance(config.get("pretrained_cfg"), Mapping):  # a processor that wraps timm's
        return from_timm_config(config["pretrained_cfg"])
    kind = _kind(config)
    for key, value in config.items():
        if key.startswith("do_") and value and key not in _HANDLED:
            raise PreprocessingError(key, f"{key} cannot be computed; expected false")
    if config.get("rescale_offset"):
        raise PreprocessingError("rescale_offset", "an offset of levels cannot be computed; expected false")
    if config.get("include_top"):
        problem = "include_top divides by std a second time, which cannot be computed; expected false"
        raise PreprocessingError("include_top", problem)
    steps = (*_resize(kind, config), *_crop(config))
    mean, std = _normalisation(kind, config)
    flipped = config.get("do_flip_channel_order", kind == "MobileViT")
    return Preprocessing(steps, mean, std, color="bgr" if flipped else "rgb", scale=_scale(config))


def _kind(config: Mapping[str, Any]) -> str:
    """The processor's name without its endings, such as `ViT` of `ViTImageProcessorFast`."""
    key = "image_processor_type" if "image_processor_type" in config else "feature_extractor_type"
    name = config.get(key)
    if not isinstance(name, str):
        raise PreprocessingError("image_processor_type", "is missing; this is no preprocessor_config.json")
    kind = name.removesuffix("Fast").removesuffix("ImageProcessor").removesuffix("FeatureExtractor")
    if kind not in _KNOWN:
        expected = ", ".join(sorted(_KNOWN))
        raise PreprocessingError(
            key, f"found {name}, whose steps are not known; known are those of {expected}"
        )
    return kind


def _resize(kind: str, config: Mapping[str, Any]) -> tuple[Step, ...]:
    if not config.get("do_resize", True):
        return ()
    for key in ("size", "resample"):
        if config.get(key) is None:
            raise PreprocessingError(key, "is missing")
    name = filter_name("resample", config["resample"])
    size = _size(kind, config["size"])
    if kind == "ConvNext":
        return _convnext(config, size, name)
    if kind == "Levit" and isinstance(size, int):
        return (Resize(int((256 / 224) * size), name),)
    return (Resize(size, name),)


def _convnext(config: Mapping[str, Any], size: int | Size, name: str) -> tuple[Step, ...]:
    if not isinstance(size, int):
        raise PreprocessingError("size", f"found {config['size']!r}, expected shortest_edge")
    if size >= _CONVNEXT_WARPS_FROM:
        return (Resize((size, size), name),)
    (crop_pct,) = numbers("crop_pct", config.get("crop_pct") or 224 / 256)
    return Resize(int(size / crop_pct), name), CenterCrop((size, size), rounding="floor")


def _size(kind: str, value: Any) -> int | Size:
    """Height and width, or the length of the shorter edge."""
    if isinstance(value, Mapping):
        given = {key for key, length in value.items() if length is not None}
        if given == {"height", "width"}:
            return whole("size.height", value["height"]), whole("size.width", value["width"])
        if given == {"shortest_edge"}:
            return whole("size.shortest_edge", value["shortest_edge"])
        problem = f"found {', '.join(sorted(given))}; expected height and width, or shortest_edge alone"
        raise PreprocessingError("size", problem)
    if isinstance(value, int) and kind not in _SQUARE:
        return whole("size", value)
    return pair("size", value)


def _crop(config: Mapping[str, Any]) -> tuple[Step, ...]:
    if not config.get("do_center_crop", "crop_size" in config):
        return ()
    value = config.get("crop_size")
    if value is None:
        raise PreprocessingError("crop_size", "is missing")
    if isinstance(value, Mapping):
        value = (value.get("height"), value.get("width"))
    return (CenterCrop(pair("crop_size", value), rounding="floor"),)


def _scale(config: Mapping[str, Any]) -> str | int:
    if not config.get("do_rescale", True):
        return 1
    (factor,) = numbers("rescale_factor", config.get("rescale_factor", 1 / _LEVELS))
    # A product in float64, rounded to float32, is equal to the quotient for each of the 256 levels.
    if math.isclose(factor, 1 / _LEVELS, rel_tol=1e-12):
        return "1/255"
    raise PreprocessingError("rescale_factor", f"found {factor}, expected 1/255, or do_rescale false")


def _normalisation(kind: str, config: Mapping[str, Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if not config.get("do_normalize", kind != "MobileViT"):
        return (), ()
    found = []
    for key in ("image_mean", "image_std"):
        if config.get(key) is None:
            raise PreprocessingError(key, "is missing")
        values = numbers(key, config[key])
        found.append(values * 3 if len(values) == 1 else values)
    return found[0], found[1]
