"""Builds the network of a catalogue entry and fills it with the weights of its checkpoint."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from torch2web.architectures import load_architecture
from torch2web.catalog import Materials, ModelSpec
from torch2web.errors import CheckpointError
from torch2web.sources.checkpoint import choose_state, read_checkpoint, read_state_dict

_MAX_LABELS = 6
"""Labels that an error lists."""


def load_model(spec: ModelSpec, checkpoint: Path | None, materials: Materials) -> nn.Module:
    """Load the model of `spec` from `checkpoint`; None loads the demo weights of `materials`.

    Returns it in eval mode, float32, on the CPU. Raises CheckpointError if the file is unreadable, unsafe or
    not finite, and StateDictError if its keys or shapes do not match the architecture.
    """
    path = materials.weights_file(spec.source.name) if checkpoint is None else checkpoint
    pixels = spec.preprocessing
    with torch.device("meta"):  # no allocation and no initialisation of weights that are replaced
        model = load_architecture(spec.source.name).build(len(spec.labels), *pixels.size)
    expected = model.state_dict()
    if checkpoint is None:
        state = _read_demo(spec, materials)
    else:
        found = read_checkpoint(checkpoint)
        state = choose_state(found, expected, spec.source.name, spec.source.weights_key).state
    _require_finite(path, state)
    model.load_state_dict(state, strict=True, assign=True)
    return model.eval()


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
    read_state_dict(path)  # raises for a damaged file
    return materials.load_weights(spec.source.name)


def _require_finite(path: Path, state: Mapping[str, Tensor]) -> None:
    broken = [key for key, value in state.items() if not bool(torch.isfinite(value).all())]
    if broken:
        shown = ", ".join(broken[:5]) + (", …" if len(broken) > 5 else "")
        problem = f"{len(broken)} of its tensors contain NaN or infinite values: {shown}"
        raise CheckpointError(path, problem, "The training diverged; use an earlier checkpoint.")
