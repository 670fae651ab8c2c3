"""The network of given weights: named by the file, found by names and shapes, or the closest one."""

import sys
from pathlib import Path

import pytest
import torch

from tests.other_packages import package
from torch2web.architectures import load_architecture
from torch2web.inspection import FileFacts, Inspector
from torch2web.inspection.families import families_of
from torch2web.inspection.known_shapes import known_network
from torch2web.inspection.networks import _Candidate


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


def without_torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("torchvision", "timm")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("torchvision", "timm"):
        monkeypatch.setitem(sys.modules, name, None)


def resnet(blocks: int, classes: int) -> dict[str, torch.Tensor]:
    """Names and shapes of the ResNets of torchvision with basic blocks, this many in each of four layers."""

    def norm(name: str, width: int) -> dict[str, torch.Tensor]:
        entries = ("weight", "bias", "running_mean", "running_var")
        tensors = {f"{name}.{entry}": torch.zeros(width) for entry in entries}
        return tensors | {f"{name}.num_batches_tracked": torch.tensor(0)}

    state = {"conv1.weight": torch.zeros(64, 3, 7, 7), **norm("bn1", 64)}
    before = 64
    for layer, width in enumerate((64, 128, 256, 512), 1):
        for block in range(blocks):
            name = f"layer{layer}.{block}"
            state[f"{name}.conv1.weight"] = torch.zeros(width, before, 3, 3)
            state[f"{name}.conv2.weight"] = torch.zeros(width, width, 3, 3)
            state |= norm(f"{name}.bn1", width) | norm(f"{name}.bn2", width)
            if before != width:
                state[f"{name}.downsample.0.weight"] = torch.zeros(width, before, 1, 1)
                state |= norm(f"{name}.downsample.1", width)
            before = width
    return state | {"fc.weight": torch.zeros(classes, 512), "fc.bias": torch.zeros(classes)}


@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_network_of_torchvision_is_known_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    without_torchvision(monkeypatch)
    state = {f"{prefix}{name}": value for name, value in resnet(2, 3).items()}
    (found,) = facts_of(state, tmp_path).networks
    assert (found.option, found.name) == ("--factory", "torchvision.models:resnet18")
    assert (found.fits, found.certain) == (True, False)
    assert found.reason == (
        "looks like torchvision's resnet18, in all names and shapes: pip install torchvision, then "
        "--factory torchvision.models:resnet18; or your own function, as --factory module:function"
    )


def test_without_torchvision_no_member_is_named_that_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_torchvision(monkeypatch)
    (found,) = facts_of(resnet(1, 3), tmp_path).networks
    assert (found.name, found.fits) == ("", False)
    assert "the names look like ResNet, one of torchvision's or timm's (resnet18, resnet34, " in found.reason
    assert "pip install torchvision, then run this again; or your own function" in found.reason
    (found,) = facts_of({"blocks.0.attn.qkv.weight": torch.zeros(9, 3)}, tmp_path).networks
    assert "the names look like timm's ViT, one of timm's (vit_tiny_patch16_224" in found.reason


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet50", "vgg11_bn", "googlenet", "vit_b_16", "swin_t"])
@pytest.mark.filterwarnings("ignore::FutureWarning")  # of GoogLeNet
def test_known_shapes_are_those_of_torchvision(name: str) -> None:
    models = package("torchvision.models")
    with torch.device("meta"):
        state = getattr(models, name)(weights=None, num_classes=5).state_dict()
    assert known_network({key: tuple(value.shape) for key, value in state.items()}, 5) == name


def test_unknown_names(tmp_path: Path) -> None:
    assert facts_of({"a.weight": torch.zeros(2, 2)}, tmp_path).networks == ()
    hugging_face = {"vit.embeddings.cls_token": torch.zeros(1, 1, 4), "classifier.weight": torch.zeros(2, 4)}
    (found,) = facts_of(hugging_face, tmp_path).networks
    assert not found.fits
    assert "Hugging Face's transformers" in found.reason


def test_families_by_names() -> None:
    assert [family.name for family in families_of(["model.layer1.0.conv1.weight"])] == ["ResNet"]
    assert families_of(["layer1.0.conv1.weights"]) == ()


def test_the_file_names_a_network_of_timm(tmp_path: Path) -> None:
    timm = package("timm")
    network = timm.create_model("mobilenetv3_small_050", num_classes=3)
    facts = facts_of({"arch": "mobilenetv3_small_050", "state_dict": network.state_dict()}, tmp_path)
    (found,) = facts.networks
    assert (found.option, found.name, found.certain) == ("--timm", "mobilenetv3_small_050", True)
    facts = facts_of({"arch": "resnet18", "state_dict": network.state_dict()}, tmp_path)
    assert not facts.networks[0].certain, "a name whose network has other weights is no answer"
