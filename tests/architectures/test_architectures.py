"""The three networks: names and sizes as the checkpoints have them."""

import pytest
import torch

from converter.architectures import architecture_names, load_architecture

PARAMETERS = {"mobilenet_v2": 2_228_996, "landmark_cnn": 51_476_036, "efficientnet_b0": 4_012_672}


def test_names() -> None:
    assert architecture_names() == tuple(sorted(PARAMETERS))


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name: str) -> None:
    with torch.device("meta"):
        model = load_architecture(name).build(4)
    assert sum(parameter.numel() for parameter in model.parameters()) == PARAMETERS[name]


def test_mobilenet_has_torchvisions_keys() -> None:
    with torch.device("meta"):
        keys = list(load_architecture("mobilenet_v2").build(4).state_dict())
    assert len(keys) == 314
    assert keys[0] == "features.0.0.weight"
    assert "features.1.conv.0.0.weight" in keys
    assert "features.1.conv.1.weight" in keys, "the first block expands by 1 and has no expansion layer"
    assert "features.2.conv.0.0.weight" in keys
    assert "features.17.conv.3.running_var" in keys
    assert "features.18.1.num_batches_tracked" in keys
    assert keys[-2:] == ["classifier.1.weight", "classifier.1.bias"]


@pytest.mark.parametrize("name", PARAMETERS)
def test_what_is_exported_computes_the_same(name: str) -> None:
    torch.manual_seed(1)
    architecture = load_architecture(name)
    model = architecture.build(4).eval()
    x = torch.randn(1, 3, 224, 224)
    with torch.inference_mode():
        assert torch.allclose(architecture.exportable(model)(x), model(x), atol=1e-6)
