"""The kernels of kernels/kernels.h from Python: their fields, on several threads, weights packed."""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

POINTER = ctypes.c_void_p
INT = ctypes.c_int32
MARGIN = 64
"""Values before and after each buffer that no kernel may touch."""

NONE, CLIP, SIGMOID, SILU, HARD_SIGMOID, HARD_SWISH, LEAKY_RELU, TANH = range(8)
INT8, INT4, FLOAT16 = range(3)


class Thread(ctypes.Structure):
    _fields_ = [("index", INT), ("count", INT)]


class Activation(ctypes.Structure):
    _fields_ = [("kind", INT), ("a", ctypes.c_float), ("b", ctypes.c_float)]


def _fields(*words: str) -> type[ctypes.Structure]:
    """A structure from lists of names, each list after the type of its fields."""
    types: dict[str, Any] = {
        "pointers": POINTER,
        "ints": INT,
        "act": Activation,
        "axes": INT * 6,
        "float": ctypes.c_float,
    }
    kinds = [(name, types[kind]) for kind, *names in map(str.split, words) for name in names]
    return type("Fields", (ctypes.Structure,), {"_fields_": kinds})


_WINDOW = "kernel_height kernel_width stride_height stride_width"
_SIZES = "in_height in_width out_height out_width"
FIELDS: dict[str, type[ctypes.Structure]] = {
    "activate": _fields("pointers x y", "ints count", "act activation"),
    "product": _fields(
        "pointers x weights gate residual y", "ints rows inputs outputs x_stride y_stride", "act activation"
    ),
    "pack_panels": _fields("pointers x y", "ints inputs outputs input_stride output_stride"),
    "row_product": _fields("pointers x weights scale bias y", "ints inputs outputs format", "act activation"),
    "conv": _fields(
        "pointers x weights residual y",
        "ints in_height in_width in_channels x_row x_pixel x_channel",
        "ints out_height out_width out_channels groups",
        f"ints {_WINDOW} dilation_height dilation_width pad_top pad_left max_pool",
        "act activation",
    ),
    "depthwise": _fields(
        "pointers x weights y sums",
        f"ints channels {_SIZES} {_WINDOW} dilation_height dilation_width pad_top pad_left",
        "act activation",
    ),
    "block": _fields(
        "pointers x expand depthwise project residual y sums",
        "ints in_height in_width in_channels mid_channels out_height out_width out_channels",
        f"ints {_WINDOW} pad_top pad_left",
        "act expand_activation depthwise_activation project_activation",
    ),
    "squeeze_excite": _fields(
        "pointers sums first second gate",
        "ints channels hidden pixels",
        "act first_activation second_activation",
    ),
    "mean_of_sums": _fields("pointers sums y", "ints channels pixels"),
    "pool": _fields(
        "pointers x y",
        f"ints kind channels {_SIZES} {_WINDOW} dilation_height dilation_width",
        "ints pad_top pad_left pad_bottom pad_right",
    ),
    "reduce": _fields("pointers x y", "ints kind outer middle inner"),
    "softmax": _fields("pointers x y", "ints outer middle inner"),
    "binary": _fields("pointers a b y", "ints kind rank", "axes shape a_strides b_strides", "act activation"),
    "copy": _fields("pointers x y", "ints rank", "axes shape x_strides y_strides"),
    "fill": _fields("pointers y", "ints count", "float value"),
}
_WITH_SCRATCH = ("product", "conv", "depthwise", "block", "squeeze_excite")


class Guarded:
    """A buffer with NaN around it: what a kernel reads there spoils its result, what it writes is found."""

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
    """Calls kernels of the native library, each once for every thread, one after the other."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library

    def call(self, name: str, threads: int = 1, **fields: Any) -> None:
        """Call kernel `name` with `fields`: arrays are buffers, written back; tuples are structures."""
        buffers = {key: Guarded(value) for key, value in fields.items() if isinstance(value, np.ndarray)}
        values = {key: self._value(key, value, buffers) for key, value in fields.items()}
        arguments = FIELDS[name](**values)
        kernel: Callable[..., None] = getattr(self._library, name)
        for index in range(threads):
            thread = Thread(index, threads)
            if name not in _WITH_SCRATCH:
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
        return (INT * 6)(*value) if isinstance(value, tuple) else value


def panels(weights: Floats, bias: Floats) -> Floats:
    """Weights [inputs, outputs] and biases as Product has them."""
    inputs, outputs = weights.shape
    whole = np.zeros((inputs + 1, -(-outputs // 8) * 8), np.float32)
    whole[0, :outputs], whole[1:, :outputs] = bias, weights
    return np.ascontiguousarray(whole.reshape(inputs + 1, -1, 8).transpose(1, 0, 2))


def depthwise_panels(weights: Floats, bias: Floats) -> Floats:
    """Weights [channels, kernel_height, kernel_width] and biases as Depthwise has them."""
    channels, height, width = weights.shape
    whole = np.zeros((height * width + 1, -(-channels // 4) * 4), np.float32)
    whole[0, :channels], whole[1:, :channels] = bias, weights.reshape(channels, -1).T
    return np.ascontiguousarray(whole.reshape(height * width + 1, -1, 4).transpose(1, 0, 2))


def apply(activation: tuple[int, float, float], x: NDArray[Any]) -> NDArray[Any]:
    """What an activation gives, in the precision of x."""
    kind, a, b = activation
    with np.errstate(over="ignore", invalid="ignore"):
        sigmoid = 1 / (1 + np.exp(-x))
        functions = {
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
