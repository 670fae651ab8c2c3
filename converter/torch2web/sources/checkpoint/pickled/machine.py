"""A pickle machine that executes nothing.

`torch.load(weights_only=True)` with more safe globals would call constructors of the standard library,
NumPy and Lightning with arguments of the file's choice, and the safety of each call would have to be
argued. This machine makes no call: GLOBAL pushes the name of a class or function and imports nothing;
REDUCE, NEWOBJ, OBJ and INST hand name and arguments to `construct` (constructors.py), a closed table of
functions that make records of values.py from records; BUILD stores the state in the record. Names outside
the table become `Opaque` records. It is safe because of what it lacks: no import, no getattr, no setattr,
no call of a value of the stack.

`pickletools.genops` decodes the opcodes; it constructs nothing but numbers, strings and bytes.
"""

import pickletools
import warnings
from collections.abc import Callable
from typing import BinaryIO, Protocol

from torch2web.sources.checkpoint.pickled.checks import checked_constant, checked_key, set_array
from torch2web.sources.checkpoint.values import ArrayRef, DamagedError, DtypeRef, Global, Mapped, Opaque


class Stream(Protocol):
    """A source of bytes whose reads are bounded by its size."""

    def read(self, size: int, /) -> bytes: ...
    def readline(self) -> bytes: ...


class _Mark:
    pass


class PickleMachine:
    """Runs one pickle.

    `construct(global, args)` makes the record for a call, `persistent` that for a persistent id.
    """

    def __init__(
        self,
        construct: Callable[[Global, tuple[object, ...]], object],
        persistent: Callable[[object], object],
    ) -> None:
        self._construct, self._persistent = construct, persistent
        self._stack: list[object] = []
        self._memo: dict[int, object] = {}

    def run(self, stream: Stream | BinaryIO) -> object:
        """Run the pickle at the position of `stream`; its value. Raises DamagedError or RefusedError."""
        self._stack, self._memo = [], {}
        try:
            with warnings.catch_warnings(action="ignore"):  # of escape sequences in strings of protocol 0
                for opcode, argument, _ in pickletools.genops(stream):  # type: ignore[arg-type]
                    if opcode.name == "STOP":
                        return self._pop()
                    self._step(opcode.name, argument)
        except (ValueError, OverflowError, RecursionError, IndexError) as error:
            raise DamagedError(str(error)[:200]) from error
        raise DamagedError("the pickle has no end")

    def _step(self, name: str, argument: object) -> None:
        if name in _CONSTANTS:
            self._stack.append(checked_constant(name, argument))
        elif name in _ACTIONS:
            _ACTIONS[name](self, argument)
        elif name not in ("PROTO", "FRAME"):
            raise DamagedError(f"the pickle has the opcode {name}")

    def _pop(self) -> object:
        value = self._stack.pop()
        if value is _Mark:
            raise DamagedError("the pickle takes a mark for a value")
        return value

    def _top(self) -> object:
        value = self._stack[-1]
        if value is _Mark:
            raise DamagedError("the pickle takes a mark for a value")
        return value

    def _pop_mark(self) -> list[object]:
        at = len(self._stack) - 1
        while self._stack[at] is not _Mark:  # IndexError below the stack
            at -= 1
            if at < 0:
                raise DamagedError("the pickle lacks a mark")
        values = self._stack[at + 1 :]
        del self._stack[at:]
        return values

    def _push(self, value: object) -> None:
        self._stack.append(value)

    def _discard(self) -> None:
        self._stack.pop()

    def _discard_mark(self) -> None:
        self._pop_mark()

    def _push_pop(self, count: int) -> None:
        self._push(tuple([self._pop() for _ in range(count)][::-1]))

    def _set_items(self, values: list[object]) -> None:
        target = self._top()
        target = target.entries if isinstance(target, Opaque) else target
        if not isinstance(target, dict) or len(values) % 2:
            raise DamagedError("the pickle sets items of what is no dict")
        for key, value in zip(values[::2], values[1::2], strict=True):
            target[checked_key(key)] = value

    def _append(self, values: list[object]) -> None:
        target = self._top()
        target = target.items if isinstance(target, Opaque) else target
        if isinstance(target, set):
            target.update(map(checked_key, values))
        elif isinstance(target, list):
            target.extend(values)
        else:
            raise DamagedError("the pickle appends to what is no list")

    def _global(self, module: object, name: object) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise DamagedError("the pickle names a class by what is no string")
        self._push(Global(module[:200], name[:200]))

    def _call(self, target: object, args: object) -> None:
        if not isinstance(args, tuple):
            raise DamagedError("the pickle calls with what is no tuple")
        if isinstance(target, Global):
            self._push(self._construct(target, args))
        elif isinstance(target, Opaque):
            self._push(Opaque(f"{target.path}()"[:400], args))
        else:
            raise DamagedError("the pickle calls what is no class or function")

    def _reduce(self, _: object) -> None:
        args = self._pop()
        self._call(self._pop(), args)

    def _newobj_ex(self, _: object) -> None:
        self._pop()  # keyword arguments
        self._reduce(_)

    def _inst(self, argument: object) -> None:
        module, _, name = str(argument).partition(" ")
        self._call(Global(module[:200], name[:200]), tuple(self._pop_mark()))

    def _obj(self, _: object) -> None:
        values = self._pop_mark()
        self._call(values[0], tuple(values[1:]))

    def _build(self, _: object) -> None:
        state = self._pop()
        target = self._top()
        if isinstance(target, Opaque):
            target.state = state
        elif isinstance(target, Mapped) and isinstance(state, dict):
            target.attributes.update((key, value) for key, value in state.items() if isinstance(key, str))
        elif isinstance(target, ArrayRef):
            set_array(target, state)
        elif isinstance(target, DtypeRef) and isinstance(state, tuple) and len(state) > 1:
            target.order = state[1] if state[1] in ("<", ">") else target.order

    def _put(self, argument: object) -> None:
        if not isinstance(argument, int):
            raise DamagedError("the pickle memoizes under what is no number")
        self._memo[argument] = self._top()

    def _get(self, argument: object) -> None:
        if argument not in self._memo:
            raise DamagedError("the pickle refers to a value that it has not made")
        self._push(self._memo[argument])

    def _stack_global(self, _: object) -> None:
        name = self._pop()
        self._global(self._pop(), name)

    def _named_global(self, argument: object) -> None:
        module, _, name = str(argument).partition(" ")
        self._global(module, name)

    def _set_item(self, _: object) -> None:
        value = self._pop()
        self._set_items([self._pop(), value])

    def _dict(self, _: object) -> None:
        values = self._pop_mark()
        self._push({})
        self._set_items(values)


_CONSTANTS = frozenset(
    [
        "INT",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG",
        "LONG1",
        "LONG4",
        "STRING",
        "BINSTRING",
        "SHORT_BINSTRING",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
        "BYTEARRAY8",
        "UNICODE",
        "SHORT_BINUNICODE",
        "BINUNICODE",
        "BINUNICODE8",
        "FLOAT",
        "BINFLOAT",
    ]
)
_ACTIONS: dict[str, Callable[[PickleMachine, object], None]] = {
    "NONE": lambda machine, _: machine._push(None),
    "NEWTRUE": lambda machine, _: machine._push(True),
    "NEWFALSE": lambda machine, _: machine._push(False),
    "MARK": lambda machine, _: machine._push(_Mark),
    "EMPTY_TUPLE": lambda machine, _: machine._push(()),
    "EMPTY_LIST": lambda machine, _: machine._push([]),
    "EMPTY_DICT": lambda machine, _: machine._push({}),
    "EMPTY_SET": lambda machine, _: machine._push(set()),
    "TUPLE": lambda machine, _: machine._push(tuple(machine._pop_mark())),
    "TUPLE1": lambda machine, _: machine._push_pop(1),
    "TUPLE2": lambda machine, _: machine._push_pop(2),
    "TUPLE3": lambda machine, _: machine._push_pop(3),
    "LIST": lambda machine, _: machine._push(machine._pop_mark()),
    "DICT": PickleMachine._dict,
    "FROZENSET": lambda machine, _: machine._push(frozenset(map(checked_key, machine._pop_mark()))),
    "SETITEM": PickleMachine._set_item,
    "SETITEMS": lambda machine, _: machine._set_items(machine._pop_mark()),
    "APPEND": lambda machine, _: machine._append([machine._pop()]),
    "APPENDS": lambda machine, _: machine._append(machine._pop_mark()),
    "ADDITEMS": lambda machine, _: machine._append(machine._pop_mark()),
    "POP": lambda machine, _: machine._discard(),
    "POP_MARK": lambda machine, _: machine._discard_mark(),
    "DUP": lambda machine, _: machine._push(machine._top()),
    "GET": PickleMachine._get,
    "BINGET": PickleMachine._get,
    "LONG_BINGET": PickleMachine._get,
    "PUT": PickleMachine._put,
    "BINPUT": PickleMachine._put,
    "LONG_BINPUT": PickleMachine._put,
    "MEMOIZE": lambda machine, _: machine._put(len(machine._memo)),
    "GLOBAL": PickleMachine._named_global,
    "STACK_GLOBAL": PickleMachine._stack_global,
    "REDUCE": PickleMachine._reduce,
    "NEWOBJ": PickleMachine._reduce,
    "NEWOBJ_EX": PickleMachine._newobj_ex,
    "INST": PickleMachine._inst,
    "OBJ": PickleMachine._obj,
    "BUILD": PickleMachine._build,
    "PERSID": lambda machine, argument: machine._push(machine._persistent(argument)),
    "BINPERSID": lambda machine, _: machine._push(machine._persistent(machine._pop())),
}
"""Without EXT1, EXT2 and EXT4, which look classes up in a registry of the process, and without out-of-band
buffers: DamagedError."""
