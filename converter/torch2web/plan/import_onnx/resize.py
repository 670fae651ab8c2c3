"""Imports Resize and Upsample: along each axis a fixed combination of elements.

Nearest is a repetition or a choice of elements; other modes are a product with a constant matrix.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor, prod

import numpy as np
from numpy.typing import NDArray

from torch2web.plan.errors import PlanError
from torch2web.plan.import_onnx.reader import Node
from torch2web.plan.import_onnx.rearrange import take
from torch2web.plan.import_onnx.steps import Steps
from torch2web.plan.ir import Op, Value

Floats = NDArray[np.float64]

_MODES = ("nearest", "linear", "cubic")


@dataclass(frozen=True)
class _Setting:
    coordinates: str
    """The coordinate_transformation_mode."""
    rounding: str
    """The nearest_mode."""
    cubic_a: float
    exclude_outside: bool


def resize(node: Node) -> list[Op]:
    """Resize since opset 10, and Upsample before."""
    steps, x, shape = Steps(node), node.first, node.outputs[0].shape
    mode = node.attributes.get("mode", b"nearest").decode()
    if mode not in _MODES:
        raise PlanError(node.label, node.kind, f"mode {mode} is not supported")
    setting = _setting(node)
    scales = _scales(node)
    for axis, (size, target) in enumerate(zip(node.first.shape, shape, strict=True)):
        scale = scales[axis]
        if size == target and scale == 1:
            continue
        if axis == 0:
            raise PlanError(node.label, node.kind, "resizing dimension 0 is not supported")
        if mode == "nearest":
            x = _chosen(steps, x, axis, _nearest(setting, size, target, scale))
        else:
            x = _combined(steps, x, axis, _matrix(mode, setting, size, target, scale))
    return steps.finish(x)


def _setting(node: Node) -> _Setting:
    given = node.attributes
    if node.kind == "Upsample" or node.opset < 11:
        # Without a choice of either: as onnxruntime has it.
        return _Setting("asymmetric", "simple", cubic_a=-0.75, exclude_outside=False)
    coordinates = given.get("coordinate_transformation_mode", b"half_pixel").decode()
    if coordinates not in _COORDINATES:
        problem = f"coordinate_transformation_mode {coordinates} is not supported"
        raise PlanError(node.label, node.kind, problem)
    if given.get("antialias", 0):  # onnxruntime and ONNX's definition differ at the edges
        raise PlanError(node.label, node.kind, "antialias is not supported")
    return _Setting(
        coordinates,
        given.get("nearest_mode", b"round_prefer_floor").decode(),
        float(given.get("cubic_coeff_a", -0.75)),
        bool(given.get("exclude_outside", 0)),
    )


def _scales(node: Node) -> list[np.float32]:
    """By axis: given, or what the sizes make of it; float32, as onnxruntime computes with."""
    sizes, shape = node.first.shape, node.outputs[0].shape
    axes = [int(axis) % len(sizes) for axis in node.attributes.get("axes", range(len(sizes)))]
    scales = [np.float32(target) / np.float32(size) for size, target in zip(sizes, shape, strict=True)]
    given = _given_scales(node)
    for axis, scale in zip(axes, given, strict=False):
        scales[axis] = np.float32(scale)
    aligned = node.attributes.get("coordinate_transformation_mode") == b"align_corners"
    if aligned and any(scale * sizes[axis] % 1 for axis, scale in zip(axes, given, strict=False)):
        # onnxruntime and ONNX's definition differ.
        raise PlanError(node.label, node.kind, "align_corners with a fraction of an element is not supported")
    return scales


def _given_scales(node: Node) -> list[float]:
    """Empty where sizes are given that are taken as they are."""
    if node.kind == "Upsample" and node.opset < 9:
        return [float(scale) for scale in node.attributes["scales"]]
    given = node.constant(1 if node.kind == "Upsample" or node.opset < 11 else 2)
    if given is not None and given.size:
        return [float(scale) for scale in given]
    policy = node.attributes.get("keep_aspect_ratio_policy", b"stretch")
    wanted = node.constant(3)
    if policy == b"stretch" or wanted is None:
        return []
    shape = node.first.shape
    axes = node.attributes.get("axes", range(len(shape)))
    ratios = [
        float(np.float32(size) / np.float32(shape[axis])) for size, axis in zip(wanted, axes, strict=True)
    ]
    return [(min if policy == b"not_larger" else max)(ratios)] * len(ratios)


def _asymmetric(number: np.float32, scale: np.float32, _size: int, _target: int) -> np.float32:
    return number / scale


def _half_pixel(number: np.float32, scale: np.float32, _size: int, _target: int) -> np.float32:
    return (number + np.float32(0.5)) / scale - np.float32(0.5)


def _pytorch_half_pixel(number: np.float32, scale: np.float32, size: int, target: int) -> np.float32:
    return _half_pixel(number, scale, size, target) if target > 1 else np.float32(0)


def _align_corners(number: np.float32, _scale: np.float32, size: int, target: int) -> np.float32:
    return number * np.float32(size - 1) / np.float32(target - 1) if target > 1 else np.float32(0)


def _half_pixel_symmetric(number: np.float32, scale: np.float32, size: int, target: int) -> np.float32:
    adjustment = np.float32(target) / (scale * np.float32(size))
    center = np.float32(size) / np.float32(2)
    return center * (1 - adjustment) + _half_pixel(number, scale, size, target)


def _half_pixel_for_nearest(number: np.float32, scale: np.float32, _size: int, _target: int) -> np.float32:
    return (number + np.float32(0.5)) / scale


_COORDINATES: dict[str, Callable[[np.float32, np.float32, int, int], np.float32]] = {
    "align_corners": _align_corners,
    "asymmetric": _asymmetric,
    "half_pixel": _half_pixel,
    "half_pixel_symmetric": _half_pixel_symmetric,
    "pytorch_half_pixel": _pytorch_half_pixel,
    "tf_half_pixel_for_nn": _half_pixel_for_nearest,
}
"""Where in the input an output's element lies."""

_ROUNDINGS: dict[str, Callable[[float], int]] = {
    "round_prefer_floor": lambda at: ceil(at - 0.5),
    "round_prefer_ceil": lambda at: floor(at + 0.5),
    "floor": floor,
    "ceil": ceil,
}


def _places(setting: _Setting, size: int, target: int, scale: np.float32) -> list[float]:
    at = _COORDINATES[setting.coordinates]
    return [float(at(np.float32(number), scale, size, target)) for number in range(target)]


def _nearest(setting: _Setting, size: int, target: int, scale: np.float32) -> list[int]:
    simple = ceil if scale < 1 else floor
    rounded = _ROUNDINGS.get(setting.rounding, simple)
    return [min(max(rounded(at), 0), size - 1) for at in _places(setting, size, target, scale)]


def _matrix(mode: str, setting: _Setting, size: int, target: int, scale: np.float32) -> Floats:
    """[target, size]: what each element of the input adds; beyond the ends are the last ones again."""
    radius = 1 if mode == "linear" else 2
    matrix = np.zeros((target, size))
    for row, place in enumerate(_places(setting, size, target, scale)):
        at = min(max(place, 0.0), size - 1.0) if mode == "linear" else place
        near = np.arange(floor(at) - radius + 1, floor(at) + radius + 1)
        distances = np.abs(near - at)
        weights = np.clip(1 - distances, 0, 1) if mode == "linear" else _cubic(distances, setting.cubic_a)
        if setting.exclude_outside:
            inside = np.where((near >= 0) & (near < size), weights, 0)
            weights = inside / inside.sum()
        np.add.at(matrix[row], np.clip(near, 0, size - 1), weights)
    return matrix


def _cubic(distances: Floats, a: float) -> Floats:
    d = distances
    inner = ((a + 2) * d - (a + 3)) * d * d + 1
    outer = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return np.where(d <= 1, inner, np.where(d < 2, outer, 0.0))


def _chosen(steps: Steps, x: Value, axis: int, indices: list[int]) -> Value:
    """`x` at `indices` of `axis`; repeated where each stands as often as the next."""
    size = x.shape[axis]
    count, rest = divmod(len(indices), size)
    if rest or indices != np.repeat(np.arange(size), count).tolist():
        return take(steps, x, axis, indices)
    outer, inner = prod(x.shape[: axis + 1]), prod(x.shape[axis + 1 :])
    repeated = steps.expand(steps.view(x, (outer, 1, inner)), (outer, count, inner))
    return steps.view(repeated, (*x.shape[:axis], count * size, *x.shape[axis + 1 :]))


def _combined(steps: Steps, x: Value, axis: int, matrix: Floats) -> Value:
    """`x` with `matrix` [target, size] applied along `axis`."""
    target, size = matrix.shape
    outer, inner = prod(x.shape[:axis]), prod(x.shape[axis + 1 :])
    shape = (*x.shape[:axis], target, *x.shape[axis + 1 :])
    if inner == 1:
        return steps.view(steps.product(steps.view(x, (outer, size)), matrix.T), shape)
    rows = steps.view(x, (outer, size, inner))
    return steps.view(steps.matmul(steps.constant(matrix), rows), shape)
