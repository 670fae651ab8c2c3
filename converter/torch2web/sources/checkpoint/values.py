"""Values that the pickle machine puts on its stack in place of objects: records of data, without behaviour.

No record has a method that takes part in unpickling, and none is callable. Objects of unknown classes are
compared and hashed by identity.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_INT_BITS = 4096
"""More bits than any number beside weights has; Python refuses to print numbers of more than 14,000 bits."""


class DamagedError(Exception):
    """The file contradicts its format, or itself."""


class RefusedError(Exception):
    """`name` is a function that only a hostile file calls."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


@dataclass(frozen=True, slots=True)
class Global:
    """A class or function that the pickle names; never imported."""

    module: str
    name: str

    @property
    def path(self) -> str:
        return f"{self.module}.{self.name}"


class Mapped(dict[object, object]):
    """An OrderedDict, defaultdict or Counter. `attributes` has those set on the object, such as _metadata."""

    def __init__(self) -> None:
        super().__init__()
        self.attributes: dict[str, object] = {}


@dataclass(eq=False, slots=True)
class Opaque:
    """An object of the class or function `path`, which was not called: its arguments and state as data."""

    path: str
    args: tuple[object, ...] = ()
    state: object = None
    entries: dict[object, object] = field(default_factory=dict)
    """Items of a subclass of dict."""
    items: list[object] = field(default_factory=list)
    """Items of a subclass of list or set."""

    def as_mapping(self) -> Mapping[object, object]:
        """Its entries, else its attributes; empty if it has neither."""
        if self.entries:
            return self.entries
        state = self.state
        if isinstance(state, tuple) and len(state) == 2:  # attributes and slots
            state = state[0] if isinstance(state[0], dict) else state[1]
        return state if isinstance(state, dict) else {}


@dataclass(eq=False, frozen=True, slots=True)
class StorageRef:
    """`size` elements of a storage of the file, from element `start` on.

    `dtype` is the name of a torch dtype, "" for an untyped storage, whose elements are bytes.
    """

    key: str
    dtype: str
    size: int
    start: int = 0
    content: bytes | None = None
    """The bytes, where the pickle itself has them; else they are looked up by `key`."""


@dataclass(eq=False, frozen=True, slots=True)
class TensorRef:
    """A dense tensor, not read yet. Offset and strides count elements. `dtype` is the name of a torch
    dtype.
    """

    storage: StorageRef
    dtype: str
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


@dataclass(eq=False, frozen=True, slots=True)
class Unsupported:
    """A tensor that is no dense tensor of the file; `kind` as in "a sparse tensor"."""

    kind: str


@dataclass(eq=False, slots=True)
class DtypeRef:
    """A NumPy dtype: `code` such as "f4", `order` one of <, > and |."""

    code: str
    order: str = "|"


@dataclass(eq=False, slots=True)
class ArrayRef:
    """A NumPy array. `content` is its memory, in C or Fortran order."""

    dtype: DtypeRef | None = None
    shape: tuple[int, ...] = ()
    fortran: bool = False
    content: bytes = b""
    objects: list[object] | None = None
    """Elements of an array of objects."""
