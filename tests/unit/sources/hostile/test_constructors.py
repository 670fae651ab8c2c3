"""No name in a checkpoint is called, imported or assigned to."""

import pickle
import sys
from pathlib import Path

import pytest
import torch

from tests.unit.sources.hostile.canary import CANARY, TOUCHED, read
from tests.unit.sources.hostile.pickles import (
    WEIGHT,
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
    text,
    tuple_of,
)
from torch2web.errors import CheckpointError
from torch2web.sources.checkpoint import Checkpoint
from torch2web.sources.checkpoint.pickled.constructors import ALLOWED


def test_the_canary_detects_an_unpickler() -> None:
    """Proof that the tests below can fail: Python's own unpickler uses the class."""
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
    """BUILD on a global and on a constructed object changes nothing in this process."""
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
