"""Class activation maps: the graph that computes them, against PyTorch, for every kind of head."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from torch2web.assets import load_assets
from torch2web.plan import PlanError, plan_model, run_plan
from torch2web.variants import heatmap_graph, split
from torch2web.verification import create_session_with, run_session
from torch2web.verification.class_activation import capture_class_activation


class Pooled(nn.Module):
    """A convolution, followed by pooling and classifier in `head`."""

    def __init__(self, pool: Callable[[Tensor], Tensor], head: nn.Module) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 24, 3, stride=2, padding=1)
        self.pool, self.head = pool, head

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.pool(torch.relu(self.conv(x))))
        return logits


def adaptive(x: Tensor) -> Tensor:
    return torch.flatten(nn.functional.adaptive_avg_pool2d(x, 1), 1)


def mean(x: Tensor) -> Tensor:
    return x.mean((2, 3))


def mean_kept(x: Tensor) -> Tensor:
    return x.mean([-1, -2], keepdim=True).flatten(1)


def linear() -> nn.Module:
    return nn.Linear(24, 48)


def dropped() -> nn.Module:
    return nn.Sequential(nn.Dropout(), nn.Linear(24, 48, bias=False))


def two_layers() -> nn.Module:
    return nn.Sequential(nn.Linear(24, 48), nn.ReLU(), nn.Linear(48, 4))


INPUTS = np.random.default_rng(0).standard_normal((2, 3, 12, 18)).astype(np.float32)


def network(pool: Callable[[Tensor], Tensor], head: Callable[[], nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return Pooled(pool, head()).eval()


def split_of(
    module: nn.Module, path: Path, opset: int = 17, size: tuple[int, int] = (12, 18)
) -> split.SplitModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (torch.zeros(1, 3, *size),),
            path,
            dynamo=False,
            opset_version=opset,
            input_names=["input"],
            output_names=["output"],
            dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}},
        )
    return split.split_model(path)


def weights_of(model: split.SplitModel) -> dict[str, NDArray[np.float32]]:
    return {weight.name: weight.values for weight in model.weights}


def run(graph: bytes, model: split.SplitModel) -> NDArray[np.float32]:
    return run_session(create_session_with(graph, weights_of(model)), INPUTS)


@pytest.mark.parametrize("opset", [12, 18])
@pytest.mark.parametrize("head", [linear, dropped])
@pytest.mark.parametrize("pool", [adaptive, mean, mean_kept])
def test_maps_are_pytorchs(
    pool: Callable[[Tensor], Tensor], head: Callable[[], nn.Module], opset: int, tmp_path: Path
) -> None:
    module = network(pool, head)
    conv = next(layer for layer in module.modules() if isinstance(layer, nn.Conv2d))
    with torch.inference_mode():
        features = torch.relu(conv(torch.from_numpy(INPUTS))).double().numpy()
    layer = next(layer for layer in module.modules() if isinstance(layer, nn.Linear))
    wanted = np.einsum("bkyx,ck->bcyx", features, layer.weight.detach().double().numpy())
    if layer.bias is not None:
        wanted += layer.bias.detach().double().numpy()[:, None, None]
    captured = capture_class_activation(module, INPUTS)
    assert captured is not None
    assert np.abs(captured - wanted).max() < 1e-6
    model = split_of(module, tmp_path / "model.onnx", opset)
    found = heatmap_graph(model.graph)
    assert found is not None
    values = run(found, model)
    assert values.shape == (2, 48 * (1 + 6 * 9))
    assert np.abs(values[:, 48:] - wanted.reshape(2, -1)).max() < 1e-5
    logits = run_session(create_session_with(model.graph, weights_of(model)), INPUTS)
    assert np.abs(values[:, :48] - logits).max() < 1e-5
    assert np.ptp(wanted, axis=(2, 3)).min() > 0.1, "maps that are flat prove nothing"


def test_engine_computes_them_too(tmp_path: Path) -> None:
    model = split_of(network(adaptive, linear), tmp_path / "model.onnx")
    found = heatmap_graph(model.graph)
    assert found is not None
    plan = plan_model(onnx.load_from_string(found))
    assets = load_assets()
    (path,) = assets.below("engine/plain/")
    values = run_plan(assets.read(path), plan, weights_of(model), INPUTS)
    assert np.abs(values - run(found, model)).max() < 1e-5


def test_matrix_that_is_stored_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = network(adaptive, linear)
    monkeypatch.setattr(split, "MAX_WEIGHT_BYTES", 2000)
    monkeypatch.setattr(split, "MIN_WEIGHT_ELEMENTS", 100)
    model = split_of(module, tmp_path / "model.onnx")
    found = heatmap_graph(model.graph)
    assert found is not None
    expected = capture_class_activation(module, INPUTS)
    assert expected is not None
    assert np.abs(run(found, model)[:, 48:] - expected.reshape(2, -1)).max() < 1e-5


def test_two_reductions_and_a_product_with_an_addition() -> None:
    """As other exporters write it."""
    random = np.random.default_rng(1)
    matrix, bias = random.standard_normal((3, 5)).astype("f"), random.standard_normal(5).astype("f")
    graph = helper.make_graph(
        [
            helper.make_node("Relu", ["input"], ["features"]),
            helper.make_node("ReduceMean", ["features"], ["rows"], axes=[3], keepdims=0),
            helper.make_node("ReduceMean", ["rows"], ["pooled"], axes=[2], keepdims=0),
            helper.make_node("MatMul", ["pooled", "matrix"], ["product"]),
            helper.make_node("Add", ["product", "bias"], ["output"]),
        ],
        "graph",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, 12, 18])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 5])],
        [numpy_helper.from_array(matrix, "matrix"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    found = heatmap_graph(model.SerializeToString())
    assert found is not None
    wanted = np.einsum("bkyx,kc->bcyx", np.maximum(INPUTS, 0), matrix) + bias[:, None, None]
    values = run_session(create_session_with(found, {}), INPUTS)
    assert np.abs(values[:, 5:] - wanted.reshape(2, -1)).max() < 1e-5


@pytest.mark.parametrize(
    ("pool", "head"),
    [
        (mean, two_layers),
        (lambda x: x.amax((2, 3)), linear),
        (lambda x: torch.relu(x.mean((2, 3)) - 0.1), linear),
        (lambda x: x[..., :2, :3].flatten(1), lambda: nn.Linear(144, 48)),
    ],
    ids=["two layers", "largest value", "activation", "no pooling"],
)
def test_other_heads_have_none(
    pool: Callable[[Tensor], Tensor], head: Callable[[], nn.Module], tmp_path: Path
) -> None:
    module = network(pool, head)
    assert capture_class_activation(module, INPUTS) is None
    assert heatmap_graph(split_of(module, tmp_path / "model.onnx").graph) is None


def test_computation_on_a_transposed_weight_has_no_plan(tmp_path: Path) -> None:
    model = onnx.load_from_string(split_of(network(adaptive, linear), tmp_path / "model.onnx").graph)
    matrix = next(node.input[1] for node in model.graph.node if node.op_type == "Gemm")
    model.graph.node.extend(
        [
            helper.make_node("Transpose", [matrix], ["flipped"], perm=[1, 0]),
            helper.make_node("ReduceMean", ["flipped"], ["sums"], axes=[0], keepdims=0),
            helper.make_node("Add", ["output", "sums"], ["shifted"]),
        ]
    )
    model.graph.output[0].name = "shifted"
    with pytest.raises(PlanError, match="computation on stored weights"):
        plan_model(model)
