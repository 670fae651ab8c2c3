"""ONNX files of other tools: opsets, layouts, types and names that are read, and errors for others."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper

from tests.networks import build
from tests.networks.files import entry_of
from torch2web.catalog import spec_from
from torch2web.errors import CheckpointError, ExportError, Torch2WebError
from torch2web.sources.loaded import LoadedModel
from torch2web.sources.onnx.file import load_onnx

NAME = "multi_label"
SHAPE = (3, 32, 32)
INPUTS = np.random.default_rng(5).standard_normal((5, *SHAPE)).astype(np.float32)


def exported(folder: Path, opset: int = 17, batch: int | None = None) -> ModelProto:
    path = folder / "exported.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the older exporter is deprecated, and its files remain
        torch.onnx.export(
            build(NAME),
            (torch.zeros(batch or 1, *SHAPE),),
            path,
            dynamo=False,
            opset_version=opset,
            input_names=["pixels"],
            output_names=["scores"],
            dynamic_axes=None if batch else {"pixels": {0: "n"}, "scores": {0: "n"}},
        )
    model: ModelProto = onnx.load(path)
    return model


@pytest.fixture(scope="module")
def expected() -> NDArray[np.float32]:
    with torch.no_grad():
        found: NDArray[np.float32] = build(NAME)(torch.from_numpy(INPUTS)).numpy()
    return found


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelProto:
    return exported(tmp_path_factory.mktemp("onnx"))


def load(path: Path, **values: Any) -> LoadedModel:
    return load_onnx(spec_from(path, "", entry_of(NAME, "onnx", path) | values), path)


def outputs_of(loaded: LoadedModel, folder: Path) -> NDArray[np.float32]:
    """Outputs of the site's file."""
    loaded.export(folder / "site.onnx")
    session = onnxruntime.InferenceSession(folder / "site.onnx")
    found: NDArray[np.float32] = session.run(["output"], {"input": INPUTS})[0]
    return found


def require_same(loaded: LoadedModel, folder: Path, expected: NDArray[np.float32], atol: float) -> None:
    for found in (loaded.reference(INPUTS), outputs_of(loaded, folder)):
        assert found.dtype == np.float32
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() <= atol * np.abs(expected).max()


@pytest.mark.parametrize("opset", [9, 10, 11, 12, 20])
@pytest.mark.parametrize("batch", [None, 2])
def test_every_opset(opset: int, batch: int | None, tmp_path: Path, expected: NDArray[np.float32]) -> None:
    path = tmp_path / "net.onnx"
    onnx.save(exported(tmp_path, opset, batch), path)
    loaded = load(path)
    require_same(loaded, tmp_path, expected, 1e-5)
    taken = onnx.load(tmp_path / "site.onnx").opset_import[0].version
    assert taken == (17 if opset < 12 else opset)
    assert (f"opset {opset} raised to 17" in loaded.notes) == (opset < 12)


def channels_last(model: ModelProto) -> None:
    """Input in the layout of TensorFlow's tools: [batch, height, width, channels]."""
    del model.graph.input[:]
    sizes: list[str | int | None] = ["n", *SHAPE[1:], SHAPE[0]]
    model.graph.input.append(helper.make_tensor_value_info("nhwc", TensorProto.FLOAT, sizes))
    model.graph.node.insert(0, helper.make_node("Transpose", ["nhwc"], ["pixels"], perm=[0, 3, 1, 2]))


def in_half(model: ModelProto) -> None:
    _in_type(model, TensorProto.FLOAT16, np.float16)


def in_double(model: ModelProto) -> None:
    _in_type(model, TensorProto.DOUBLE, np.float64)


def _in_type(model: ModelProto, kind: int, dtype: type[np.floating[Any]]) -> None:
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            values = numpy_helper.to_array(tensor).astype(dtype)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.elem_type = kind


def odd_names(model: ModelProto) -> None:
    """This package's names of input and output, swapped, and one with spaces."""
    names = {"pixels": "output", "scores": "input"}
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
        node.name = f"a node / {node.name} é"
    for value in (*model.graph.input, *model.graph.output):
        value.name = names[value.name]


def several_outputs(model: ModelProto) -> None:
    """A map first, then logits."""
    first = model.graph.node[0].output[0]
    scores = model.graph.output[0]
    for name in (scores.name, "logits"):
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 5]))
    model.graph.node.append(helper.make_node("Identity", ["scores"], ["logits"]))
    del model.graph.output[0]
    sizes = ["n", None, None, None]
    model.graph.output.insert(0, helper.make_tensor_value_info(first, TensorProto.FLOAT, sizes))


def free_sizes(model: ModelProto) -> None:
    for number, axis in enumerate(model.graph.input[0].type.tensor_type.shape.dim):
        axis.dim_param = f"d{number}"


def weights_as_inputs(model: ModelProto) -> None:
    """As required before IR version 4."""
    model.ir_version = 3
    for tensor in model.graph.initializer:
        value = helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
        model.graph.input.append(value)


@pytest.mark.parametrize(
    ("change", "note", "atol"),
    [
        (channels_last, "input [batch, height, width, channels]: transposed", 1e-5),
        (in_half, "float16 weights, computed in float32", 5e-3),
        (in_double, "float64 weights, computed in float32", 1e-5),
        (odd_names, "", 1e-5),
        (several_outputs, "output 'logits' of ", 1e-5),
        (free_sizes, "", 1e-5),
        (weights_as_inputs, "", 1e-5),
    ],
)
def test_every_layout_and_type(
    model: ModelProto,
    change: Callable[[ModelProto], None],
    note: str,
    atol: float,
    tmp_path: Path,
    expected: NDArray[np.float32],
) -> None:
    changed = ModelProto()
    changed.CopyFrom(model)
    change(changed)
    onnx.save(changed, tmp_path / "net.onnx")
    loaded = load(tmp_path / "net.onnx")
    require_same(loaded, tmp_path, expected, atol)
    assert any(entry.startswith(note) for entry in loaded.notes) if note else not loaded.notes


def test_bytes_as_input(model: ModelProto, tmp_path: Path) -> None:
    """Integers from 0 to 255, cast by the network itself."""
    changed = ModelProto()
    changed.CopyFrom(model)
    changed.graph.input[0].name = "bytes"
    changed.graph.input[0].type.tensor_type.elem_type = TensorProto.UINT8
    changed.graph.node.insert(0, helper.make_node("Cast", ["bytes"], ["pixels"], to=TensorProto.FLOAT))
    onnx.save(changed, tmp_path / "net.onnx")
    loaded = load(tmp_path / "net.onnx")
    pixels = np.random.default_rng(1).integers(0, 256, (2, *SHAPE)).astype(np.float32)
    with torch.no_grad():
        expected = build(NAME)(torch.from_numpy(pixels)).numpy()
    assert np.abs(loaded.reference(pixels) - expected).max() <= 1e-5 * np.abs(expected).max()
    assert loaded.notes == ("input uint8: numbers are rounded down to it",)


@pytest.fixture
def external(model: ModelProto, tmp_path: Path) -> Path:
    """The file with its weights in `net.data` beside it."""
    changed = ModelProto()
    changed.CopyFrom(model)
    path = tmp_path / "net.onnx"
    onnx.save_model(changed, path, save_as_external_data=True, location="net.data", size_threshold=0)
    return path


def test_external_data(external: Path, tmp_path: Path, expected: NDArray[np.float32]) -> None:
    require_same(load(external), tmp_path, expected, 1e-5)


def relocated(path: Path, location: str) -> None:
    model = onnx.load(path, load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = location
    path.write_bytes(model.SerializeToString())


@pytest.mark.parametrize(
    "break_it",
    [
        lambda path: path.with_name("net.data").unlink(),
        lambda path: path.with_name("net.data").rename(path.with_name("moved.data")),
        lambda path: path.with_name("net.data").write_bytes(b"short"),
        lambda path: relocated(path, "../net.data"),
        lambda path: relocated(path, "/etc/passwd"),
        lambda path: relocated(path, "weights/../../net.data"),
    ],
    ids=["missing", "moved", "cut off", "above", "absolute", "above by a folder"],
)
def test_external_data_that_cannot_be_read(
    external: Path, break_it: Callable[[Path], object], tmp_path: Path
) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    for name in ("net.onnx", "net.data"):  # the data exist, but must not be read from outside the folder
        (folder / name).write_bytes((tmp_path / name).read_bytes())
    break_it(folder / "net.onnx")
    with pytest.raises(CheckpointError, match="its external data cannot be read: ") as caught:
        load(folder / "net.onnx")
    assert "Put the file of its external data beside it." in str(caught.value)
    assert len(str(caught.value)) < 600


def custom_domain(model: ModelProto) -> None:
    model.graph.node[0].domain = "com.example"
    model.opset_import.append(helper.make_opsetid("com.example", 1))


def two_inputs(model: ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["n", 4]))


def whole_numbers(model: ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64


def flat_input(model: ModelProto) -> None:
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3072]))


def other_size(model: ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 64


def map_output(model: ModelProto) -> None:
    several_outputs(model)
    del model.graph.output[1:]


def chosen_class(model: ModelProto) -> None:
    model.graph.node.append(helper.make_node("ArgMax", ["scores"], ["class"], axis=1))
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info("class", TensorProto.INT64, ["n", 1]))


def opset_of(version: int) -> Callable[[ModelProto], None]:
    def change(model: ModelProto) -> None:
        model.opset_import[0].version = version

    return change


def unknown_operator(model: ModelProto) -> None:
    model.graph.node[0].op_type = "Convolve"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (custom_domain, r"it has operators that are not part of ONNX: com\.example\.Conv"),
        (two_inputs, r"it has 2 inputs \(pixels, mask\), expected one: the image"),
        (whole_numbers, "its input pixels is int64, expected float, half, double or uint8"),
        (flat_input, r"its input pixels is \['n', 3072\], expected \[batch, channels, height, width\]"),
        (other_size, "its input is 3 × 64 × 32, the preprocessing gives 3 × 32 × 32"),
        (map_output, r"the network's output is \[batch, .*\], expected one vector for each image"),
        (chosen_class, "the network's output is int64, of ArgMax, expected floating point numbers: export"),
        (opset_of(8), "it has ONNX opset 8, expected 9 to "),
        (opset_of(99), "it has ONNX opset 99, expected 9 to "),
        (unknown_operator, "it has operators that ONNX does not have: Convolve"),
    ],
)
def test_faults(
    model: ModelProto, change: Callable[[ModelProto], None], message: str, tmp_path: Path
) -> None:
    changed = ModelProto()
    changed.CopyFrom(model)
    change(changed)
    (tmp_path / "net.onnx").write_bytes(changed.SerializeToString())
    with pytest.raises((CheckpointError, ExportError), match=message):
        load(tmp_path / "net.onnx")


def test_an_exporter_has_nothing_to_do(model: ModelProto, tmp_path: Path) -> None:
    onnx.save(model, tmp_path / "net.onnx")
    with pytest.raises(ExportError, match=r"the file is ONNX already: leave `exporter` \(--exporter\) away"):
        load(tmp_path / "net.onnx", exporter="torchscript")


def batch_inside(model: ModelProto) -> None:
    """Outputs that depend on the other images: their mean is subtracted."""
    model.graph.node[-1].output[0] = "raw"
    nodes = [
        helper.make_node("ReduceMean", ["raw"], ["mean"], axes=[0], keepdims=1),
        helper.make_node("Sub", ["raw", "mean"], ["scores"]),
    ]
    model.graph.node.extend(nodes)


def batch_by_number(model: ModelProto) -> None:
    """A constant size that is only right for the export's batch."""
    model.graph.node[-1].output[0] = "raw"
    constant = numpy_helper.from_array(np.ones((4, 5), np.float32), "factor")
    model.graph.initializer.append(constant)
    model.graph.node.append(helper.make_node("Mul", ["raw", "factor"], ["scores"]))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (batch_by_number, "it takes 4 images at once, and other numbers fail"),
        (batch_inside, "for 3 images it returns other outputs than for each alone"),
    ],
)
def test_a_batch_that_cannot_be_freed(
    change: Callable[[ModelProto], None], problem: str, tmp_path: Path
) -> None:
    changed = exported(tmp_path, batch=4)
    change(changed)
    onnx.save(changed, tmp_path / "net.onnx")
    with pytest.raises(ExportError) as caught:
        load(tmp_path / "net.onnx")
    text = str(caught.value)
    assert problem in text
    assert "export it with a dynamic batch" in text
    assert "ONNXRuntimeError" not in text
    assert len(text) < 400


def test_files_that_are_no_onnx(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    for content in (b"", b"\x08\x07", b"\x08\x07garbage", b"not onnx at all"):
        path.write_bytes(content)
        with pytest.raises(Torch2WebError):
            load(path)
