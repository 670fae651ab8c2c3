"""The tolerance at every scale of the outputs: right networks pass, wrong and constant ones do not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import nn

from tests.materials import images
from tests.reference import reference_of
from tests.tiny_network import TinyNetwork, plannable
from torch2web.catalog.load import ModelSpec
from torch2web.catalog.tolerance import Tolerance
from torch2web.errors import ConstantOutputError, VerificationError
from torch2web.sources.export import export_onnx
from torch2web.tasks import Task
from torch2web.verification.bounds import Bounds, find_deviation
from torch2web.verification.compare import VerificationReport, verify_onnx
from torch2web.verification.golden import golden_record
from torch2web.verification.reference_run import ReferenceRun

SCALES = (1e-3, 1.0, 1e3, 1e6)

Mutation = Callable[[onnx.ModelProto], None]


@pytest.fixture(scope="module")
def spec(catalog: dict[str, ModelSpec]) -> ModelSpec:
    """A model without its own tolerance."""
    return replace(catalog["mobilenet_emotion"], tolerance=Tolerance.from_value(None))


def scaled(scale: float) -> TinyNetwork:
    network = TinyNetwork(torch.relu).eval()
    with torch.no_grad():
        for parameter in network.head.parameters():
            parameter.mul_(scale)
    return network


@pytest.fixture(scope="module", params=SCALES)
def built(
    request: pytest.FixtureRequest, spec: ModelSpec, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, ReferenceRun]:
    network = scaled(request.param)
    path = tmp_path_factory.mktemp("scaled") / "model.onnx"
    export_onnx(network, spec, path)
    return path, reference_of(network, spec, images()[:8])


def verify(path: Path, spec: ModelSpec, reference: ReferenceRun) -> VerificationReport:
    return verify_onnx(path, spec, reference, allow_dead=False)


def test_right_file_passes_at_every_scale(built: tuple[Path, ReferenceRun], spec: ModelSpec) -> None:
    path, reference = built
    report = verify(path, spec, reference)
    assert 0 < report.logits_max_abs_diff <= report.tolerance < report.logits_max_abs / 1000
    assert report.pytorch_max_abs_diff is not None
    assert report.pytorch_max_abs_diff > 0


def _changed(model: onnx.ModelProto, rank: int, change: Callable[[NDArray[np.float32]], None]) -> None:
    """Apply `change` to the first weight that has `rank` dimensions."""
    tensor = next(tensor for tensor in model.graph.initializer if len(tensor.dims) == rank)
    values = numpy_helper.to_array(tensor).copy()
    change(values)
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def wrong_weight(model: onnx.ModelProto) -> None:
    def change(values: NDArray[np.float32]) -> None:
        values[0, 0] *= 1.01

    _changed(model, 2, change)


def swapped_channels(model: onnx.ModelProto) -> None:
    def change(values: NDArray[np.float32]) -> None:
        values[:] = values[:, ::-1].copy()

    _changed(model, 4, change)


def wrong_mean(model: onnx.ModelProto) -> None:
    """The mean 0.48 instead of 0.485: an input that is larger by 0.005 / 0.229."""
    weight = next(tensor for tensor in model.graph.initializer if len(tensor.dims) == 4)
    shift = numpy_helper.to_array(weight)[:, 0].sum(axis=(1, 2)) * (0.005 / 0.229)
    convolution = next(node for node in model.graph.node if node.op_type == "Conv")
    bias = next(tensor for tensor in model.graph.initializer if tensor.name == convolution.input[2])
    changed = (numpy_helper.to_array(bias) + shift).astype(np.float32)
    bias.CopyFrom(numpy_helper.from_array(changed, bias.name))


@pytest.mark.parametrize("mutate", [wrong_weight, swapped_channels, wrong_mean])
def test_wrong_file_is_refused_at_every_scale(
    built: tuple[Path, ReferenceRun], spec: ModelSpec, tmp_path: Path, mutate: Mutation
) -> None:
    path, reference = built
    model = onnx.load(path)
    mutate(model)
    onnx.save(model, tmp_path / "wrong.onnx")
    with pytest.raises(VerificationError, match="exceed the tolerance") as caught:
        verify(tmp_path / "wrong.onnx", spec, reference)
    message = str(caught.value)
    assert "where the largest logit is" in message
    assert "The error is that of the exported file or of onnxruntime" in message
    assert "A larger `tolerance` of the model in the catalogue, such as { atol = " in message


@pytest.mark.parametrize("scale", SCALES)
def test_dead_network_is_refused_at_every_scale(spec: ModelSpec, tmp_path: Path, scale: float) -> None:
    """Its outputs vary by a ten-thousandth of their size."""
    network = scaled(scale)
    with torch.no_grad():
        network.head.weight.mul_(1e-4)
    export_onnx(network, spec, tmp_path / "dead.onnx")
    reference = reference_of(network, spec, images()[:8])
    with pytest.raises(ConstantOutputError):
        verify(tmp_path / "dead.onnx", spec, reference)
    assert verify_onnx(tmp_path / "dead.onnx", spec, reference, allow_dead=True).dead


def test_network_of_zeros_is_dead(spec: ModelSpec, tmp_path: Path) -> None:
    network = scaled(0)
    export_onnx(network, spec, tmp_path / "zeros.onnx")
    reference = reference_of(network, spec, images()[:4])
    with pytest.raises(ConstantOutputError):
        verify(tmp_path / "zeros.onnx", spec, reference)
    report = verify_onnx(tmp_path / "zeros.onnx", spec, reference, allow_dead=True)
    assert report.tolerance > 0, "a manifest has no other"


class Constant32(nn.Module):
    """Adds a float32 tensor that is not a parameter, so `.double()` does not convert it."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = plannable()
        self.held = [torch.eye(4)]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values: torch.Tensor = self.inner(x) @ self.held[0]
        return values


def test_float64_is_the_truth_where_pytorch_computes_in_it(built: tuple[Path, ReferenceRun]) -> None:
    _, reference = built
    exact = reference.float64
    assert exact is not None
    for size, logits in reference.logits.items():
        truth = reference.truth(size)
        assert np.array_equal(truth[list(exact.rows)], exact.logits)
        others = sorted({*range(len(logits))} - {*exact.rows})
        assert np.array_equal(truth[others], logits[others])
    assert np.array_equal(reference.golden_truth, exact.golden_logits)
    assert not np.array_equal(exact.logits, reference.logits[1][list(exact.rows)]), "float32 is rounded"


def test_network_that_has_no_float64_is_compared_with_float32(spec: ModelSpec, tmp_path: Path) -> None:
    network = Constant32().eval()
    reference = reference_of(network, spec, images()[:4])
    assert reference.float64 is None
    assert (reference.truth(1) == reference.logits[1]).all()
    export_onnx(network, spec, tmp_path / "model.onnx")
    report = verify(tmp_path / "model.onnx", spec, reference)
    assert report.pytorch_max_abs_diff is None
    assert "pytorch_max_abs_diff" not in report.as_dict()


def test_given_tolerance_is_taken_as_it_is(spec: ModelSpec) -> None:
    reference = reference_of(plannable(), spec, images()[:4])
    number = Bounds.of(Tolerance.from_value(1e-4), reference)
    assert number.of_vectors(np.array([[3.0, -500.0], [0.0, 0.0]])).tolist() == [1e-4, 1e-4]
    table = Bounds.of(Tolerance.from_value({"atol": 1e-3, "rtol": 1e-2}), reference)
    assert table.of_vectors(np.array([[3.0, -500.0], [0.0, 0.0]])).tolist() == [5.001, 1e-3]
    assert golden_record(reference, number)["tolerance"] == 1e-4
    rows = golden_record(reference, table)
    assert rows["tolerance"] == table.of_vectors(reference.golden_truth).tolist()
    assert len(set(rows["tolerance"])) == 2


BOUNDS = Bounds(atol=0.1, rtol=0.0, probabilities=0.01)


@pytest.mark.parametrize(
    ("expected", "found", "says"),
    [
        ([1.0, 0.0, 0.0], [1.0, 0.0, 0.0], ""),
        ([1.0, 0.0, 0.0], [1.0, 0.2, 0.0], "found a difference of 0.2, expected at most 0.1"),
        ([1.0, 0.0, 0.0], [1.0, float("nan"), 0.0], "found a difference of nan, expected at most 0.1"),
        ([1.0, 0.0, 0.0], [1.0, 0.09, 0.0], "probabilities exceed the tolerance"),
        # The reference's best two logits, 18 and 17.97, are closer than the bound.
        ([18.0, 17.97, 0.0], [17.99, 18.0, 0.0], ""),
    ],
)
def test_what_is_within(expected: list[float], found: list[float], says: str) -> None:
    deviation = find_deviation(Task(), BOUNDS, np.array([expected]), np.array([found]))
    assert (deviation is None) == (not says)
    if deviation:
        assert says in deviation.problem


def test_other_class_by_more_than_the_bound() -> None:
    """Each logit is within the bound, but the margin is larger."""
    bounds = replace(BOUNDS, probabilities=1.0)
    deviation = find_deviation(Task(), bounds, np.array([[1.0, 0.85]]), np.array([[0.91, 0.94]]))
    assert deviation is not None
    assert deviation.problem == "the top-1 class is another one, by a margin of 0.15"


def test_rounding_of_pytorch_itself_is_accepted_four_times() -> None:
    bounds = Bounds(1e-4, 0.0, 1e-4, rounding=1e-2, relative_rounding=1e-3)
    logits = np.array([[100.0, 0.0], [1.0, 0.0]])
    # The bound of the second image is four times its own difference, not that of the first.
    assert bounds.of_vectors(logits).tolist() == [0.04, 0.004]
    assert bounds.of_probabilities(logits).tolist() == [0.02, 0.002]
