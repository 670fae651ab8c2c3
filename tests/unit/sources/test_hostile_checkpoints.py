"""Files that would run code, exhaust memory or contradict themselves: nothing runs, all are answered."""

import encodings.cp437  # noqa: F401 - zipfile decodes names with it
import io
import pickle
import random
import struct
import sys
import types
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.unit.sources.checkpoint_shapes import METADATA, trained
from tests.unit.sources.hostile_pickles import (
    WEIGHT,
    archive,
    build,
    call,
    checkpoint,
    dict_of,
    inst,
    legacy,
    name,
    new,
    number,
    obj,
    pickle_of,
    storage,
    tensor,
    text,
    tuple_of,
)
from torch2web.errors import CheckpointError
from torch2web.sources.checkpoint import Checkpoint, read_checkpoint
from torch2web.sources.checkpoint.constructors import ALLOWED

CANARY = name("canary", "Canary")
TOUCHED: list[str] = []
FORBIDDEN = (
    "os.",
    "subprocess.",
    "exec",
    "compile",
    "ctypes.",
    "socket.",
    "import",
    "shutil.",
    "code.__new__",
)
AUDITED: list[str] = []
auditing = False


def audit(event: str, args: tuple[object, ...]) -> None:
    if auditing and event.startswith(FORBIDDEN):
        AUDITED.append(f"{event} {args[:1]}")


sys.addaudithook(audit)


class Canary:
    """Tells of everything that can be done with it or its class."""

    def __init__(self, *_: object) -> None:
        TOUCHED.append("__init__")

    def __init_subclass__(cls) -> None:
        TOUCHED.append("__init_subclass__")

    def __getattribute__(self, attribute: str) -> object:
        TOUCHED.append(attribute)
        return super().__getattribute__(attribute)


@pytest.fixture(autouse=True)
def _canary(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    module = types.ModuleType("canary")
    module.Canary = Canary  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "canary", module)
    TOUCHED.clear()
    AUDITED.clear()
    yield
    assert TOUCHED == []


def read(path: Path) -> Checkpoint | CheckpointError:
    """The checkpoint, or the error that says why not; anything else is raised. No forbidden event occurs."""
    global auditing
    auditing = True
    try:
        return read_checkpoint(path)
    except CheckpointError as error:
        return error
    finally:
        auditing = False
        assert AUDITED == []


def test_the_canary_sings() -> None:
    """The tests below can fail: Python's own unpickler touches it."""
    pickle.loads(pickle_of(call(CANARY)))
    assert TOUCHED
    TOUCHED.clear()


@pytest.mark.parametrize("path", sorted(ALLOWED))
def test_no_allowed_constructor_touches_its_arguments(tmp_path: Path, path: str) -> None:
    module, _, attribute = path.rpartition(".")
    target, canary = name(module, attribute), call(CANARY)
    file = tmp_path / "model.pth"
    for args in ((), (canary,), (CANARY,), (canary, canary), (text("x"), canary), (canary, CANARY, canary)):
        for make in (call, new, obj):
            checkpoint(file, make(target, *args))
            read(file)
            checkpoint(file, build(make(target, *args), dict_of(__class__=CANARY, x=canary)))
            read(file)
            checkpoint(file, build(make(target, *args), tuple_of(b"N", dict_of(__setstate__=CANARY))))
            read(file)
        checkpoint(file, inst(module, attribute, *args))
        read(file)
        legacy(file, pickle_of(dict_of(weight=call(target, *args))))
        read(file)


@pytest.mark.parametrize("beside", [call(CANARY), new(CANARY), obj(CANARY), inst("canary", "Canary"), CANARY])
def test_unknown_classes_are_left_alone(tmp_path: Path, beside: bytes) -> None:
    path = tmp_path / "model.pth"
    checkpoint(path, build(beside, dict_of(x=number(3))) if beside != CANARY else beside)
    found = read(path)
    assert isinstance(found, Checkpoint)
    assert found.states[""]["weight"].tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_nothing_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fresh_canary.py").write_text("open('ran', 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.pth"
    checkpoint(path, call(name("fresh_canary", "x"), name("fresh_canary", "y")))
    assert isinstance(read(path), Checkpoint)
    assert "fresh_canary" not in sys.modules
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("module", "attribute"),
    [
        ("os", "system"),
        ("posix", "system"),
        ("nt", "system"),
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("__builtin__", "eval"),
        ("builtins", "__import__"),
        ("builtins", "open"),
        ("subprocess", "Popen"),
        ("runpy", "_run_code"),
        ("importlib", "import_module"),
        ("shutil", "rmtree"),
        ("pickle", "loads"),
        ("urllib.request", "urlopen"),
    ],
)
def test_functions_that_only_hostile_files_call_are_named(
    tmp_path: Path, module: str, attribute: str
) -> None:
    path = tmp_path / "model.pth"
    canary = text("touch ran")
    for value in (
        call(name(module, attribute), canary),
        new(name(module, attribute), canary),
        obj(name(module, attribute), canary),
        inst(module, attribute, canary),
        text(module) + text(attribute) + b"\x93" + tuple_of(canary) + b"R",
    ):
        for write in (checkpoint, lambda path, value: legacy(path, pickle_of(value))):
            write(path, value)
            found = read(path)
            assert isinstance(found, CheckpointError)
            assert "it was refused: loading it would execute" in str(found)
            assert attribute in str(found)


def test_attributes_of_classes_are_not_set(tmp_path: Path) -> None:
    """BUILD on what GLOBAL pushed, and on what a constructor made, changes nothing of this process."""
    path = tmp_path / "model.pth"
    state = tuple_of(b"N", dict_of(weight=CANARY, __init__=CANARY, tensor=CANARY))
    for target in (
        name("torch2web.sources.checkpoint.values", "Opaque"),
        name("torch", "Tensor"),
        WEIGHT,
        call(name("collections", "OrderedDict")),
        b"]",
        b"}",
    ):
        checkpoint(path, build(target, state))
        assert isinstance(read(path), Checkpoint)
    assert not hasattr(torch.Tensor, "weight")


def view_of_storage(path: Path, offset: int, size: int) -> None:
    """As PyTorch before 0.4 saved views: a storage of four numbers, and a part of it."""
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
def test_contradictions_are_answered(tmp_path: Path, case: str) -> None:
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


def pack(path: Path, entries: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as target:
        for entry, content in entries:
            target.writestr(entry, content)


def two_of_one_name(path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        pack(path, [("m/data.pkl", pickle_of(b"}")), ("m/data.pkl", pickle_of(WEIGHT))])


def lies_about_its_size(path: Path) -> None:
    """The directory says that the storage has 2**31 bytes."""
    archive(path, pickle_of(dict_of(weight=tensor(2**29, 0, (4,), (1,)))))
    content = bytearray(path.read_bytes())
    at = content.rindex(b"model/data/0") - 46
    content[at + 20 : at + 28] = struct.pack("<II", 2**31, 2**31)
    path.write_bytes(content)


def bomb(name: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        entries = {"m/data.pkl": pickle_of(dict_of(weight=tensor(4, 0, (4,), (1,)))), "m/data/0": b"\0" * 16}
        entries[name] = b"\0" * 30_000_000
        pack(path, list(entries.items()), zipfile.ZIP_DEFLATED)

    return write


def altered(path: Path) -> None:
    torch.save({"weight": torch.arange(4.0)}, path)
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<f", 2.0), struct.pack("<f", 2.5)))


@pytest.mark.parametrize(
    ("write", "problem"),
    [
        (two_of_one_name, "have the same name"),
        (
            lambda path: pack(path, [("a/data.pkl", pickle_of(b"}")), ("b/data.pkl", pickle_of(b"}"))]),
            "has 2 entries data.pkl",
        ),
        (lies_about_its_size, "is longer than the file"),
        (bomb("m/data/0"), "would grow to 30,000,000 bytes"),
        (bomb("m/data.pkl"), "would grow to 30,000,000 bytes"),
        (altered, "the checksum of data/0 does not match"),
    ],
)
def test_archives_that_contradict_themselves(
    tmp_path: Path, write: Callable[[Path], None], problem: str
) -> None:
    path = tmp_path / "model.pth"
    write(path)
    found = read(path)
    assert isinstance(found, CheckpointError)
    assert problem in str(found)


@pytest.mark.parametrize("kind", ["archive", "legacy", "pickle", "safetensors"])
def test_any_altered_byte_is_read_or_answered(tmp_path: Path, kind: str) -> None:
    """One to three bytes of a sound file, and its length, at random: a checkpoint or a CheckpointError."""
    buffer = io.BytesIO()
    content = {"model": trained(), **METADATA}
    path = tmp_path / "model.pth"
    if kind == "pickle":
        path.write_bytes(pickle.dumps({key: value.numpy() for key, value in trained().items()}, 4))
    elif kind == "safetensors":
        save_file(trained(), path)
    else:
        torch.save(content, buffer, _use_new_zipfile_serialization=kind == "archive")
        path.write_bytes(buffer.getvalue())
    sound = path.read_bytes()
    assert isinstance(read(path), Checkpoint)
    chance = random.Random(5)
    for _ in range(250):
        changed = bytearray(sound)
        for _ in range(chance.randint(1, 3)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        if chance.random() < 0.2:
            del changed[chance.randrange(len(changed)) :]
        path.write_bytes(changed)
        read(path)
