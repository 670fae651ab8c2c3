"""The network of given weights: named by the file, found by names and shapes, or the closest one."""

import importlib.util
from pathlib import Path

import pytest
import torch

from torch2web.architectures import load_architecture
from torch2web.inspection import FileFacts, Inspector
from torch2web.inspection.families import families_of
from torch2web.inspection.networks import _Candidate

HAS_TIMM = importlib.util.find_spec("timm") is not None


def facts_of(content: object, folder: Path) -> FileFacts:
    path = folder / "best.pth"
    torch.save(content, path)
    return Inspector().facts(path, {})


@pytest.fixture(scope="module")
def mobilenet() -> dict[str, torch.Tensor]:
    with torch.device("meta"):
        network = load_architecture("mobilenet_v2").build(3, 224, 224)
    return {key: torch.zeros(value.shape, dtype=value.dtype) for key, value in network.state_dict().items()}


def test_all_names_and_shapes_fit(mobilenet: dict[str, torch.Tensor], tmp_path: Path) -> None:
    facts = facts_of({"state_dict": {f"model.{key}": value for key, value in mobilenet.items()}}, tmp_path)
    assert facts.outputs == 3
    own = next(network for network in facts.networks if network.option == "--architecture")
    assert (own.name, own.fits, own.certain) == ("mobilenet_v2", True, False)


def test_the_closest_is_no_answer(mobilenet: dict[str, torch.Tensor], tmp_path: Path) -> None:
    other = {**mobilenet, "features.0.0.weight": torch.zeros(32, 1, 3, 3)}
    (found,) = facts_of(other, tmp_path).networks
    assert "mobilenet_v2" in found.name
    assert not found.fits
    assert "differs least, in one tensor" in found.reason


def test_twins_are_no_answer(
    mobilenet: dict[str, torch.Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Networks with the same parameter names and shapes may differ in a stride or an activation."""

    def build(classes: int) -> torch.nn.Module:
        return load_architecture("mobilenet_v2").build(classes, 224, 224)

    twins = [_Candidate("--factory", f"torchvision.models:{name}", build) for name in ("one", "two")]
    monkeypatch.setattr("torch2web.inspection.networks._torchvision", lambda _: twins)
    (found,) = facts_of(mobilenet, tmp_path).networks
    assert (found.fits, found.certain) == (False, False)
    assert "torchvision.models:one and torchvision.models:two have all its names and shapes" in found.reason


def test_unknown_names(tmp_path: Path) -> None:
    assert facts_of({"a.weight": torch.zeros(2, 2)}, tmp_path).networks == ()
    hugging_face = {"vit.embeddings.cls_token": torch.zeros(1, 1, 4), "classifier.weight": torch.zeros(2, 4)}
    (found,) = facts_of(hugging_face, tmp_path).networks
    assert not found.fits
    assert "Hugging Face's transformers" in found.reason


def test_families_by_names() -> None:
    assert [family.name for family in families_of(["model.layer1.0.conv1.weight"])] == ["ResNet"]
    assert families_of(["layer1.0.conv1.weights"]) == ()


@pytest.mark.skipif(not HAS_TIMM, reason="timm is not installed")
def test_the_file_names_a_network_of_timm(tmp_path: Path) -> None:
    import timm

    network = timm.create_model("mobilenetv3_small_050", num_classes=3)
    facts = facts_of({"arch": "mobilenetv3_small_050", "state_dict": network.state_dict()}, tmp_path)
    (found,) = facts.networks
    assert (found.option, found.name, found.certain) == ("--timm", "mobilenetv3_small_050", True)
    facts = facts_of({"arch": "resnet18", "state_dict": network.state_dict()}, tmp_path)
    assert not facts.networks[0].certain, "a name whose network has other weights is no answer"
