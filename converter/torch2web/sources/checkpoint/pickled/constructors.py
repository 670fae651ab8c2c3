"""What a pickle's calls become: a closed table from the name of a class or function to a record of its
arguments.

Nothing here calls what the file names. Functions of this table read arguments that they have checked, and
make numbers, strings, lists, dicts or records of values.py. A name outside the table becomes an `Opaque`
record; a name that only hostile files call (os.system, builtins.eval) is refused, as the file would run code
elsewhere.
"""

from collections.abc import Callable

from torch2web.sources.checkpoint.pickled.checks import checked_key
from torch2web.sources.checkpoint.pickled.numpy_values import NUMPY
from torch2web.sources.checkpoint.pickled.plain_constructors import PLAIN
from torch2web.sources.checkpoint.pickled.tensor_constructors import TENSORS, rebuild_subclass
from torch2web.sources.checkpoint.values import DamagedError, Global, Opaque, RefusedError, StorageRef

Args = tuple[object, ...]

_HOSTILE = frozenset(
    [
        "os",
        "posix",
        "nt",
        "subprocess",
        "sys",
        "shutil",
        "runpy",
        "importlib",
        "imp",
        "socket",
        "ctypes",
        "pty",
        "code",
        "codeop",
        "pickle",
        "_pickle",
        "marshal",
        "webbrowser",
        "urllib",
        "requests",
        "http",
        "platform",
        "commands",
        "multiprocessing",
        "signal",
        "gc",
        "pdb",
        "bdb",
        "timeit",
        "cProfile",
        "profile",
        "trace",
        "tempfile",
        "pkgutil",
        "zipimport",
        "pip",
        "ensurepip",
        "venv",
        "builtins",
    ]
)
"""Modules whose functions no checkpoint calls; builtins but those of the table."""
_RENAMED = {
    "__builtin__": "builtins",
    "copy_reg": "copyreg",
    "pathlib._local": "pathlib",
    "numpy.core.multiarray": "numpy._core.multiarray",
    "numpy.core.numeric": "numpy._core.numeric",
    "UserDict": "collections",
}
_TABLE: dict[str, Callable[[Args], object]] = {**PLAIN, **NUMPY, **TENSORS}
_WITH_CLASS = (
    "copyreg.__newobj__",
    "copyreg.__newobj_ex__",
    "copyreg._reconstructor",
    "torch._tensor._rebuild_from_type_v2",
    "torch._tensor._rebuild_from_type",
    "torch.storage._load_from_bytes",
)
"""Functions that take a class or function of the file, or a file in the file."""
ALLOWED = (*_TABLE, *_WITH_CLASS)
"""Every class and function whose arguments are read."""


class Constructors:
    """Makes the records of one file. `load_storage` reads a storage that was saved into bytes."""

    def __init__(self, load_storage: Callable[[bytes], StorageRef]) -> None:
        self._load_storage = load_storage
        self.unread: set[str] = set()
        """Classes and functions outside the table."""

    def construct(self, target: Global, args: Args) -> object:
        """The record of `target(*args)`. Raises DamagedError or RefusedError."""
        target = Global(_RENAMED.get(target.module, target.module), target.name)
        path = target.path
        if path in ("copyreg.__newobj__", "copyreg.__newobj_ex__") and args and isinstance(args[0], Global):
            rest = args[1] if path.endswith("ex__") and len(args) > 1 else args[1:]
            return self.construct(args[0], rest if isinstance(rest, tuple) else ())
        if path == "copyreg._reconstructor" and len(args) == 3 and isinstance(args[0], Global):
            return self._reconstruct(args[0], args[2])
        if path in ("torch._tensor._rebuild_from_type_v2", "torch._tensor._rebuild_from_type"):
            return rebuild_subclass(self.construct, args)
        if path == "torch.storage._load_from_bytes":
            if len(args) != 1 or not isinstance(args[0], bytes):
                raise DamagedError("a storage without bytes")
            return self._load_storage(args[0])
        if build := _TABLE.get(path):
            try:
                return build(args)
            except (ValueError, TypeError, IndexError, OverflowError) as error:
                raise DamagedError(f"{path}: {str(error)[:200]}") from error
        if target.module.partition(".")[0] in _HOSTILE:
            raise RefusedError(path)
        self.unread.add(path)
        return Opaque(path, args)

    def _reconstruct(self, target: Global, state: object) -> object:
        made = self.construct(target, ())
        if isinstance(made, Opaque) and isinstance(state, dict):
            made.entries.update((checked_key(key), value) for key, value in state.items())
        return made
