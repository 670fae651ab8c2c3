"""The three networks: parameter names and shapes are those of the checkpoints."""

import pytest
import torch

from torch2web.architectures import architecture_names, load_architecture
from torch2web.demo.weights import load_demo_state

PARAMETERS = {"mobilenet_v2": 2_228_996, "landmark_cnn": 51_476_036, "efficientnet_b0": 4_012_672}


def test_names() -> None:
    assert architecture_names() == tuple(sorted(PARAMETERS))


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name: str) -> None:
    with torch.device("meta"):
        model = load_architecture(name).build(4, 224, 224)
    assert sum(parameter.numel() for parameter in model.parameters()) == PARAMETERS[name]


def torchvision_keys() -> list[str]:
    """The keys of torchvision's `mobilenet_v2`, written out from its layout."""

    def convolution(prefix: str) -> list[str]:
        return [f"{prefix}.weight"]

    def norm(prefix: str) -> list[str]:
        return [
            f"{prefix}.{name}"
            for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
        ]

    keys = convolution("features.0.0") + norm("features.0.1")
    for block in range(1, 18):
        at = f"features.{block}.conv"
        # The first block (expansion 1) has no expansion layer, so its layers' indices are one lower.
        stages = 1 if block == 1 else 2
        for stage in range(stages):
            keys += convolution(f"{at}.{stage}.0") + norm(f"{at}.{stage}.1")
        keys += convolution(f"{at}.{stages}") + norm(f"{at}.{stages + 1}")
    keys += convolution("features.18.0") + norm("features.18.1")
    return [*keys, "classifier.1.weight", "classifier.1.bias"]


def test_mobilenet_has_torchvisions_keys() -> None:
    with torch.device("meta"):
        state = load_architecture("mobilenet_v2").build(4, 224, 224).state_dict()
    assert list(state) == torchvision_keys()
    shapes = {key: tuple(value.shape) for key, value in state.items()}
    assert shapes["features.0.0.weight"] == (32, 3, 3, 3)
    assert shapes["features.1.conv.0.0.weight"] == (32, 1, 3, 3)
    assert shapes["features.2.conv.0.0.weight"] == (96, 16, 1, 1)
    assert shapes["features.14.conv.1.0.weight"] == (576, 1, 3, 3)
    assert shapes["features.17.conv.2.weight"] == (320, 960, 1, 1)
    assert shapes["features.18.0.weight"] == (1280, 320, 1, 1)


@pytest.mark.parametrize("name", PARAMETERS)
def test_what_is_exported_computes_the_same(name: str) -> None:
    """With trained weights: the output of an untrained EfficientNet is its last bias for every image."""
    architecture = load_architecture(name)
    model = architecture.build(4, 224, 224).eval()
    model.load_state_dict(load_demo_state(name))
    x = torch.stack([torch.zeros(3, 224, 224), torch.linspace(-2, 2, 3 * 224 * 224).view(3, 224, 224)])
    with torch.inference_mode():
        expected, found = model(x), architecture.exportable(model)(x)
    assert (expected[0] - expected[1]).abs().max() > 0.1
    assert torch.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("name", PARAMETERS)
def test_other_sizes(name: str) -> None:
    model = load_architecture(name).build(3, 96, 160).eval()
    with torch.inference_mode():
        assert model(torch.zeros(1, 3, 96, 160)).shape == (1, 3)
