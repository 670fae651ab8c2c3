"""Network files that would do more than compute are refused before any of their code runs."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.networks.files import write_file
from torch2web.errors import CheckpointError
from torch2web.sources.exported_program import load_program
from torch2web.sources.torchscript import load_script

SHAPE = (3, 32, 32)


class Canary:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.path,)


def rewritten(source: Path, target: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """A copy of an archive with changed members."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return target


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_file("softmax_end", "exported_program", tmp_path_factory.mktemp("programs"))


def test_sound_program_loads(program: Path) -> None:
    assert load_program(program, SHAPE)(torch.zeros(5, *SHAPE)).shape == (5, 4)


def test_program_of_another_size_is_refused(program: Path) -> None:
    with pytest.raises(CheckpointError, match=r"its input is 3 × 32 × 32, the preprocessing gives 3 × 8 × 8"):
        load_program(program, (3, 8, 8))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (r"torch.ops.aten.relu.default", r"torch.hub.load", r"running it would call torch\.hub\.load"),
        (r"torch.ops.aten.relu.default", r"torch.ops.aten.from_file.default", r"aten\.from_file"),
        (r"torch.ops.aten.relu.default", r"_operator.methodcaller", r"_operator\.methodcaller"),
        (r"torch.ops.aten.relu.default", r"torch.ops.load_library", r"load_library"),
        ("Symbol('", "__import__('os').system('true') or Symbol('", "a size that is not arithmetic"),
    ],
)
def test_program_with_other_calls_is_refused(
    program: Path, tmp_path: Path, old: str, new: str, message: str
) -> None:
    def change(name: str, content: bytes) -> bytes:
        if not name.endswith("models/model.json"):
            return content
        text = content.decode()
        assert old in text
        return text.replace(old, new).encode()

    path = rewritten(program, tmp_path / "changed.pt2", change)
    with pytest.raises(CheckpointError, match=message):
        load_program(path, SHAPE)


def test_program_with_pickled_inputs_is_refused(program: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    content = io.BytesIO()
    torch.save(Canary(canary), content)
    path = rewritten(
        program,
        tmp_path / "changed.pt2",
        lambda name, old: content.getvalue() if name.endswith("sample_inputs/model.pt") else old,
    )
    with pytest.raises(CheckpointError, match="holds objects, which loading would execute"):
        load_program(path, SHAPE)
    assert not canary.exists()


def test_program_with_pickled_weights_is_refused(program: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    def change(name: str, content: bytes) -> bytes:
        if name.endswith("weights_config.json"):
            config = json.loads(content)
            next(iter(config["config"].values()))["use_pickle"] = True
            return json.dumps(config).encode()
        return pickle.dumps(Canary(canary)) if name.endswith("weight_0") else content

    path = rewritten(program, tmp_path / "changed.pt2", change)
    with pytest.raises(CheckpointError, match="its weights are pickled objects"):
        load_program(path, SHAPE)
    assert not canary.exists()


def test_program_with_compiled_code_is_refused(program: Path, tmp_path: Path) -> None:
    path = rewritten(program, tmp_path / "changed.pt2", lambda _, old: old)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("changed/data/aotinductor/model/model.so", b"\x7fELF")
    with pytest.raises(CheckpointError, match=r"contains compiled code"):
        load_program(path, SHAPE)


@pytest.mark.parametrize("call", ["torch.save(x, PATH)", "torch.from_file(PATH, True, 4)"])
def test_script_that_writes_files_is_refused(tmp_path: Path, call: str) -> None:
    source = write_file("softmax_end", "torchscript", tmp_path)
    canary = tmp_path / "canary"
    line = f"    _ = {call.replace('PATH', repr(str(canary)))}\n"

    def change(name: str, content: bytes) -> bytes:
        return content + line.encode() if name.endswith(".py") else content

    with pytest.raises(CheckpointError, match=r"running it would call torch\.(save|from_file)"):
        load_script(rewritten(source, tmp_path / "changed.ts", change))
    assert not canary.exists()


def test_script_with_operators_of_a_library_is_refused(tmp_path: Path) -> None:
    source = write_file("softmax_end", "torchscript", tmp_path)

    def change(name: str, content: bytes) -> bytes:
        return content + b"    _ = ops.mylib.thing(x)\n" if name.endswith(".py") else content

    with pytest.raises(CheckpointError, match="operators of the library 'mylib'"):
        load_script(rewritten(source, tmp_path / "changed.ts", change))
