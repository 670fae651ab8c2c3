"""Preprocessing of torchvision's transforms (v1 and v2), of weights' own presets, and of timm's transforms.

They are read by the names of their classes and by their attributes, as they act on a PIL image.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch2web.catalog.preprocessing_sources.values import filter_name, numbers, pair, whole
from torch2web.errors import PreprocessingError
from torch2web.images import CenterCrop, Colour, Grey, Pad, Preprocessing, Resize, Step, channels_after

_IMAGE, _LEVELS, _SCALED, _NORMALISED = (
    "a PIL image",
    "a uint8 tensor",
    "a float tensor",
    "a normalised tensor",
)

_ON_TENSOR = (
    "{name} stands after the conversion to a tensor, where torchvision computes in another way than on a PIL "
    "image: with an arithmetic that depends on the processor, which no browser reproduces. Place it before "
    "ToTensor, PILToTensor or ToImage; levels then differ by about 1 of 255, by far more without antialias"
)


def from_transforms(transforms: object, color: str = "rgb") -> Preprocessing:
    """Return the preprocessing of a Compose, an nn.Sequential, a list, or `weights.transforms()`.

    `color` is how images are opened before: `rgb` as by torchvision's data sets, `grey` as by `convert("L")`.
    Raises PreprocessingError, which names the transform that cannot be computed exactly.
    """
    reading = _Reading(color)
    for transform in _flat(transforms):
        reading.read(transform)
    return reading.finish()


def _flat(transforms: object) -> Iterator[Any]:
    """The single transforms in order."""
    inner = getattr(transforms, "transforms", None)
    if type(transforms).__name__ in ("Compose", "Sequential") or isinstance(transforms, list | tuple):
        entries: Iterable[Any] = transforms if inner is None else inner  # type: ignore[assignment]
        for entry in entries:
            yield from _flat(entry)
    else:
        yield transforms


@dataclass
class _Reading:
    """What was read so far, and what the image has become by then."""

    color: str
    steps: list[Step] = field(default_factory=list)
    state: str = _IMAGE
    scale: str | int = 1
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def read(self, transform: Any) -> None:
        name = type(transform).__name__
        reader = _READERS.get(name)
        if reader is None:
            raise PreprocessingError(name, _reason(name))
        try:
            reader(self, transform, name)
        except AttributeError as error:
            problem = f"it is not torchvision's or timm's {name}: {error}"
            raise PreprocessingError(name, problem) from error

    def finish(self) -> Preprocessing:
        if self.state in (_IMAGE, _LEVELS):
            problem = f"the transforms end with {self.state}; expected ToTensor, or ToDtype(torch.float32)"
            raise PreprocessingError("transforms", problem)
        steps = tuple(self.steps)
        return Preprocessing(steps, self.mean, self.std, color=self.color, scale=self.scale)

    def require_image(self, name: str) -> None:
        if self.state != _IMAGE:
            raise PreprocessingError(name, _ON_TENSOR.format(name=name))

    def require_before_normalize(self, name: str) -> None:
        if self.state == _NORMALISED:
            raise PreprocessingError(name, f"{name} stands after Normalize; expected it before")


_AT_RANDOM = ("Random", "ColorJitter", "AutoAugment", "TrivialAugment", "RandAugment", "AugMix")


def _reason(name: str) -> str:
    if name.startswith(_AT_RANDOM):
        return f"{name} changes images at random, as in training; give the transforms of the evaluation"
    if name in ("Lambda", "function", "method", "builtin_function_or_method"):
        return (
            "a function of one's own cannot be read; if it swaps channels, remove it and set color to bgr; "
            "if it scales levels, set scale"
        )
    known = ", ".join(sorted(_READERS))
    return f"{name} is not known; known are {known}"


def _resize(reading: _Reading, transform: Any, name: str) -> None:
    reading.require_image(name)
    size, max_size = transform.size, getattr(transform, "max_size", None)
    if size is None:
        raise PreprocessingError(name, "found a resize of the longer edge (size None), expected a size")
    interpolation = filter_name(f"{name}.interpolation", transform.interpolation)
    if isinstance(size, int) or len(size) == 1:
        shorter = whole(f"{name}.size", size if isinstance(size, int) else size[0])
        reading.steps.append(Resize(shorter, interpolation, max_size))
    else:
        reading.steps.append(Resize(pair(f"{name}.size", tuple(size)), interpolation))


def _keep_ratio(reading: _Reading, transform: Any, name: str) -> None:
    reading.require_image(name)
    for chance in ("random_scale_prob", "random_aspect_prob"):
        if getattr(transform, chance, 0):
            raise PreprocessingError(f"{name}.{chance}", "changes images at random, as in training")
    if transform.longest not in (0, 1):
        raise PreprocessingError(f"{name}.longest", f"found {transform.longest}, expected 0 or 1")
    fit = "contain" if transform.longest == 1 else "cover"
    size = pair(f"{name}.size", tuple(transform.size))
    interpolation = filter_name(f"{name}.interpolation", transform.interpolation)
    reading.steps.append(Resize(size, interpolation, fit=fit))


def _center_crop(reading: _Reading, transform: Any, name: str) -> None:
    reading.require_before_normalize(name)
    size = transform.size
    size = pair(f"{name}.size", size if isinstance(size, int) else tuple(size))
    fill = _colour(name, getattr(transform, "fill", 0))
    if any(fill):
        reading.require_image(name)
    if getattr(transform, "padding_mode", "constant") != "constant":
        raise PreprocessingError(f"{name}.padding_mode", "expected constant")
    reading.steps.append(CenterCrop(size, fill if any(fill) else None))


def _pad(reading: _Reading, transform: Any, name: str) -> None:
    reading.require_before_normalize(name)
    fill = _colour(name, transform.fill)
    if reading.state == _SCALED and any(fill):
        raise PreprocessingError(f"{name}.fill", "found a colour after scaling, expected it before, or 0")
    padding = transform.padding
    given = [padding] if isinstance(padding, int) else list(padding)
    if len(given) not in (1, 2, 4) or any(not isinstance(width, int) or width < 0 for width in given):
        raise PreprocessingError(
            f"{name}.padding", f"found {padding!r}, expected 1, 2 or 4 numbers of pixels"
        )
    left, top, right, bottom = given if len(given) == 4 else (given * (4 // len(given)))[:4]
    reading.steps.append(Pad((left, top, right, bottom), fill, str(transform.padding_mode)))


def _colour(name: str, value: Any) -> Colour:
    if value is None:
        return 0, 0, 0
    if isinstance(value, Mapping):
        raise PreprocessingError(f"{name}.fill", "found a table by types, expected a number or a colour")
    given = numbers(f"{name}.fill", value)
    if len(given) not in (1, 3) or any(level != int(level) or not 0 <= level <= 255 for level in given):
        raise PreprocessingError(f"{name}.fill", f"found {value!r}, expected 1 or 3 levels, 0 to 255")
    red, green, blue = map(int, given * 3 if len(given) == 1 else given)
    return red, green, blue


def _grey(reading: _Reading, transform: Any, name: str) -> None:
    reading.require_image(name)
    reading.steps.append(Grey(transform.num_output_channels))


def _to_tensor(reading: _Reading, _: Any, name: str) -> None:
    if reading.state != _IMAGE:
        raise PreprocessingError(name, f"found {name} for {reading.state}, expected a PIL image")
    reading.state, reading.scale = _SCALED, "1/255"


def _to_levels(reading: _Reading, _: Any, name: str) -> None:
    if reading.state in (_SCALED, _NORMALISED):
        raise PreprocessingError(name, f"found {name} for {reading.state}, expected a PIL image")
    reading.state = _LEVELS


def _to_dtype(reading: _Reading, transform: Any, name: str) -> None:
    if str(transform.dtype) == "torch.uint8" and reading.state in (_IMAGE, _LEVELS):
        return
    if str(transform.dtype) != "torch.float32":
        raise PreprocessingError(f"{name}.dtype", f"found {transform.dtype}, expected torch.float32")
    if reading.state == _IMAGE:
        raise PreprocessingError(name, f"{name} does nothing to a PIL image; expected ToImage before it")
    if reading.state == _LEVELS:
        second = ".v2" in type(transform).__module__
        scales = getattr(transform, "scale", True)
        reading.scale = 1 if not scales else "*1/255" if second else "1/255"
        reading.state = _SCALED


def _normalize(reading: _Reading, transform: Any, name: str) -> None:
    if reading.state != _SCALED:
        problem = f"found {name} for {reading.state}, expected one Normalize, after the conversion to float"
        raise PreprocessingError(name, problem)
    reading.mean, reading.std = numbers(f"{name}.mean", transform.mean), numbers(f"{name}.std", transform.std)
    channels = channels_after(reading.steps, 1 if reading.color == "grey" else 3)
    if len(reading.mean) == 1:  # torch broadcasts it
        reading.mean *= channels
    if len(reading.std) == 1:
        reading.std *= channels
    reading.state = _NORMALISED


def _preset(reading: _Reading, transform: Any, name: str) -> None:
    """torchvision's `weights.transforms()` of a classifier."""
    reading.require_image(name)
    interpolation = filter_name(f"{name}.interpolation", transform.interpolation)
    reading.steps.append(Resize(whole(f"{name}.resize_size", transform.resize_size[0]), interpolation))
    reading.steps.append(CenterCrop(pair(f"{name}.crop_size", transform.crop_size)))
    reading.state, reading.scale = _NORMALISED, "1/255"
    reading.mean, reading.std = numbers(f"{name}.mean", transform.mean), numbers(f"{name}.std", transform.std)


def _nothing(_: _Reading, __: Any, ___: str) -> None:
    """A transform that leaves an RGB image as it is."""


def _to_image(reading: _Reading, _: Any, name: str) -> None:
    if reading.state != _IMAGE:
        raise PreprocessingError(name, f"converts {reading.state} back to an image; expected it at the start")


_READERS: Mapping[str, Callable[[_Reading, Any, str], None]] = {
    "CenterCrop": _center_crop,
    "CenterCropOrPad": _center_crop,
    "ConvertImageDtype": _to_dtype,
    "Grayscale": _grey,
    "Identity": _nothing,
    "ImageClassification": _preset,
    "MaybePILToTensor": _to_levels,
    "MaybeToTensor": _to_tensor,
    "Normalize": _normalize,
    "PILToTensor": _to_levels,
    "Pad": _pad,
    "RGB": _nothing,
    "Resize": _resize,
    "ResizeKeepRatio": _keep_ratio,
    "ToDtype": _to_dtype,
    "ToImage": _to_levels,
    "ToPILImage": _to_image,
    "ToPureTensor": _nothing,
    "ToTensor": _to_tensor,
}
