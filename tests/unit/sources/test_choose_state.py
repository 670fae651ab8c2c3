"""Which weights of a checkpoint are used, notes about the others, and refusals."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from tests.unit.sources.checkpoint_shapes import Net, averaged, lightning, other, prefixed, trained
from torch2web.errors import CheckpointError, StateDictError
from torch2web.sources.checkpoint import ChosenState, choose_state, read_checkpoint


def chosen(tmp_path: Path, content: Any, net: nn.Module | None = None, weights_key: str = "") -> ChosenState:
    path = tmp_path / "model.pth"
    torch.save(content, path)
    return choose_state(read_checkpoint(path), (net or Net()).state_dict(), "tiny", weights_key)


def same(found: ChosenState, state: dict[str, Tensor]) -> bool:
    return all(torch.equal(value, state[key]) for key, value in found.state.items())


RAW, EMA = trained(), other(trained())


@pytest.mark.parametrize(
    ("content", "name", "alternatives"),
    [
        ({"model_ema": EMA, "model": RAW}, "model", ("model_ema",)),
        ({"state_dict_ema": EMA, "state_dict": RAW}, "state_dict", ("state_dict_ema",)),
        ({"ema": {"module": EMA}, "net": RAW}, "net", ("ema.module",)),
        ({"swa_model": prefixed(EMA, "module."), "weights": RAW}, "weights", ("swa_model.module",)),
        (
            {"second": {"n_averaged": torch.tensor(3), **prefixed(EMA, "module.")}, "third": RAW},
            "third",
            None,
        ),
        (
            {"state_dict": {**prefixed(EMA, "ema_model.module."), **prefixed(RAW, "model.")}},
            "state_dict.model",
            ("state_dict.ema_model.module",),
        ),
        (
            {"state_dict": {**prefixed(EMA, "teacher."), **prefixed(RAW, "student.")}},
            "state_dict.student",
            ("state_dict.teacher",),
        ),
        (
            {"state_dict": prefixed(EMA, "model."), "current_model_state": prefixed(RAW, "model.")},
            "current_model_state.model",
            ("state_dict.model",),
        ),
    ],
)
def test_raw_weights_are_taken_and_the_average_is_named(
    tmp_path: Path, content: Any, name: str, alternatives: tuple[str, ...] | None
) -> None:
    found = chosen(tmp_path, content)
    assert same(found, RAW)
    assert found.name == name
    assert found.alternatives == (alternatives or found.alternatives)
    (note,) = found.notes
    assert note.startswith(f"Took the raw weights under {name!r}; these fit as well: {found.alternatives[0]}")
    assert note.endswith(f"--weights-key {found.alternatives[0]!r}.")
    again = chosen(tmp_path, content, weights_key=found.alternatives[0])
    assert same(again, EMA)


def test_the_average_alone_is_taken_with_a_note(tmp_path: Path) -> None:
    for content in ({"model_ema": EMA, "epoch": 3}, averaged(EMA), {"ema": {"module": EMA}}):
        found = chosen(tmp_path, content)
        assert same(found, EMA)
        assert len(found.notes) == 1
        assert "averaged weights (EMA or SWA)" in found.notes[0]


def test_weights_that_are_the_same_are_no_alternative(tmp_path: Path) -> None:
    assert chosen(tmp_path, {"model": RAW, "ema": RAW}).notes == ()


def test_weights_key_may_be_key_or_prefix(tmp_path: Path) -> None:
    content = {"state_dict": {**prefixed(EMA, "ema."), **prefixed(RAW, "model.")}, "best": other(EMA)}
    assert same(chosen(tmp_path, content, weights_key="ema"), EMA)
    assert same(chosen(tmp_path, content, weights_key="state_dict.ema"), EMA)
    assert same(chosen(tmp_path, content, weights_key="best"), other(EMA))
    with pytest.raises(CheckpointError) as caught:
        chosen(tmp_path, content, weights_key="bset")
    assert "no weights under 'bset'; it has state dicts under 'state_dict', 'best'" in str(caught.value)


def test_no_note_without_a_choice(tmp_path: Path) -> None:
    for content in (RAW, {"model": RAW, "epoch": 3}, lightning(RAW), prefixed(RAW, "module.")):
        assert chosen(tmp_path, content).notes == ()


def test_training_state_is_dropped_with_a_note(tmp_path: Path) -> None:
    beside = {
        **RAW,
        "projection.weight": torch.zeros(2, 2),
        "temperature": torch.tensor(0.1),
        "features.0.total_ops": torch.zeros(1),
        "total_params": torch.zeros(1),
        "epoch": 3,
    }
    found = chosen(tmp_path, beside)
    assert same(found, RAW)
    assert set(found.dropped) == beside.keys() - RAW.keys()
    assert found.notes == (
        "Dropped 2 counters of thop: features.0.total_ops, total_params.",
        "Dropped 2 tensors that the network does not have: projection.weight, temperature.",
    )


@pytest.mark.parametrize(
    "key", ["features.3.weight", "classifier.2.bias", "classifier2.weight", "dist_token", "features.0.bias"]
)
def test_parts_of_another_network_are_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(StateDictError) as caught:
        chosen(tmp_path, {"model": {**RAW, key: torch.zeros(4, 4)}})
    assert caught.value.unexpected == (key,)
    assert caught.value.compared == "model"
    assert "its state dict under 'model' does not match the architecture tiny" in str(caught.value)


def test_a_sequential_is_not_cut_short(tmp_path: Path) -> None:
    longer = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    with pytest.raises(StateDictError, match=r"2 unexpected: 1\.weight, 1\.bias"):
        chosen(tmp_path, longer.state_dict(), nn.Sequential(nn.Linear(2, 2)))


def test_the_differences_are_those_of_the_closest(tmp_path: Path) -> None:
    state = {**prefixed(RAW, "model."), "loss.weight": torch.zeros(2, 2)}
    state["model.classifier.1.weight"] = torch.zeros(1000, 4)
    with pytest.raises(StateDictError) as caught:
        chosen(tmp_path, {"metrics": {"confusion": torch.zeros(4, 4)}, "state_dict": state})
    error = caught.value
    assert error.misshaped == {"classifier.1.weight": ((1000, 4), (4, 4))}
    assert (error.missing, error.unexpected, error.compared) == ((), (), "state_dict.model")


class Wrapped(nn.Module):
    """A network that contains the saved one."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Net()


def test_a_network_around_the_one_saved(tmp_path: Path) -> None:
    assert same(chosen(tmp_path, RAW, Wrapped()), prefixed(RAW, "model."))
    assert same(chosen(tmp_path, prefixed(RAW, "module."), Wrapped()), prefixed(RAW, "model."))


class Versioned(nn.Module):
    """Refuses a state dict without its module's version, as torchvision's MNASNet does."""

    _version = 2

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))

    def _load_from_state_dict(self, state: Any, prefix: str, metadata: Any, *rest: Any) -> None:
        if metadata.get("version") not in (1, 2):
            raise ValueError(f"version should be set to 1 or 2 instead of {metadata.get('version')}")
        super()._load_from_state_dict(state, prefix, metadata, *rest)


def moved(state: Any, prefix: str) -> Any:
    """With a prefix, in the metadata too, as saved by DataParallel."""
    found = OrderedDict(prefixed(state, prefix))
    found._metadata = {  # type: ignore[attr-defined]
        "": {"version": 7},
        **{f"{prefix}{key}".rstrip("."): value for key, value in state._metadata.items()},
    }
    return found


@pytest.mark.parametrize(
    ("content", "version"),
    [
        (lambda state: state, 1),
        (lambda state: {"model": state}, 1),
        (lambda state: moved(state, "module."), 1),
        (lambda state: {"state_dict": moved(state, "model.module.")}, 1),
        (dict, 2),
    ],
)
def test_versions_of_modules_are_kept(tmp_path: Path, content: Any, version: int) -> None:
    """The file's version 1, or the network's version where the file has none."""
    net = Versioned()
    state = net.state_dict()
    state._metadata[""] = {"version": 1}  # type: ignore[attr-defined]
    found = chosen(tmp_path, content(state), net)
    with torch.device("meta"):
        fresh = Versioned()
    fresh.load_state_dict(found.state, strict=True, assign=True)
    assert found.state.metadata is not None
    assert [found.state.metadata[module]["version"] for module in ("", "layers.1")] == [version, 2]


def test_safetensors_have_the_versions_of_the_network(tmp_path: Path) -> None:
    net = Versioned()
    save_file(net.state_dict(), tmp_path / "model.pth")
    found = choose_state(read_checkpoint(tmp_path / "model.pth"), net.state_dict(), "tiny")
    net.load_state_dict(found.state, strict=True, assign=True)


KEY = "classifier.1.weight"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (5, f"{KEY} is the number 5, expected a dense floating point tensor"),
        ("x", f"{KEY} is a str"),
        (None, f"{KEY} is None"),
        ([1.0], f"{KEY} is a list"),
        (torch.Tensor.to_sparse, f"{KEY} is a sparse tensor"),
        (torch.Tensor.to_sparse_csr, f"{KEY} is a sparse tensor"),
        (lambda value: torch.quantize_per_tensor(value, 0.1, 0, torch.qint8), f"{KEY} is a quantised tensor"),
        (RAW[KEY].to(torch.int32), f"{KEY} is torch.int32, expected a dense floating point tensor"),
        (RAW[KEY].to(torch.complex64), f"{KEY} is torch.complex64"),
        (torch.zeros(4, 4, device="meta"), f"{KEY} is a tensor on `meta`, without data"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*(Sparse CSR|quantiz).*")
def test_the_wrong_weight_is_named(tmp_path: Path, value: object, problem: str) -> None:
    """The other weights are not named."""
    value = value(RAW[KEY]) if callable(value) else value
    with pytest.raises(CheckpointError) as caught:
        chosen(tmp_path, {**RAW, KEY: value})
    assert problem in str(caught.value)
    assert "features" not in str(caught.value)


class Buffers(nn.Module):
    """Has buffers that are not weights."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.register_buffer("index", torch.arange(3))
        self.register_buffer("mask", torch.tensor([True, False]))
        self.register_buffer("scale", torch.tensor(2.0))
        self.register_buffer("phase", torch.tensor([1 + 2j]))


def test_buffers_of_other_dtypes(tmp_path: Path) -> None:
    net = Buffers()
    state = dict(net.state_dict())
    state |= {"index": torch.tensor([0.0, 1.0, 2.0]), "mask": torch.tensor([1, 0], dtype=torch.uint8)}
    state |= {"scale": torch.tensor([2.0])}
    found = chosen(tmp_path, state, net)
    assert same(found, dict(net.state_dict()))
    assert all(found.state[key].dtype == value.dtype for key, value in net.state_dict().items())
    with pytest.raises(CheckpointError, match=r"index is torch\.float32, expected a dense integer tensor"):
        chosen(tmp_path, {**state, "index": torch.tensor([0.0, 1.5, 2.0])}, net)


def test_foreign_conjugates_are_refused(tmp_path: Path) -> None:
    net = Buffers()
    with pytest.raises(CheckpointError, match=r"phase is a conjugate or negative view"):
        chosen(tmp_path, {**net.state_dict(), "phase": torch.tensor([1 + 2j]).conj()}, net)
