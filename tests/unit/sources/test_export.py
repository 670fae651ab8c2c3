"""The choice between PyTorch's exporters, and the conversion of torch.export's file to opset 17."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn

from tests.networks import build
from tests.networks.files import entry_of
from tests.tiny_network import plannable
from torch2web.catalog import ModelSpec, require_valid_keys, spec_from
from torch2web.errors import CatalogError, ExportError
from torch2web.sources.export import export_onnx
from torch2web.sources.export.lower_opset import lowered
from torch2web.variants import features_graph, split_model
from torch2web.verification import capture_features, create_session_with, run_session

PATH = Path("model.pth")


def spec_of(name: str = "multi_label", **values: Any) -> ModelSpec:
    return spec_from(PATH, "", entry_of(name, "state_dict", PATH) | {"exporter": "auto"} | values)


class Branching(nn.Module):
    """A network with a branch on the value of a weight, which torch.export cannot trace."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(3, 5)

    def forward(self, x: Tensor) -> Tensor:
        pooled = x.mean((2, 3))
        if float(pooled.abs().sum()) < 0:
            pooled = pooled * 2
        logits: Tensor = self.head(pooled)
        return logits


@pytest.mark.parametrize(
    ("values", "exporter", "opset"),
    [
        ({}, "torch.export", 17),
        ({"exporter": "torch.export"}, "torch.export", 17),
        ({"exporter": "torchscript"}, "torchscript", 17),
        ({"opset": 18}, "torch.export", 18),
        ({"opset": 13}, "torchscript", 13),
        ({"opset": 13, "exporter": "torch.export"}, "torch.export", 17),
    ],
)
def test_exporter_and_opset(values: dict[str, Any], exporter: str, opset: int, tmp_path: Path) -> None:
    record = export_onnx(build("multi_label"), spec_of(**values), tmp_path / "model.onnx")
    assert (record.exporter, record.opset) == (exporter, opset)
    model = onnx.load(tmp_path / "model.onnx")
    assert model.opset_import[0].version == opset
    assert model.ir_version <= 8
    if opset != values.get("opset", 17):
        assert record.notes == ("exported at opset 17, as torch.export writes none below 17",)


def test_the_demo_is_left_to_the_older_exporter(catalog: dict[str, ModelSpec], tmp_path: Path) -> None:
    spec = catalog["mobilenet_emotion"]
    record = export_onnx(plannable(), spec, tmp_path / "model.onnx")
    assert (record.exporter, record.opset) == ("torchscript", 12)


def test_what_torch_export_cannot_trace_is_exported_by_the_older_exporter(tmp_path: Path) -> None:
    spec = spec_of("multi_label")
    record = export_onnx(Branching().eval(), spec, tmp_path / "model.onnx")
    assert record.exporter == "torchscript"
    with pytest.raises(ExportError, match="PyTorch cannot express it in ONNX"):
        export_onnx(Branching().eval(), replace(spec, exporter="torch.export"), tmp_path / "other.onnx")


def test_unknown_exporter_is_named() -> None:
    with pytest.raises(CatalogError, match='exporter: found "dynamo", expected one of "auto"'):
        require_valid_keys(PATH, entry_of("multi_label", "state_dict", PATH, "dynamo"))


def test_layers_are_found_by_their_path(tmp_path: Path) -> None:
    """In torch.export's file, whose nodes are named after the network's modules."""
    network = build("resnet_basic")
    path = tmp_path / "model.onnx"
    export_onnx(network, spec_of("resnet_basic"), path)
    inputs = np.random.default_rng(0).standard_normal((2, 3, 32, 32)).astype(np.float32)
    split = split_model(path)
    weights = {weight.name: weight.values for weight in split.weights}
    for layer in ("layers.0", "layers.1"):
        expected = capture_features(network, inputs, layer)
        assert expected is not None
        graph = features_graph(split.graph, layer)
        found = run_session(create_session_with(graph, weights), inputs)
        assert np.abs(found[:, -expected.shape[1] :] - expected).max() < 1e-5 * np.abs(expected).max()


def model_of(nodes: Sequence[NodeProto], constants: dict[str, list[int]], opset: int = 18) -> onnx.ModelProto:
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", [2, 3, 4, 6]), ("y", None))
    ]
    tensors = [numpy_helper.from_array(np.array(value, np.int64), name) for name, value in constants.items()]
    graph = helper.make_graph(list(nodes), "g", values[:1], values[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return onnx.shape_inference.infer_shapes(model)  # the shape of y


def node(kind: str, inputs: Sequence[str] = ("x",), **attributes: Any) -> NodeProto:
    return helper.make_node(kind, inputs, ["y"], "node", **attributes)


@pytest.mark.parametrize(
    ("made", "constants"),
    [
        (node("ReduceMean", ("x", "axes"), keepdims=0, noop_with_empty_axes=0), {"axes": [2, 3]}),
        (node("ReduceMax", ("x",), keepdims=0), {}),
        (node("ReduceSum", ("x", "axes"), keepdims=1), {"axes": [-1]}),
        (node("Pad", ("x", "pads")), {"pads": [0, 0, 1, 1, 0, 0, 1, 1]}),
        (node("Resize", ("x", "", "", "sizes"), mode="nearest", antialias=0), {"sizes": [2, 3, 8, 12]}),
        (node("Relu"), {}),
    ],
)
def test_the_same_under_opset_17(made: NodeProto, constants: dict[str, list[int]]) -> None:
    model = model_of([made], constants)
    changed, opset, notes = lowered(model, 17)
    assert (opset, notes) == (17, ())
    onnx.checker.check_model(changed, full_check=True)
    inputs = np.random.default_rng(0).standard_normal((2, 3, 4, 6)).astype(np.float32)
    before, after = (
        run_session(create_session_with(content.SerializeToString(), {}), inputs)
        for content in (model, changed)
    )
    assert np.array_equal(before, after)
    assert model.opset_import[0].version == 18, "the given one is unchanged"


@pytest.mark.parametrize(
    ("made", "constants"),
    [
        (node("Mish"), {}),
        (node("ReduceMean", ("x", "axes"), noop_with_empty_axes=1), {"axes": [2, 3]}),
        (node("ReduceMean", ("x", "unknown")), {}),
        (node("Pad", ("x", "pads", "", "axes")), {"pads": [1, 1], "axes": [2]}),
        (node("Resize", ("x", "", "", "sizes"), mode="linear", antialias=1), {"sizes": [2, 3, 8, 12]}),
    ],
)
def test_what_opset_17_lacks_stays_at_18(made: NodeProto, constants: dict[str, list[int]]) -> None:
    model = model_of([made], constants)
    changed, opset, notes = lowered(model, 17)
    assert changed is model
    assert opset == 18
    assert notes == (f"exported at opset 18, as opset 17 has no such {made.op_type}",)


def test_a_network_that_needs_opset_18_is_exported_at_18(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Mish(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 5)).eval()
    record = export_onnx(network, spec_of("multi_label"), tmp_path / "model.onnx")
    assert record.exporter == "torch.export"
    with torch.no_grad():
        expected = network(torch.ones(1, 3, 32, 32)).numpy()
    session = create_session_with((tmp_path / "model.onnx").read_bytes(), {})
    assert np.abs(run_session(session, np.ones((1, 3, 32, 32), np.float32)) - expected).max() < 1e-6
    assert record.opset == (18 if record.notes else 17)
