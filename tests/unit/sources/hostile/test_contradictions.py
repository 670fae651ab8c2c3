"""Inconsistent pickles: views outside their storages, wrong types, endless nesting."""

import struct
from pathlib import Path

import pytest

from tests.unit.sources.hostile.canary import read
from tests.unit.sources.hostile.pickles import (
    archive,
    call,
    checkpoint,
    dict_of,
    legacy,
    name,
    number,
    pickle_of,
    storage,
    tensor,
    text,
    tuple_of,
)
from torch2web.errors import CheckpointError
from torch2web.sources.checkpoint import Checkpoint


def view_of_storage(path: Path, offset: int, size: int) -> None:
    """A view as saved by PyTorch before 0.4: a storage of four numbers, and a part of it."""
    view = tuple_of(text("view"), number(offset), number(size))
    kind = name("torch", "FloatStorage")
    part = tuple_of(text("storage"), kind, text("0"), text("cpu"), number(4), view) + b"Q"
    weight = call(
        name("torch._utils", "_rebuild_tensor"),
        part,
        number(0),
        tuple_of(number(1), number(2)),
        tuple_of(number(2), number(1)),
    )
    storages = pickle_of(b"]" + text("0") + b"a") + struct.pack("<q4f", 4, 1, 2, 3, 4)
    legacy(path, pickle_of(dict_of(weight=weight)) + storages)


def test_views_of_storages(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    view_of_storage(path, 2, 2)
    found = read(path)
    assert isinstance(found, Checkpoint)
    assert found.states[""]["weight"].tolist() == [[3.0, 4.0]]
    for offset, size in ((3, 2), (2, 1), (-1, 2), (5, 0)):
        view_of_storage(path, offset, size)
        assert isinstance(read(path), CheckpointError)


BILLION = (
    b"]" + text("x") + b"a" + b"".join(b"q%c0](h%ch%ce" % (level, level, level) for level in range(1, 100))
)
"""A list of two references to a list of two references, 99 times."""
DOUBLED = text("x") + b"".join(b"\x85q%c0h%ch%c\x86" % (level, level, level) for level in range(1, 100))
"""The same of tuples, which are hashed from their elements."""

MISFITS: dict[str, tuple[bytes, str]] = {
    "a storage larger than its entry": (
        dict_of(weight=tensor(1000, 0, (1000,), (1,))),
        "a storage has 16 bytes",
    ),
    "a storage of a terabyte": (
        dict_of(weight=tensor(2**40, 0, (2**40,), (1,))),
        "many times the size of the file",
    ),
    "more than 2**64 elements": (
        dict_of(weight=tensor(2**100, 0, (2**50, 2**50), (2**50, 1))),
        "many times the size of the file",
    ),
    "an offset beyond the storage": (dict_of(weight=tensor(4, 3, (2,), (1,))), "exceeds its storage"),
    "a stride beyond the storage": (dict_of(weight=tensor(4, 0, (2, 2), (3, 1))), "exceeds its storage"),
    "a negative offset": (dict_of(weight=tensor(4, -1, (2,), (1,))), "no whole numbers"),
    "a negative stride": (dict_of(weight=tensor(4, 3, (2,), (-1,))), "no whole numbers"),
    "a negative side": (dict_of(weight=tensor(4, 0, (-2,), (1,))), "no whole numbers"),
    "fewer strides than sides": (dict_of(weight=tensor(4, 0, (2, 2), (1,))), "no whole numbers"),
    "a stride of 0 over a billion": (
        dict_of(weight=tensor(4, 0, (2**30,), (0,))),
        "many times the size of the file",
    ),
    "a negative storage": (dict_of(weight=tensor(-4, 0, (2,), (1,))), "without a class or size"),
    "a storage outside the archive": (
        dict_of(weight=tensor(4, 0, (4,), (1,), "../../../../etc/passwd")),
        "no entry data/../../../../etc/passwd",
    ),
    "an absolute path": (
        dict_of(weight=tensor(4, 0, (4,), (1,), "/etc/passwd")),
        "no entry data//etc/passwd",
    ),
    "an unknown storage class": (
        dict_of(weight=storage(4, kind="EvilStorage")),
        "unknown class torch.EvilStorage",
    ),
    "a persistent id of a number": (dict_of(weight=number(3) + b"Q"), "a persistent id that is no tuple"),
    "a persistent id of nothing": (dict_of(weight=b")Q"), "a persistent id that is no tuple"),
    "a persistent id of another kind": (
        dict_of(weight=tuple_of(text("file"), text("/etc/passwd")) + b"Q"),
        "a persistent id of an unknown kind",
    ),
    "a persistent id of a line": (dict_of(weight=b"Pstorage\n"), "a persistent id that is no tuple"),
    "a key that takes exponential time": (b"}" + DOUBLED + b"Ns", "a key that is no key"),
    "an element that takes exponential time": (b"\x8f(" + DOUBLED + b"\x90", "a key that is no key"),
    "a dict as key": (b"}}Ns", "a key that is no key"),
    "a number of a million digits": (
        b"\x8b\x00\x00\x08\x00" + b"\x7f" * 0x80000,
        "a number of 4,194,303 bits",
    ),
    "a text longer than the file": (b"\x8d" + struct.pack("<Q", 2**62), "expected"),
    "bytes longer than the file": (b"\x8e" + struct.pack("<Q", 2**62), "expected"),
    "an extension": (b"\x82\x01", "the opcode EXT1"),
    "an out-of-band buffer": (b"\x97", "the opcode NEXT_BUFFER"),
    "an unknown opcode": (b"\xff", "opcode b'\\xff' unknown"),
    "an empty stack": (b"0", "pop from empty list"),
    "a memo that is not there": (b"h\x07", "has not made"),
    "a tuple without a mark": (b"t", ""),
    "a mark as value": (b"(", "a mark for a value"),
    "a call of a list": (b"])R", "calls what is no class"),
    "a call with a list": (name("collections", "OrderedDict") + b"]R", "calls with what is no tuple"),
    "items of a list": (b"]NNs", "items of what is no dict"),
    "an element of a dict": (b"}Na", "appends to what is no list"),
    "a class named by a number": (number(1) + number(2) + b"\x93", "a class by what is no string"),
}


@pytest.mark.parametrize("case", MISFITS)
def test_inconsistent_pickles_are_refused(tmp_path: Path, case: str) -> None:
    content, problem = MISFITS[case]
    path = tmp_path / "model.pth"
    archive(path, pickle_of(content))
    found = read(path)
    assert isinstance(found, CheckpointError)
    assert "it is truncated or damaged" in str(found)
    assert problem in str(found)
    legacy(path, pickle_of(content))
    assert isinstance(read(path), CheckpointError)


@pytest.mark.parametrize(
    "beside",
    [
        b"]" * 100_000 + b"a" * 99_999,
        b"]" * 100_000 + b"\x85" * 100_000 + b"0" * 99_999,
        b"}" * 1 + b"".join(text("x") + b"}" for _ in range(50_000)) + b"s" * 50_000,
        b"]q\x01h\x01a",
        b"}q\x01X\x01\x00\x00\x00xh\x01s",
        BILLION,
        call(name("a", "b")) + b"q\x01h\x01b",
    ],
    ids=["lists", "tuples", "dicts", "in itself", "dict in itself", "billion laughs", "object in itself"],
)
def test_nesting_is_bounded(tmp_path: Path, beside: bytes) -> None:
    path = tmp_path / "model.pth"
    checkpoint(path, beside)
    found = read(path)
    assert isinstance(found, Checkpoint)
    assert found.states[""]["weight"].tolist() == [[1.0, 2.0], [3.0, 4.0]]
