"""Averages of a feature map in two steps: the same result, closer to float64, and the same plan."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from tests.materials import images
from tests.reference import reference_of
from torch2web.catalog.load import ModelSpec
from torch2web.plan import plan_model
from torch2web.sources.export import export_onnx
from torch2web.sources.graph_passes import split_means
from torch2web.variants import split_model
from torch2web.verification import create_session, run_session
from torch2web.verification.graph_choice import choose_means


def pooling(kind: str, opset: int, keep: int = 1) -> onnx.ModelProto:
    """A model that averages maps with one GlobalAveragePool or ReduceMean."""
    shape: list[str | int | None] = ["batch", 3, *([1, 1] if keep else [])]
    initializers = []
    if kind == "GlobalAveragePool":
        node = helper.make_node(kind, ["input"], ["output"], "pool")
    elif opset < 18:
        node = helper.make_node(kind, ["input"], ["output"], "pool", axes=[-1, 2], keepdims=keep)
    else:
        initializers = [helper.make_tensor("axes", TensorProto.INT64, [2], [-2, -1])]
        node = helper.make_node(kind, ["input", "axes"], ["output"], "pool", keepdims=keep)
    graph = helper.make_graph(
        [node],
        "graph",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, 20, 30])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)],
        initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


@pytest.mark.parametrize("opset", [12, 17, 18])
@pytest.mark.parametrize(
    ("kind", "keep"), [("GlobalAveragePool", 1), ("ReduceMean", 1), ("ReduceMean", 0)], ids=str
)
def test_means_are_the_same(kind: str, keep: int, opset: int, tmp_path: Path) -> None:
    before, after = pooling(kind, opset, keep), pooling(kind, opset, keep)
    assert split_means(after) == 1
    onnx.checker.check_model(after, full_check=True)
    assert [node.op_type for node in after.graph.node] == ["ReduceMean", "ReduceMean"]
    x = np.random.default_rng(0).normal(3, 1, (2, 3, 20, 30)).astype(np.float32)
    found = []
    for name, model in (("before", before), ("after", after)):
        onnx.save(model, tmp_path / name)
        found.append(run_session(create_session(tmp_path / name), x))
    assert found[0].shape == found[1].shape
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6)
    plans = []
    for model in (before, after):
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
        model.graph.output[0].type.tensor_type.shape.dim[0].dim_value = 1
        plans.append(plan_model(model).content)
    assert plans[0] == plans[1]


@pytest.mark.parametrize("axes", [[2], [1, 2], [1, 2, 3]])
def test_other_means_stay(axes: list[int]) -> None:
    model = pooling("ReduceMean", 12)
    del model.graph.node[0].attribute[:]
    model.graph.node[0].attribute.extend([helper.make_attribute("axes", axes)])
    assert split_means(model) == 0
    assert len(model.graph.node) == 1


class Brightness(nn.Module):
    """Averages maps of large numbers, where subtracting the mean cancels most digits."""

    def __init__(self, offset: float) -> None:
        super().__init__()
        self.head = nn.Linear(3, 4)
        self.offset = offset
        with torch.no_grad():
            self.head.weight.copy_(torch.randn(4, 3, generator=torch.Generator().manual_seed(1)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = nn.functional.adaptive_avg_pool2d(x * x + self.offset, 1).flatten(1)
        scores: torch.Tensor = self.head(pooled - self.offset)
        return scores


@pytest.mark.parametrize(("offset", "helps"), [(300.0, True), (None, False)])
def test_the_closer_graph_is_kept(
    catalog: dict[str, ModelSpec], tmp_path: Path, offset: float | None, helps: bool
) -> None:
    """For maps of 224 × 224; a network without such means keeps its file."""
    spec = replace(catalog["mobilenet_emotion"], opset=17)
    network = (
        Brightness(offset) if offset else nn.Sequential(nn.MaxPool2d(224), nn.Flatten(), nn.Linear(3, 4))
    )
    path = tmp_path / "model.onnx"
    export_onnx(network.eval(), spec, path)
    before = path.read_bytes()
    reference = reference_of(network.eval(), spec, images()[:6])
    assert choose_means(path, spec, reference) == int(helps)
    assert (path.read_bytes() != before) == helps
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.onnx"]
    if not helps:
        return
    errors = []
    for content in (before, path.read_bytes()):
        path.write_bytes(content)
        found = run_session(create_session(path), reference.inputs)
        errors.append(np.abs(found - reference.truth(1)).max())
    assert errors[1] * 2 < errors[0]
    assert plan_model(onnx.load_from_string(split_model(path).graph)).content


def test_graph_that_is_no_closer_is_dropped(catalog: dict[str, ModelSpec], tmp_path: Path) -> None:
    """For maps of one pixel every mean is exact."""
    spec = replace(catalog["mobilenet_emotion"], opset=17)
    network = nn.Sequential(nn.MaxPool2d(224), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 4)).eval()
    path = tmp_path / "model.onnx"
    export_onnx(network, spec, path)
    before = path.read_bytes()
    assert choose_means(path, spec, reference_of(network, spec, images()[:6])) == 0
    assert path.read_bytes() == before
