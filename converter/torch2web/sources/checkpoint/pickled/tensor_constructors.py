"""torch's functions that rebuild tensors, as references: nothing is read or allocated here."""

from collections.abc import Callable

from torch2web.sources.checkpoint.pickled.checks import is_shape
from torch2web.sources.checkpoint.pickled.numpy_values import array_of
from torch2web.sources.checkpoint.values import (
    ArrayRef,
    DamagedError,
    Global,
    Opaque,
    StorageRef,
    TensorRef,
    Unsupported,
)

Args = tuple[object, ...]

STORAGES = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
    "UntypedStorage": "",
}
"""Storage class → torch dtype. Those of quantised tensors are lacking: see Unsupported."""
DTYPES = frozenset(
    [
        "float32",
        "float64",
        "float16",
        "bfloat16",
        "int64",
        "int32",
        "int16",
        "int8",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "bool",
        "complex64",
        "complex128",
        "complex32",
        "float8_e4m3fn",
        "float8_e5m2",
        "float8_e4m3fnuz",
        "float8_e5m2fnuz",
    ]
)
_ALIASES = {"float": "float32", "double": "float64", "half": "float16", "long": "int64", "int": "int32"}


def dtype_name(value: object) -> str:
    """The dtype that a pickle names. Raises DamagedError for what is none."""
    if isinstance(value, Global) and value.module == "torch":
        name = _ALIASES.get(value.name, value.name)
        if name in DTYPES:
            return name
    raise DamagedError("a tensor of an unknown dtype")


def _tensor(args: Args) -> object:
    storage, offset, shape, stride = args[:4]
    if isinstance(storage, Unsupported):
        return storage
    if not isinstance(storage, StorageRef):
        raise DamagedError("a tensor without a storage")
    if len(args) > 6 and isinstance(args[6], dict) and any(args[6].get(bit) for bit in ("conj", "neg")):
        return Unsupported("a conjugate or negative view")
    return _checked(storage, storage.dtype or "uint8", offset, shape, stride)


def _tensor_v3(args: Args) -> object:
    storage, offset, shape, stride, _, _, dtype = args[:7]
    if not isinstance(storage, StorageRef):
        raise DamagedError("a tensor without a storage")
    return _checked(storage, dtype_name(dtype), offset, shape, stride)


def _checked(storage: StorageRef, dtype: str, offset: object, shape: object, stride: object) -> TensorRef:
    if not is_shape(shape) or not is_shape(stride) or not is_shape((offset,)) or len(shape) != len(stride):
        raise DamagedError("a tensor whose offset, shape or strides are no whole numbers")
    assert isinstance(offset, int)
    return TensorRef(storage, dtype, offset, shape, stride)


def _parameter(args: Args) -> object:
    value = args[0] if args else Unsupported("a parameter without data")
    return (
        value if isinstance(value, TensorRef | Unsupported) else Opaque("torch.nn.parameter.Parameter", args)
    )


def _from_array(args: Args) -> object:
    """A tensor of XLA or another device, saved as a NumPy array."""
    if not isinstance(args[0], ArrayRef):
        raise DamagedError("a tensor without an array")
    return from_array(args[0])


def from_array(ref: ArrayRef) -> TensorRef | Unsupported:
    """A NumPy array as a tensor, where torch has its dtype."""
    if ref.dtype is None or ref.dtype.code[0] not in "biufc?":
        return Unsupported("a NumPy array of objects")
    array = array_of(ref)
    dtype = str(array.dtype)
    if dtype not in DTYPES:
        return Unsupported(f"a NumPy array of {dtype}")
    strides = tuple(step // array.itemsize for step in array.strides)
    content = array.tobytes("A")
    storage = StorageRef("", dtype, array.size, content=content)
    return TensorRef(storage, dtype, 0, array.shape, strides)


def rebuild_subclass(construct: Callable[[Global, Args], object], args: Args) -> object:
    """A tensor of a subclass, or with attributes: the tensor alone. `args` is function, class, arguments,
    state.
    """
    if len(args) < 3 or not isinstance(args[0], Global) or not isinstance(args[2], tuple):
        raise DamagedError("a tensor of an unknown class")
    return construct(args[0], args[2])


def _unsupported(kind: str) -> Callable[[Args], object]:
    return lambda _: Unsupported(kind)


def _size(args: Args) -> object:
    if not args:
        return ()
    shape = tuple(args[0]) if isinstance(args[0], list) else args[0]
    if not is_shape(shape):
        raise DamagedError("a shape of what are no whole numbers")
    return shape


def _device(args: Args) -> str:
    return ":".join(str(part)[:20] for part in args[:2] if isinstance(part, str | int))


TENSORS: dict[str, Callable[[Args], object]] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_v3,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch.nn.parameter.Parameter": _parameter,
    "torch.nn.parameter.Buffer": _parameter,
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": _parameter,
    "torch._utils._rebuild_device_tensor_from_numpy": _from_array,
    "torch._utils._rebuild_xla_tensor": _from_array,
    "torch._utils._rebuild_sparse_tensor": _unsupported("a sparse tensor"),
    "torch._utils._rebuild_sparse_csr_tensor": _unsupported("a sparse tensor"),
    "torch._utils._rebuild_qtensor": _unsupported("a quantised tensor"),
    "torch._utils._rebuild_nested_tensor": _unsupported("a nested tensor"),
    "torch._utils._rebuild_meta_tensor_no_storage": _unsupported("a tensor on `meta`, without data"),
    "torch._utils._rebuild_wrapper_subclass": _unsupported("a tensor of a subclass without a storage"),
    "torch.distributed.tensor._api.DTensor": _unsupported("a part of a tensor of several devices (DTensor)"),
    "torch.distributed._tensor.api.DTensor": _unsupported("a part of a tensor of several devices (DTensor)"),
    "torch.Size": _size,
    "torch.device": _device,
    "torch.serialization._get_layout": lambda args: args[0] if isinstance(args[0], str) else "",
}
