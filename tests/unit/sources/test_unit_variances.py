"""Batch normalisation in exported files: the same bytes on every processor; the network stays as it was."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from tests.unit.sources.test_export import spec_of
from torch2web.sources.export import export_onnx
from torch2web.sources.export.unit_variances import unit_variances
from torch2web.verification import create_session_with, run_session


class Normalised(nn.Module):
    """Batch normalisation after a convolution, and such that stays, with the same weight and with none."""

    def __init__(self, affine: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 512, 1)
        self.first, self.second = nn.BatchNorm2d(512, affine=affine), nn.BatchNorm2d(512, affine=affine)
        self.bare = nn.BatchNorm2d(512, affine=False)
        self.head = nn.Linear(512, 5)
        self.second.weight = self.first.weight
        random = torch.Generator().manual_seed(5)
        for module in (self.first, self.second, self.bare):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.copy_(torch.randn(512, generator=random))
            module.running_var.copy_(torch.rand(512, generator=random) * 3 + 0.01)
        if not affine:
            return
        with torch.no_grad():
            self.first.weight.copy_(torch.randn(512, generator=random))
            self.first.bias.copy_(torch.randn(512, generator=random))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bare(self.second(torch.relu(self.first(self.conv(x)))))
        logits: Tensor = self.head(y.mean((2, 3)))
        return logits


@pytest.fixture
def network() -> Normalised:
    torch.manual_seed(6)
    return Normalised().eval()


@pytest.mark.parametrize("affine", [True, False])
def test_folded_weights_are_rounded_as_ieee_754_says(affine: bool, tmp_path: Path) -> None:
    """MKL's square root, which the exporter takes, has other last bits on most processors."""
    torch.manual_seed(6)
    network = Normalised(affine).eval()
    export_onnx(network, spec_of(exporter="torchscript"), tmp_path / "model.onnx")
    graph = onnx.load(tmp_path / "model.onnx").graph
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    (conv,) = (node for node in graph.node if node.op_type == "Conv")
    first = network.first
    assert first.running_mean is not None
    assert first.running_var is not None
    root = np.sqrt(first.running_var.numpy() + np.float32(first.eps))
    gamma, beta = (
        x.detach().numpy() if affine else value for x, value in ((first.weight, 1), (first.bias, 0))
    )
    scale = np.float32(gamma) / root
    weight, bias = network.conv.weight.detach().numpy(), network.conv.bias
    assert bias is not None
    shifted = (bias.detach().numpy() - first.running_mean.numpy()) * scale + np.float32(beta)
    assert np.array_equal(tensors[conv.input[1]], weight * scale.reshape(-1, 1, 1, 1))
    assert np.array_equal(tensors[conv.input[2]], shifted)


def test_the_file_computes_what_the_network_computes(network: Normalised, tmp_path: Path) -> None:
    spec = spec_of(exporter="torchscript")
    export_onnx(network, spec, tmp_path / "model.onnx")
    images = np.random.default_rng(7).normal(size=(3, *spec.input_shape)).astype(np.float32)
    found = run_session(create_session_with((tmp_path / "model.onnx").read_bytes(), {}), images)
    with torch.no_grad():
        expected = network(torch.from_numpy(images)).numpy()
    assert found == pytest.approx(expected, abs=2e-5)
    assert np.ptp(expected) > 0.1


def interrupted(network: Normalised) -> None:
    before = network.first.weight.clone()
    with unit_variances(network):
        assert not torch.equal(network.first.weight, before)
        assert network.first.weight is not network.second.weight, "they divide by other variances"
        raise KeyboardInterrupt


def test_the_network_stays_as_it_was(network: Normalised) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    parameters = list(network.parameters())
    with pytest.raises(KeyboardInterrupt):
        interrupted(network)
    assert all(one is other for one, other in zip(network.parameters(), parameters, strict=True))
    assert network.first.weight is network.second.weight
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])


def test_what_cannot_be_divided_is_left_alone() -> None:
    network = nn.Sequential(
        nn.BatchNorm2d(4, track_running_stats=False),
        nn.BatchNorm2d(4).double(),
        nn.BatchNorm2d(4, eps=2.0),
        nn.utils.parametrizations.weight_norm(nn.BatchNorm1d(4)),
    ).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with unit_variances(network):
        for name, value in network.state_dict().items():
            assert torch.equal(value, before[name])
