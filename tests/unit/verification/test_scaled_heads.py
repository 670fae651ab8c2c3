"""Trained networks with large outputs: right files pass, faulty ones are refused."""

from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import torch
from onnx import numpy_helper

from tests.materials import MATERIALS, images
from tests.reference import reference_of
from torch2web.catalog.load import ModelSpec
from torch2web.catalog.tolerance import Tolerance
from torch2web.errors import VerificationError
from torch2web.sources.build_network import load_model
from torch2web.sources.export import export_onnx
from torch2web.verification.compare import verify_onnx
from torch2web.verification.graph_choice import choose_means


@pytest.mark.parametrize(
    ("name", "scale"),
    [
        ("efficientnet_emotion", 2.0),
        ("efficientnet_emotion", 2.0**18),
        ("mobilenet_emotion", 64.0),
        ("landmark_cnn_emotion", 32.0),
    ],
)
def test_trained_network_with_a_larger_head(
    catalog: dict[str, ModelSpec], tmp_path: Path, name: str, scale: float
) -> None:
    """An absolute tolerance of 1e-4 would refuse all but the first, whose averages are in two steps."""
    spec = replace(catalog[name], tolerance=Tolerance.from_value(None))
    network = load_model(spec, None, MATERIALS)
    head = [module for module in network.modules() if isinstance(module, torch.nn.Linear)][-1]
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.mul_(scale)
    pictures = images()[:12:3]
    reference = reference_of(network, spec, pictures)
    path = tmp_path / "model.onnx"
    export_onnx(network, spec, path)
    choose_means(path, spec, reference)
    report = verify_onnx(path, spec, reference, allow_dead=False)
    assert report.logits_max_abs > 2 * scale
    assert report.figures["top1_agreement"] == 1

    model = onnx.load(path)
    tensor = next(tensor for tensor in model.graph.initializer if len(tensor.dims) == 4)
    weight = numpy_helper.to_array(tensor).copy()
    weight[0] *= 1.05
    tensor.CopyFrom(numpy_helper.from_array(weight, tensor.name))
    onnx.save(model, path)
    with pytest.raises(VerificationError, match="exceed the tolerance"):
        verify_onnx(path, spec, reference, allow_dead=False)
