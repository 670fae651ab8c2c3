"""Options of the preprocessing → `preprocessing` of an entry."""

import argparse
import math
import re
from pathlib import Path
from typing import Any

from torch2web.catalog import levels_problem
from torch2web.errors import OptionError
from torch2web.images import FILTERS
from torch2web.inspection import read_preprocessor

_SIZES = "expected one number of pixels, such as 224, or height x width, such as 224x320"
_MAX_PIXELS = 4096


def preprocessing_entry(options: argparse.Namespace) -> dict[str, Any]:
    """What is known of `preprocessing`; possibly without steps, mean or std."""
    entry: dict[str, Any] = {}
    if options.model_preprocessor is not None:
        entry = read_preprocessor(Path(options.model_preprocessor).absolute())
    if (steps := _steps(options)) is not None:
        entry["steps"] = steps
    if options.model_color is not None:
        color = _one_of("--color", options.model_color, ("rgb", "bgr", "grey"))
        entry["color"] = color
    if options.model_scale is not None:
        scale = _one_of("--scale", options.model_scale.replace(" ", ""), ("1/255", "1"))
        entry["scale"] = 1 if scale == "1" else scale
    channels = (1,) if options.model_color is not None and entry.get("color") == "grey" else (1, 3)
    for flag, text in (("--mean", options.model_mean), ("--std", options.model_std)):
        if text is not None:
            entry[flag.removeprefix("--")] = _numbers(flag, text, channels)
    if any(value <= 0 for value in entry.get("std", ())):
        raise OptionError("--std", f"found {options.model_std}, expected numbers above 0")
    if problem_of := levels_problem(entry, "add --scale 1"):
        key, problem = problem_of
        raise OptionError(f"--{key}", problem)
    return entry


def _steps(options: argparse.Namespace) -> list[dict[str, Any]] | None:
    """The steps that --resize, --crop and --size describe; None where none of them was given."""
    wanted = None if options.model_size is None else _both(_size("--size", options.model_size))
    crop = None if options.model_crop is None else _both(_size("--crop", options.model_crop))
    steps: list[dict[str, Any]] = []
    if options.model_resize is not None:
        text, _, name = options.model_resize.partition(":")
        size = _size("--resize", text)
        steps.append(
            {"op": "resize", "size": size, "filter": _one_of("--resize", name or "bilinear", tuple(FILTERS))}
        )
        if isinstance(size, int) and crop is None:
            # The longer side depends on the image, so that the network's size has to be cut out.
            crop = wanted or [size, size]
    elif wanted and crop is None:
        steps.append({"op": "resize", "size": wanted, "filter": "bilinear"})
    if crop:
        steps.append({"op": "center_crop", "size": crop})
    if not steps:
        return None
    found = _both(steps[-1]["size"])
    if wanted and found != wanted:
        problem = f"found {_by(wanted)}, but --resize and --crop give {_by(found)}"
        raise OptionError("--size", f"{problem}; leave it out, or make them agree")
    return steps


def _size(flag: str, text: str) -> int | list[int]:
    match = re.fullmatch(r"\s*(\d{1,5})(?:\s*[x×,]\s*(\d{1,5}))?\s*", text, re.IGNORECASE)
    if not match:
        raise OptionError(flag, f"found {shown(text)}, {_SIZES}")
    numbers = [int(number) for number in match.groups() if number]
    if not all(1 <= number <= _MAX_PIXELS for number in numbers):
        raise OptionError(flag, f"found {text}, expected 1 to {_MAX_PIXELS} pixels")
    return numbers if len(numbers) == 2 else numbers[0]


def _both(size: int | list[int]) -> list[int]:
    return [size, size] if isinstance(size, int) else size


def _by(size: list[int]) -> str:
    return f"{size[0]}x{size[1]}"


def _numbers(flag: str, text: str, channels: tuple[int, ...]) -> list[float]:
    expected = (
        "1 number, as the image is grey"
        if channels == (1,)
        else "3 numbers with commas between, or one for all channels"
    )
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise OptionError(flag, f"found {shown(text)}, expected {expected}") from error
    if len(numbers) not in channels:
        raise OptionError(flag, f"found {len(numbers)} numbers, expected {expected}")
    if not all(map(math.isfinite, numbers)):
        raise OptionError(flag, f"found {text}, expected finite numbers")
    return numbers


def _one_of(flag: str, value: str, known: tuple[str, ...]) -> str:
    if value.lower() not in known:
        raise OptionError(flag, f"found {shown(value)}, expected one of {', '.join(known)}")
    return value.lower()


def shown(text: str) -> str:
    """`text` as part of a message, shortened."""
    return repr(text if len(text) <= 60 else f"{text[:57]}…")
