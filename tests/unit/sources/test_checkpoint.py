"""Checkpoints in common layouts, and files that are not checkpoints."""

import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from tests.materials import MATERIALS
from torch2web.architectures import load_architecture
from torch2web.catalog.load import ModelSpec
from torch2web.errors import CheckpointError, StateDictError
from torch2web.sources.build_network import load_model
from torch2web.sources.checkpoint import read_checkpoint

State = dict[str, Tensor]


@pytest.fixture(scope="module")
def state() -> State:
    """A real state dict of the smallest architecture, with distinct values."""
    torch.manual_seed(3)
    return dict(load_architecture("mobilenet_v2").build(4, 224, 224).state_dict())


@pytest.fixture
def spec(catalog: dict[str, ModelSpec]) -> ModelSpec:
    return catalog["mobilenet_emotion"]


def prefixed(state: State, prefix: str) -> State:
    return {prefix + key: value for key, value in state.items()}


WRAPPINGS: dict[str, Callable[[State], Any]] = {
    "bare": lambda state: state,
    "under model": lambda state: {"model": state, "epoch": 35},
    "under state_dict": lambda state: {"state_dict": state, "optimizer": {"lr": 0.1}},
    "under model_state_dict": lambda state: {"model_state_dict": state, "best": 0.9, "history": [1, 2]},
    "DataParallel": lambda state: prefixed(state, "module."),
    "DataParallel under state_dict": lambda state: {"state_dict": prefixed(state, "module.")},
    "compiled": lambda state: prefixed(state, "_orig_mod."),
    "DataParallel compiled": lambda state: prefixed(state, "_orig_mod.module."),
    "compiled DataParallel": lambda state: prefixed(state, "module._orig_mod."),
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_every_layout_loads(tmp_path: Path, state: State, spec: ModelSpec, wrapping: str) -> None:
    path = tmp_path / "model.pth"
    torch.save(WRAPPINGS[wrapping](state), path)
    loaded = load_model(spec, path, MATERIALS)
    assert not loaded.training
    for key, value in loaded.state_dict().items():
        assert torch.equal(value, state[key]), key


def test_safetensors_load(tmp_path: Path, state: State, spec: ModelSpec) -> None:
    path = tmp_path / "model.safetensors"
    save_file(prefixed(state, "module."), path)
    loaded = load_model(spec, path, MATERIALS).state_dict()
    assert loaded.keys() == state.keys()
    assert all(torch.equal(loaded[key], state[key]) for key in state)


def test_legacy_format_and_no_batch_counters_load(tmp_path: Path, state: State, spec: ModelSpec) -> None:
    old = {key: value for key, value in state.items() if "num_batches" not in key}
    path = tmp_path / "model.pth"
    torch.save(old, path, _use_new_zipfile_serialization=False)
    assert torch.equal(
        load_model(spec, path, MATERIALS).get_parameter("classifier.1.bias"), state["classifier.1.bias"]
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_become_float32(
    tmp_path: Path, state: State, spec: ModelSpec, dtype: torch.dtype
) -> None:
    path = tmp_path / "model.pth"
    torch.save(
        {key: value.to(dtype) if value.is_floating_point() else value for key, value in state.items()}, path
    )
    model = load_model(spec, path, MATERIALS)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    expected = state["classifier.1.weight"].to(dtype).float()
    assert torch.equal(model.get_parameter("classifier.1.weight"), expected)


class Bomb:
    """Executes code when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.makedirs, (self.target,)


def test_code_in_a_checkpoint_never_runs(tmp_path: Path, state: State) -> None:
    path, trace = tmp_path / "model.pth", tmp_path / "trace"
    torch.save({"state_dict": state, "extra": Bomb(trace)}, path)
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(path)
    assert not trace.exists()
    assert "it was refused: loading it would execute os.makedirs" in str(caught.value)
    assert "torch.save(model.state_dict(), path)" in caught.value.advice


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_code_in_a_bare_pickle_never_runs(tmp_path: Path, protocol: int) -> None:
    path, trace = tmp_path / "model.pth", tmp_path / "trace"
    path.write_bytes(pickle.dumps(Bomb(trace), protocol))
    with pytest.raises(CheckpointError, match=r"it was refused: loading it would execute os\.makedirs"):
        read_checkpoint(path)
    assert not trace.exists()


def test_whole_pickled_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    torch.save(nn.Linear(2, 2), path)
    with pytest.raises(CheckpointError, match=r"loading it would execute torch\.nn\.modules\.linear\.Linear"):
        read_checkpoint(path)


@pytest.mark.parametrize("zipped", [True, False])
def test_truncated_anywhere_is_a_clear_error(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "model.pth"
    torch.save({"weight": torch.arange(30.0)}, path, _use_new_zipfile_serialization=zipped)
    content = path.read_bytes()
    for size in range(1, len(content) - 1, 7 if zipped else 1):
        path.write_bytes(content[:size])
        with pytest.raises(CheckpointError):
            read_checkpoint(path)


@pytest.mark.parametrize(
    "convert", [lambda value: value.to(torch.int32), lambda value: value.to_sparse()], ids=["int32", "sparse"]
)
def test_values_of_another_kind(
    tmp_path: Path, state: State, spec: ModelSpec, convert: Callable[[Tensor], Tensor]
) -> None:
    path = tmp_path / "model.pth"
    torch.save({**state, "classifier.1.weight": convert(state["classifier.1.weight"])}, path)
    with pytest.raises(CheckpointError, match="expected a dense floating point tensor"):
        load_model(spec, path, MATERIALS)


def test_truncated_safetensors(tmp_path: Path, state: State) -> None:
    path = tmp_path / "model.safetensors"
    save_file(state, path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(CheckpointError, match=r"not a valid \.safetensors file"):
        read_checkpoint(path)


def test_misfit_names_missing_unexpected_and_misshaped_keys(
    tmp_path: Path, state: State, spec: ModelSpec
) -> None:
    wrong = dict(state)
    for key in list(wrong)[:12]:
        del wrong[key]
    wrong["head.weight"] = torch.zeros(3)
    wrong["classifier.1.weight"] = torch.zeros(1000, 1280)
    path = tmp_path / "model.pth"
    torch.save(wrong, path)
    with pytest.raises(StateDictError) as caught:
        load_model(spec, path, MATERIALS)
    error = caught.value
    assert len(error.missing) == 10, "the batch counters of the twelve are no loss"
    assert error.unexpected == ("head.weight",)
    assert error.misshaped == {"classifier.1.weight": ((1000, 1280), (4, 1280))}
    message = str(error)
    assert "10 missing: features.0.0.weight, " in message
    assert "… 5 more" in message
    assert "1 unexpected: head.weight" in message
    assert "classifier.1.weight (found [1000, 1280], expected [4, 1280])" in message


def test_wrong_number_of_labels_is_a_misfit(tmp_path: Path, state: State, spec: ModelSpec) -> None:
    path = tmp_path / "model.pth"
    torch.save(state, path)
    with pytest.raises(StateDictError, match=r"classifier.1.bias \(found \[4\], expected \[2\]\)"):
        load_model(replace(spec, labels=("yes", "no")), path, MATERIALS)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused(
    tmp_path: Path, state: State, spec: ModelSpec, value: float
) -> None:
    broken = {key: tensor.clone() for key, tensor in state.items()}
    broken["features.3.conv.0.0.weight"].view(-1)[5] = value
    path = tmp_path / "model.pth"
    torch.save(broken, path)
    with pytest.raises(
        CheckpointError, match=r"1 of its tensors contain NaN or infinite .*features.3.conv.0.0.weight"
    ):
        load_model(spec, path, MATERIALS)
