"""NumPy scalars and arrays in a pickle, from their bytes: numpy.ndarray's own constructors are not called."""

import math
import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from torch2web.sources.checkpoint.pickled.checks import is_shape
from torch2web.sources.checkpoint.values import ArrayRef, DamagedError, DtypeRef, Global, Opaque

Args = tuple[object, ...]

_CODE = re.compile(r"[<>|=]?([biufcSUV]\d{1,4}|\?|[OMm](8)?)")


def _dtype(args: Args) -> DtypeRef:
    code = args[0]
    if isinstance(code, Global):  # numpy.dtype(numpy.float32)
        code = np.dtype(code.name).str if code.name in _SCALARS else code
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise DamagedError("a NumPy dtype of an unknown kind")
    return DtypeRef(code.lstrip("<>|="), code[0] if code[0] in "<>" else "|")


_SCALARS = {f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)} | {
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
    "bool",
    "bool_",
}


def _scalar(args: Args) -> object:
    dtype, content = args
    content = content.encode("utf-8") if isinstance(content, str) else content
    if not isinstance(dtype, DtypeRef) or not isinstance(content, bytes):
        return Opaque("numpy.scalar", args)
    value = array_of(ArrayRef(dtype, (), False, content)).item()
    return value if isinstance(value, int | float | complex | str | bytes) else str(value)


def _frombuffer(args: Args) -> ArrayRef:
    content, dtype, shape, order = args
    if not isinstance(content, bytes) or not isinstance(dtype, DtypeRef) or not is_shape(shape):
        raise DamagedError("an incomplete NumPy array")
    return ArrayRef(dtype, shape, order == "F", content)


def array_of(ref: ArrayRef) -> NDArray[np.generic]:
    """The array, in native byte order. Raises DamagedError where its bytes are fewer or more than its
    shape.
    """
    if ref.dtype is None or ref.dtype.code[0] in "OMmV":
        raise DamagedError("a NumPy array of objects or dates")
    order = ref.dtype.order if ref.dtype.order in "<>" else "<"
    try:
        dtype = np.dtype(order + ref.dtype.code if ref.dtype.code != "?" else "?")
    except TypeError as error:
        raise DamagedError(f"the NumPy dtype {ref.dtype.code}, which does not exist") from error
    if math.prod(ref.shape) * dtype.itemsize != len(ref.content) or not dtype.itemsize:
        raise DamagedError("a NumPy array whose bytes do not match its shape")
    array = np.frombuffer(ref.content, dtype)
    return array.reshape(ref.shape, order="F" if ref.fortran else "C").astype(dtype.newbyteorder("="))


NUMPY: dict[str, Callable[[Args], object]] = {
    "numpy.dtype": _dtype,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy._core.multiarray._reconstruct": lambda _: ArrayRef(),
    "numpy._core.numeric._frombuffer": _frombuffer,
}
