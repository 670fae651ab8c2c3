"""Calls the kernels of kernels/kernels.h from Python: arguments, threads, packed weights."""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torch2web.plan.format import MAX_RANK, ActivationKind, MatrixFormat
from web.engine.generate_ops.read import read_table
from web.engine.generate_ops.table import Operator, fields_of

Floats = NDArray[np.float32]

POINTER = ctypes.c_void_p
INT = ctypes.c_int32
MARGIN = 64
"""Values before and after each buffer that no kernel may touch."""

NONE, CLIP, SIGMOID, SILU, HARD_SIGMOID, HARD_SWISH, LEAKY_RELU, TANH, *_ = ActivationKind
INT8, INT4, FLOAT16, INT8_BY_INPUT, SHIFTED16 = MatrixFormat


class Thread(ctypes.Structure):
    _fields_ = [("index", INT), ("count", INT)]


class Activation(ctypes.Structure):
    _fields_ = [("kind", INT), ("a", ctypes.c_float), ("b", ctypes.c_float)]


def _structure(operator: Operator) -> type[ctypes.Structure]:
    """The arguments of an operator's kernel."""
    fields: list[tuple[str, Any]] = []
    for name, group in fields_of(operator.kernel_groups):
        if group.type.pointer:
            fields.append((name, POINTER))
        elif group.type.axes:
            fields.append((name, INT * MAX_RANK))
        else:
            fields.append(
                (name, {"activation": Activation, "float": ctypes.c_float}.get(group.type.name, INT))
            )
    return type(operator.kernel_struct, (ctypes.Structure,), {"_fields_": fields})


_OPERATORS = {operator.kernel: operator for operator in read_table().operators}
ARGUMENTS = {name: _structure(operator) for name, operator in _OPERATORS.items()}


class Guarded:
    """A buffer surrounded by NaN: reads beyond it spoil the result, writes beyond it are detected."""

    def __init__(self, values: NDArray[Any]) -> None:
        bytes_ = (
            np.ascontiguousarray(values).view(np.uint8).reshape(-1) if values.size else np.zeros(0, np.uint8)
        )
        self._whole = np.full(bytes_.size + 8 * MARGIN, 0xFF, np.uint8)
        self._inner = self._whole[4 * MARGIN : 4 * MARGIN + bytes_.size]
        self._inner[:] = bytes_
        self._shape, self._dtype = values.shape, values.dtype

    @property
    def address(self) -> int:
        return int(self._inner.ctypes.data)

    @property
    def values(self) -> NDArray[Any]:
        return self._inner.view(self._dtype).reshape(self._shape)

    def check(self) -> None:
        around = np.concatenate([self._whole[: 4 * MARGIN], self._whole[4 * MARGIN + self._inner.size :]])
        assert (around == 0xFF).all(), "a kernel wrote outside a buffer"


class Kernels:
    """Calls kernels of the native library once per thread, one after the other. `weights`: their buffer."""

    def __init__(self, library: ctypes.CDLL, weights: type[Guarded] = Guarded) -> None:
        self._library, self._weights = library, weights

    def call(self, name: str, threads: int = 1, **fields: Any) -> None:
        """Call kernel `name` with `fields`: arrays are buffers, copied back; tuples are structures."""
        buffers = {
            key: (self._weights if key == "weights" else Guarded)(value)
            for key, value in fields.items()
            if isinstance(value, np.ndarray)
        }
        values = {key: self._value(key, value, buffers) for key, value in fields.items()}
        arguments = ARGUMENTS[name](**values)
        kernel: Callable[..., None] = getattr(self._library, name)
        for index in range(threads):
            thread = Thread(index, threads)
            if not _OPERATORS[name].scratch:
                kernel(ctypes.byref(arguments), thread)
                continue
            size = getattr(self._library, f"{name}_scratch")
            size.restype = ctypes.c_uint64
            scratch = Guarded(np.full(size(ctypes.byref(arguments)), 0xFF, np.uint8))
            kernel(ctypes.byref(arguments), thread, ctypes.c_void_p(scratch.address))
            scratch.check()
        for key, buffer in buffers.items():
            buffer.check()
            fields[key][...] = buffer.values

    @staticmethod
    def _value(key: str, value: Any, buffers: dict[str, Guarded]) -> Any:
        if key in buffers:
            return buffers[key].address
        if key.endswith("activation"):
            return Activation(*value)
        return (INT * MAX_RANK)(*value) if isinstance(value, tuple) else value


def panels(weights: Floats, bias: Floats) -> Floats:
    """Weights [inputs, outputs] and biases, packed for Product."""
    inputs, outputs = weights.shape
    whole = np.zeros((inputs + 1, -(-outputs // 8) * 8), np.float32)
    whole[0, :outputs], whole[1:, :outputs] = bias, weights
    return np.ascontiguousarray(whole.reshape(inputs + 1, -1, 8).transpose(1, 0, 2))


def depthwise_panels(weights: Floats, bias: Floats) -> Floats:
    """Weights [channels, kernel_height, kernel_width] and biases, packed for Depthwise."""
    channels, height, width = weights.shape
    whole = np.zeros((height * width + 1, -(-channels // 4) * 4), np.float32)
    whole[0, :channels], whole[1:, :channels] = bias, weights.reshape(channels, -1).T
    return np.ascontiguousarray(whole.reshape(height * width + 1, -1, 4).transpose(1, 0, 2))


def apply(activation: tuple[int, float, float], x: NDArray[Any]) -> NDArray[Any]:
    """The activation of x, in the precision of x."""
    kind, a, b = activation
    with np.errstate(over="ignore", invalid="ignore"):
        sigmoid = 1 / (1 + np.exp(-x))
        functions: dict[int, NDArray[Any]] = {
            NONE: x,
            CLIP: np.clip(x, a, b),
            SIGMOID: sigmoid,
            SILU: x * sigmoid,
            HARD_SIGMOID: np.clip(a * x + b, 0, 1),
            HARD_SWISH: x * np.clip(a * x + b, 0, 1),
            LEAKY_RELU: np.where(x < 0, a * x, x),
            TANH: np.tanh(x),
        }
    return np.asarray(functions[kind])
