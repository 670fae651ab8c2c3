"""Formats are recognised by content; errors name the format of other files, and the remedy."""

import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tests.unit.sources.checkpoint_shapes import Net, trained
from torch2web.errors import CheckpointError, PickledModuleError
from torch2web.sources.checkpoint import CHECKPOINTS, Format, detect_format, read_checkpoint


def zipped(*names: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as target:
            for name in names:
                target.writestr(name, b"x" * 30)

    return write


def torchscript(path: Path) -> None:
    with pytest.warns(DeprecationWarning, match="torch.jit"):
        torch.jit.save(torch.jit.script(nn.Linear(2, 2)), path)


def exported_program(path: Path) -> None:
    target = path.with_suffix(".pt2")
    torch.export.save(torch.export.export(nn.Linear(2, 2), (torch.zeros(1, 2),)), target)
    target.rename(path)


def onnx_model(path: Path) -> None:
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "g", [value], [value])
    onnx.save(onnx.helper.make_model(graph, producer_name="tests"), path)


def arrays(save: Callable[[Any, Any], None]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with path.open("wb") as file:
            save(file, np.zeros(3))

    return write


def content(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def cut(write: Callable[[Path], object], size: int) -> Callable[[Path], None]:
    def write_part(path: Path) -> None:
        write(path)
        path.write_bytes(path.read_bytes()[:size])

    return write_part


def pickled(protocol: int) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(pickle.dumps(trained(), protocol))


FILES: dict[str, tuple[Callable[[Path], object], Format, str, str]] = {
    "TorchScript": (torchscript, Format.TORCHSCRIPT, "a TorchScript archive", "without architecture"),
    ".pt2": (exported_program, Format.EXPORTED_PROGRAM, "an exported program", "without architecture"),
    ".pt2 of PyTorch 2.5": (
        zipped("version", "serialized_exported_program.json", "serialized_state_dict.pt"),
        Format.EXPORTED_PROGRAM,
        "an exported program",
        "without architecture",
    ),
    "ONNX": (onnx_model, Format.ONNX, "an ONNX model", "without architecture"),
    "Keras HDF5": (content(b"\x89HDF\r\n\x1a\n" + bytes(99)), Format.KERAS_H5, "an HDF5 file", "to ONNX"),
    "Keras 3": (
        zipped("metadata.json", "config.json", "model.weights.h5"),
        Format.KERAS,
        "a Keras model",
        "to ONNX",
    ),
    "SavedModel in a zip": (
        zipped("m/saved_model.pb"),
        Format.TENSORFLOW,
        "a TensorFlow SavedModel",
        "to ONNX",
    ),
    "TensorFlow Lite": (content(b"\x1c\0\0\0TFL3" + bytes(40)), Format.TFLITE, "TensorFlow Lite", "to ONNX"),
    "GGUF": (content(b"GGUF\3\0\0\0" + bytes(40)), Format.GGUF, "a GGUF file", "torch.save"),
    "npz": (
        arrays(np.savez),
        Format.NUMPY,
        "NumPy arrays",
        "torch.save",
    ),
    "npy": (arrays(np.save), Format.NUMPY, "NumPy arrays", "torch.save"),
    "torch.package": (
        zipped("m/.data/extern_modules", "m/model.py"),
        Format.TORCH_PACKAGE,
        "a torch.package archive",
        "torch.save",
    ),
    "another zip": (zipped("a.txt"), Format.ZIP, "has no data.pkl", "unpack it first"),
    "gzip": (content(b"\x1f\x8b\x08" + bytes(40)), Format.ARCHIVE, "a compressed or tar archive", "Unpack"),
    "HTML": (content(b"\n<!DOCTYPE html><html>"), Format.HTML, "an HTML or XML page", "download the file"),
    "XML": (content(b'<?xml version="1.0"?><Error/>'), Format.HTML, "an HTML or XML page", "download"),
    "LFS pointer": (
        content(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
        Format.LFS_POINTER,
        "a Git LFS pointer",
        "git lfs pull",
    ),
    "JSON": (content(json.dumps({"epoch": 3}).encode()), Format.TEXT, "a text file", "torch.save"),
    "empty": (content(b""), Format.EMPTY, "it is empty (0 bytes)", "download the checkpoint again"),
    "folder": (lambda path: path.mkdir(), Format.FOLDER, "it is a folder", "Give the checkpoint file"),
    "random": (
        content(b"\xfe\x01\x99" * 50),
        Format.UNKNOWN,
        "(150 bytes, starting with",
        "torch.save",
    ),
    "a cut archive": (
        cut(lambda path: torch.save(trained(), path), 2000),
        Format.TRUNCATED_ZIP,
        "truncated or damaged (2,000 bytes of a PyTorch archive",
        "again",
    ),
    "a cut legacy file": (
        cut(lambda path: torch.save(trained(), path, _use_new_zipfile_serialization=False), 2000),
        Format.PYTORCH_LEGACY,
        "truncated or damaged (2,000 bytes of a pickle",
        "again",
    ),
    "a cut safetensors": (
        cut(lambda path: save_file(trained(), path), 400),
        Format.SAFETENSORS,
        "not a valid .safetensors file",
        "again",
    ),
    "PyTorch 0.1": (
        content(b"sys_info".ljust(257, b"\0") + b"ustar" + bytes(250)),
        Format.PYTORCH_TAR,
        "before 0.1.10",
        "save its state dict again",
    ),
}


@pytest.mark.parametrize("case", FILES)
@pytest.mark.parametrize("name", ["model.pth", "model.safetensors"])
def test_other_files_are_named(tmp_path: Path, case: str, name: str) -> None:
    write, expected, problem, advice = FILES[case]
    path = tmp_path / name
    write(path)
    assert detect_format(path) is expected
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(path)
    assert str(caught.value).startswith(str(path))
    assert problem in caught.value.problem
    assert advice in caught.value.advice


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda path: torch.save(trained(), path), Format.PYTORCH),
        (
            lambda path: torch.save(trained(), path, _use_new_zipfile_serialization=False),
            Format.PYTORCH_LEGACY,
        ),
        (lambda path: save_file(trained(), path), Format.SAFETENSORS),
        *(
            (
                lambda path, protocol=protocol: path.write_bytes(pickle.dumps(trained(), protocol)),
                Format.PICKLE,
            )
            for protocol in range(6)
        ),
    ],
)
def test_checkpoints_are_recognised_by_content(
    tmp_path: Path, write: Callable[[Path], object], expected: Format
) -> None:
    path = tmp_path / "model.onnx"
    write(path)
    assert detect_format(path) is expected
    assert expected in CHECKPOINTS
    assert "classifier.1.weight" in read_checkpoint(path).states[""]


def test_missing_file(tmp_path: Path) -> None:
    for read in (read_checkpoint, detect_format):
        with pytest.raises(CheckpointError, match="there is no such file"):
            read(tmp_path / "model.pth")


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("key", ["", "model"])
def test_a_pickled_module_is_named_with_what_saves_it(tmp_path: Path, key: str, zipped: bool) -> None:
    path = tmp_path / "best.pt"
    content = {"model": Net(), "epoch": 3} if key else Net()
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(PickledModuleError) as caught:
        read_checkpoint(path)
    error = caught.value
    assert (error.class_name, error.key) == ("tests.unit.sources.checkpoint_shapes.Net", key)
    first, second = error.advice.splitlines()[1:]
    inside = "['model']" if key else ""
    assert first == f"  model = torch.load('best.pt', map_location='cpu', weights_only=False){inside}"
    assert second == "  torch.save(model.state_dict(), 'best_state_dict.pth')"


def test_the_suggested_lines_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    net = Net()
    torch.save({"model": net}, "best.pt")
    with pytest.raises(PickledModuleError) as caught:
        read_checkpoint(tmp_path / "best.pt")
    exec("\n".join(line.strip() for line in caught.value.advice.splitlines()[1:]), {"torch": torch})
    found = read_checkpoint(tmp_path / "best_state_dict.pth").states[""]
    assert found["classifier.1.weight"].equal(net.state_dict()["classifier.1.weight"])


def test_weights_beside_a_pickled_module_are_read(tmp_path: Path) -> None:
    path = tmp_path / "best.pt"
    torch.save({"model": Net(), "state_dict": trained()}, path)
    assert list(read_checkpoint(path).states) == ["state_dict"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ([1, 2], "found a list, expected a state dict"),
        ({}, "found an empty dict"),
        ({"epoch": 3, "lr": 0.1}, "found a dict with the keys epoch, lr"),
        (torch.zeros(3), "found a Tensor"),
        ([torch.zeros(2, 2)], "found a list of tensors without names"),
        (7, "found an int"),
        (None, "found None"),
        (torch.optim.SGD, "found the class or function torch.optim.sgd.SGD"),
        (torch.distributions.Normal(0.0, 1.0), "found an object of torch.distributions.normal.Normal"),
    ],
)
def test_pickles_without_weights_are_described(tmp_path: Path, content: object, problem: str) -> None:
    path = tmp_path / "model.pth"
    torch.save(content, path)
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(path)
    assert problem in str(caught.value)


def test_a_protobuf_that_is_no_onnx(tmp_path: Path) -> None:
    """A TensorFlow SavedModel begins with a version too, but has no graph in field 7."""
    path = tmp_path / "saved_model.pb"
    path.write_bytes(b"\x08\x01\x12" + struct.pack("B", 60) + b"\n" * 60)
    assert detect_format(path) is not Format.ONNX
