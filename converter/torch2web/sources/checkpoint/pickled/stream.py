"""Files that begin with a pickle: torch.save before PyTorch 1.6, and pickle.dump.

Before 1.6 five values follow one another: a magic number, a version, a description of the machine, the
object, and the keys of its storages; then for each key the number of elements and their bytes, little-endian
always.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from torch2web.sources.checkpoint.pickled.checks import is_shape
from torch2web.sources.checkpoint.pickled.constructors import Constructors
from torch2web.sources.checkpoint.pickled.machine import PickleMachine
from torch2web.sources.checkpoint.pickled.tensor_constructors import STORAGES
from torch2web.sources.checkpoint.values import DamagedError, Global, StorageRef, Unsupported

MAGIC = 0x1950A86A20F9469CFC6C
_ITEM_SIZES = {"float64": 8, "int64": 8, "complex64": 8, "complex128": 16, "float32": 4, "int32": 4}
_ITEM_SIZES |= {"float16": 2, "bfloat16": 2, "int16": 2, "int8": 1, "uint8": 1, "bool": 1, "": 1}
_QUANTISED = {
    "QInt8Storage": 1,
    "QUInt8Storage": 1,
    "QInt32Storage": 4,
    "QUInt4x2Storage": 1,
    "QUInt2x4Storage": 1,
}


class BoundedFile:
    """Reads of a file that never ask for more than it has left: a pickle may claim strings of any length."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._size = file, size

    def read(self, count: int) -> bytes:
        return self._file.read(max(0, min(count, self._size - self._file.tell())))

    def readline(self) -> bytes:
        return self._file.readline()

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, position: int) -> None:
        self._file.seek(position)


@dataclass(frozen=True)
class PickledContent:
    """`content` in records; `storage(key)` reads the bytes of a storage."""

    content: object
    storage: Callable[[str], bytearray]
    unread: tuple[str, ...]
    is_torch: bool
    """Whether torch.save wrote it, not pickle.dump."""


def read_stream(file: BinaryIO, size: int, *, nested: bool = False) -> PickledContent:
    """Read a file of `size` bytes from its start. Raises DamagedError or RefusedError."""
    stream = BoundedFile(file, size)
    item_sizes: dict[str, int] = {}

    def persistent(saved_id: object) -> object:
        return _persistent(saved_id, item_sizes)

    constructors = Constructors(_refuse_nested if nested else load_storage)
    machine = PickleMachine(constructors.construct, persistent)
    content = machine.run(stream)
    is_torch = isinstance(content, int) and content == MAGIC
    positions: Mapping[str, tuple[int, int]] = {}
    if is_torch:
        if machine.run(stream) != 1001:
            raise DamagedError("the file has an unknown version")
        machine.run(stream)  # sizes of the C types of the machine
        content = machine.run(stream)
        positions = _positions(stream, machine.run(stream), item_sizes, size)

    def storage(key: str) -> bytearray:
        if key not in positions:
            raise DamagedError(f"the file has no storage {key[:40]}")
        start, length = positions[key]
        stream.seek(start)
        return bytearray(stream.read(length))

    return PickledContent(content, storage, tuple(sorted(constructors.unread)), is_torch)


def _storage_ref(saved_id: tuple[object, ...]) -> StorageRef | Unsupported:
    """The storage of a persistent id ("storage", class, key, location, size, …)."""
    kind, key, size = saved_id[1], saved_id[2], saved_id[4]
    if not isinstance(kind, Global) or not is_shape((size,)):
        raise DamagedError("a storage without a class or size")
    if kind.name in _QUANTISED:
        return Unsupported("a quantised tensor")
    if kind.name not in STORAGES:
        raise DamagedError(f"a storage of the unknown class {kind.path}")
    assert isinstance(size, int)
    return StorageRef(str(key) if isinstance(key, str | int) else "", STORAGES[kind.name], size)


def persistent_storage(saved_id: object) -> object:
    """The storage of a persistent id of an archive, whose storages are entries of their own."""
    return _persistent(saved_id, {})


def _persistent(saved_id: object, item_sizes: dict[str, int]) -> object:
    if not isinstance(saved_id, tuple) or not saved_id:
        raise DamagedError("a persistent id that is no tuple")
    if saved_id[0] == "module" and len(saved_id) > 1:
        return saved_id[1]  # the class of a module; its source code, which follows, is not read
    if saved_id[0] != "storage" or len(saved_id) < 5:
        raise DamagedError("a persistent id of an unknown kind")
    found = _storage_ref(saved_id)
    kind = saved_id[1]
    assert isinstance(kind, Global)
    if not isinstance(found, StorageRef):
        item_sizes[str(saved_id[2])[:200]] = _QUANTISED[kind.name]
        return found
    item_sizes[found.key] = _ITEM_SIZES[found.dtype]
    view = saved_id[5] if len(saved_id) > 5 else None
    if view is None:
        return found
    if not isinstance(view, tuple) or len(view) != 3 or not is_shape(view[1:]):
        raise DamagedError("a view of a storage without an offset")
    if view[1] + view[2] > found.size:
        raise DamagedError("a view that exceeds its storage")
    return StorageRef(found.key, found.dtype, view[2], view[1])


def _positions(
    stream: BoundedFile, keys: object, item_sizes: Mapping[str, int], size: int
) -> dict[str, tuple[int, int]]:
    if not isinstance(keys, list):
        raise DamagedError("the storages have no list of keys")
    positions = {}
    for key in keys:
        name = str(key) if isinstance(key, str | int) else ""
        if name not in item_sizes or name in positions:
            raise DamagedError(f"an unknown storage {name[:40]}")
        count = int.from_bytes(stream.read(8), "little", signed=True)
        start, length = stream.tell(), count * item_sizes[name]
        if count < 0 or start + length > size:
            raise DamagedError(f"the storage {name[:40]} is longer than the file")
        positions[name] = (start, length)
        stream.seek(start + length)
    return positions


def load_storage(content: bytes) -> StorageRef:
    """A storage that pickle.dump has embedded as the bytes of a file of torch.save."""
    inner = read_stream(io.BytesIO(content), len(content), nested=True)
    found = inner.content
    if not isinstance(found, StorageRef):
        raise DamagedError("embedded bytes that are no storage")
    return StorageRef(found.key, found.dtype, found.size, found.start, bytes(inner.storage(found.key)))


def _refuse_nested(_: bytes) -> StorageRef:
    raise DamagedError("a storage inside a storage")
