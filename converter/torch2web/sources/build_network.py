"""Builds the network of a catalogue entry and fills it with the weights of its checkpoint."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from torch2web.architectures import load_architecture
from torch2web.catalog import Materials, ModelSpec
from torch2web.errors import CheckpointError, StateDictError
from torch2web.sources.checkpoint import (
    Checkpoint,
    ChosenState,
    choose_state,
    read_checkpoint,
)
from torch2web.sources.classes import last_matrix_rows, rows_instead
from torch2web.sources.factory import Factory, factory_of
from torch2web.sources.materialise import Built, Fit, build_filled, compare_shapes

_MAX_LABELS = 6
"""Labels that an error lists."""

_Result = TypeVar("_Result")


def load_model(
    spec: ModelSpec, checkpoint: Path | None, materials: Materials, notes: list[str] | None = None
) -> nn.Module:
    """Load the model of `spec` from `checkpoint`; None loads the demo weights of `materials`.

    Returns it in eval mode, float32, on the CPU; what was chosen from the checkpoint is appended to `notes`.
    Raises CheckpointError if the file is unreadable, unsafe or not finite, and StateDictError if its keys or
    shapes do not match the architecture.
    """
    path = materials.weights_file(spec.source.name) if checkpoint is None else checkpoint
    pixels = spec.preprocessing
    with torch.device("meta"):  # no allocation and no initialisation of weights that are replaced
        model = load_architecture(spec.source.name).build(spec.outputs or len(spec.labels), *pixels.size)
    expected = model.state_dict()
    state: Mapping[str, Tensor]
    if checkpoint is None:
        state = _read_demo(spec, materials)
    else:
        found = read_checkpoint(checkpoint)
        chosen = choose_state(found, expected, spec.source.name, spec.source.weights_key)
        state = chosen.state
        if notes is not None:
            notes += chosen.notes
    _require_finite(path, state)
    model.load_state_dict(state, strict=True, assign=True)
    return model.eval()


@dataclass(frozen=True)
class LoadedNetwork:
    """A network of a factory with its trained weights."""

    network: nn.Module
    state_key: str
    """Of the state dict in the checkpoint; empty for the only one."""
    notes: tuple[str, ...]


def load_network(spec: ModelSpec, checkpoint: Path) -> LoadedNetwork:
    """Build the network of a factory or of timm, and fill it with the state dict in `checkpoint` that fits.

    A factory that takes a number of classes, and was not given one, gets that of the state dict.
    Raises FactoryError, CheckpointError or StateDictError.
    """
    content = read_checkpoint(checkpoint)
    factory = factory_of(spec.source, spec.input_shape[0])

    def build(classes: int | None) -> tuple[Built, ChosenState]:
        chosen: list[ChosenState] = []
        fit = _fit(spec, factory, content, chosen)
        built = build_filled(factory.name, lambda: factory(classes), fit, spec.input_shape)
        return built, chosen[-1]

    parameter, classes, (built, chosen) = _with_classes(factory, content, build)
    notes = list(chosen.notes)
    if classes is not None:
        notes.append(f"{parameter} = {classes}, as in the state dict")
    if not built.on_meta:
        notes.append(f"initialised before loading: {built.reason}")
    return LoadedNetwork(built.network, chosen.name, tuple(notes))


def check_network(spec: ModelSpec, checkpoint: Path) -> None:
    """Compare the state dict in `checkpoint` with the network, which is neither initialised nor run if that
    can be avoided. Raises what load_network raises."""
    content = read_checkpoint(checkpoint)
    factory = factory_of(spec.source, spec.input_shape[0])
    fit = _fit(spec, factory, content, [])
    _with_classes(factory, content, lambda classes: compare_shapes(lambda: factory(classes), fit))


def require_finite_parameters(path: Path, network: nn.Module) -> None:
    """Raise CheckpointError for NaN or infinite weights. Buffers may have them: masks of attention do."""
    _require_finite(path, dict(network.named_parameters()))


def _classes(content: Checkpoint) -> int | None:
    rows = (last_matrix_rows(state) for state in content.states.values())
    return next((number for number in rows if number is not None), None)


def _fit(spec: ModelSpec, factory: Factory, content: Checkpoint, chosen: list[ChosenState]) -> Fit:
    """Chooses the state dict that fits, and appends it to `chosen`."""

    def fit(expected: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        chosen.append(choose_state(content, expected, factory.name, spec.source.weights_key))
        _require_finite(content.path, chosen[-1].state)
        return chosen[-1].state

    return fit


def _with_classes(
    factory: Factory, content: Checkpoint, build: Callable[[int | None], _Result]
) -> tuple[str, int | None, _Result]:
    """The parameter for the number of classes, that of the state dict, and what `build` makes with it."""
    parameter, _ = factory.classes_parameter()
    classes = _classes(content) if parameter else None
    try:
        return parameter, classes, build(classes)
    except StateDictError as error:
        instead = rows_instead(error) if parameter else None
        if instead is None or instead == classes:
            raise
        return parameter, instead, build(instead)


def _listed(labels: Sequence[str]) -> str:
    more = f", … {len(labels):,} in all" if len(labels) > _MAX_LABELS else ""
    return ", ".join(labels[:_MAX_LABELS]) + more


def _read_demo(spec: ModelSpec, materials: Materials) -> dict[str, Tensor]:
    path = materials.weights_file(spec.source.name)
    if spec.labels != materials.labels:
        problem = (
            f"the demo weights have the labels {', '.join(materials.labels)}, in this order; "
            f"the catalogue has {_listed(spec.labels)}"
        )
        raise CheckpointError(path, problem, "Provide a checkpoint for this model: --checkpoints DIR.")
    return materials.load_weights(spec.source.name)


def _require_finite(path: Path, state: Mapping[str, Tensor]) -> None:
    broken = [key for key, value in state.items() if not bool(torch.isfinite(value).all())]
    if broken:
        shown = ", ".join(broken[:5]) + (", …" if len(broken) > 5 else "")
        problem = f"{len(broken)} of its tensors contain NaN or infinite values: {shown}"
        raise CheckpointError(path, problem, "The training diverged; use an earlier checkpoint.")
