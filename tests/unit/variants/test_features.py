"""Graphs with an inner layer as second output, against PyTorch."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from tests.networks import build
from tests.unit.variants.test_heatmap import INPUTS, split_of, weights_of
from torch2web.plan import plan_model
from torch2web.variants import POOLED, NoLayerError, features_graph
from torch2web.verification import capture_features, create_session_with, run_session


@pytest.mark.parametrize("layer", [POOLED, "layers.1", "stem"])
def test_features_are_pytorchs(layer: str, tmp_path: Path) -> None:
    network = build("resnet_basic")
    expected = capture_features(network, INPUTS, "" if layer == POOLED else layer)
    assert expected is not None
    assert np.ptp(expected, axis=0).max() > 0.05, "features that do not depend on the image prove nothing"
    model = split_of(network, tmp_path / "model.onnx")
    graph = features_graph(model.graph, layer)
    found = run_session(create_session_with(graph, weights_of(model)), INPUTS)
    with torch.inference_mode():
        outputs = network(torch.from_numpy(INPUTS)).numpy()
    assert np.abs(found[:, :10] - outputs).max() < 1e-4
    assert found.shape == (2, 10 + expected.shape[1])
    assert np.abs(found[:, 10:] - expected).max() < 1e-5
    assert plan_model(onnx.load_from_string(graph)).output_shape == (1, found.shape[1])


def test_unknown_layer_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    model = split_of(build("resnet_basic"), tmp_path / "model.onnx")
    with pytest.raises(NoLayerError, match=r"there is no layer layer9; found .*layer"):
        features_graph(model.graph, "layer9")
    assert capture_features(build("resnet_basic"), INPUTS, "layer9") is None
