"""What is right and wrong with a file, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from torch2web.inspection.read import format_name, main_state, parameters_of
from torch2web.inspection.shapes import wrapper_of
from torch2web.sizes import shown_size

if TYPE_CHECKING:
    from torch import Tensor

    from torch2web.sources.checkpoint import Checkpoint, StateDict

_MAX_SHOWN = 5
_TRAINING = ("optim", "sched", "scaler", "rng", "loops", "callbacks")
"""Parts of names of entries that hold the state of the training."""


@dataclass(frozen=True)
class Finding:
    """One fact of a file; `advice` is what to do where it is a problem, else empty."""

    text: str
    advice: str = ""


def examine(path: Path) -> tuple[Finding, ...]:
    """Findings about the file at `path`, problems among them. Raises CheckpointError if it is unreadable."""
    from torch2web.sources.checkpoint import CHECKPOINTS, detect_format, read_checkpoint

    found = detect_format(path)
    beginning = Finding(f"format: {format_name(found)}, {shown_size(path.stat().st_size)}")
    if found not in CHECKPOINTS:
        return (beginning, *(_network_findings(path) if found == "onnx" else ()))
    return (beginning, *_checkpoint_findings(read_checkpoint(path)))


def _checkpoint_findings(checkpoint: "Checkpoint") -> Iterator[Finding]:
    for key, state in checkpoint.states.items():
        where = f"under {key!r}" if key else "bare"
        yield Finding(
            f"weights {where}: {len(state):,} tensors, {parameters_of(state):,} parameters{_prefix(state)}"
        )
    if precision := _half_precision(checkpoint):
        yield precision
    yield from _twins(checkpoint)
    if training := [key for key in checkpoint.extra if any(part in key.lower() for part in _TRAINING)]:
        yield Finding(f"state of the training: {_listed(training)}; not used")
    others = [key for key in checkpoint.extra if key not in training]
    if others:
        yield Finding(f"beside the weights: {_listed(others)}")
    if checkpoint.unread:
        yield Finding(f"objects that were not loaded: {_listed(checkpoint.unread)}")
    main = checkpoint.states[main_state(checkpoint)]
    yield from _values(main)
    yield from _foreign(main)


def _prefix(state: "StateDict") -> str:
    wrapper = wrapper_of(state)
    return (
        f", all names begin with {wrapper!r}, which is removed where the network has none" if wrapper else ""
    )


def _half_precision(checkpoint: "Checkpoint") -> Finding | None:
    """Weights are read as float32; a file with fewer bytes than that holds them in another precision."""
    tensors = {
        value.data_ptr(): value
        for state in checkpoint.states.values()
        for value in state.values()
        if value.numel()
    }
    size = sum(value.numel() * value.element_size() for value in tensors.values())
    if not size or checkpoint.path.stat().st_size > 0.8 * size:
        return None
    return Finding("precision: about half of float32; it is computed in float32, as PyTorch on a CPU would")


def _twins(checkpoint: "Checkpoint") -> Iterator[Finding]:
    """State dicts of the same size: raw weights and their average, or a teacher and a student."""
    main = main_state(checkpoint)
    size = len(checkpoint.states[main])
    same = [key for key, state in checkpoint.states.items() if key != main and abs(len(state) - size) <= 1]
    if same:
        others = ", ".join(f"{key!r}" for key in same)
        yield Finding(f"several sets of weights: {main!r} and {others}; --weights-key takes another one")


def _values(state: "StateDict") -> Iterator[Finding]:
    import torch

    weights = {
        name: value
        for name, value in state.items()
        if value.is_floating_point() and value.numel() and not name.endswith("num_batches_tracked")
    }
    broken = [name for name, value in weights.items() if not bool(torch.isfinite(value).all())]
    if broken:
        yield Finding(
            f"{len(broken)} of {len(weights)} tensors contain NaN or infinite values: {_listed(broken)}",
            "The training diverged; use an earlier checkpoint.",
        )
    zero = [
        name
        for name, value in weights.items()
        if value.ndim > 1 and value.numel() > 1 and not bool(value.any())
    ]
    if zero:
        yield Finding(
            f"{len(zero)} tensors of weights are zero throughout: {_listed(zero)}",
            "Was the network trained, and saved after it? A layer of zeros ignores the image.",
        )
    if untouched := _untouched_norms(weights):
        yield Finding(
            f"BatchNorm has its initial statistics in all {untouched} layers: mean 0, variance 1",
            "Save the checkpoint after training in model.train(), or the predictions will be those of a "
            "network that has seen no image.",
        )


def _untouched_norms(weights: "dict[str, Tensor]") -> int:
    """How many BatchNorm layers there are, if none of them has seen an image; else 0."""
    means = [value for name, value in weights.items() if name.endswith("running_mean")]
    variances = [value for name, value in weights.items() if name.endswith("running_var")]
    seen = any(bool(value.any()) for value in means) or any(bool((value != 1).any()) for value in variances)
    return 0 if seen else len(means)


def _foreign(state: "StateDict") -> Iterator[Finding]:
    described = {name: value for name, value in state.foreign.items() if isinstance(value, str)}
    kinds = {name: kind for name, kind in described.items() if "tensor" in kind.lower()}
    if kinds:
        name, kind = next(iter(kinds.items()))
        yield Finding(
            f"{len(kinds)} entries among the weights are no dense tensors: {name} is {kind}",
            "Save the trained weights before quantisation or pruning to sparse tensors.",
        )
    elif state.foreign:
        yield Finding(f"entries among the weights that are no tensors: {_listed(list(state.foreign))}")


def _network_findings(path: Path) -> Iterator[Finding]:
    """Of an ONNX file."""
    import onnx

    try:
        onnx.checker.check_model(str(path))
    except (onnx.checker.ValidationError, ValueError, OSError) as error:
        lines = str(error).strip().splitlines()
        yield Finding(
            f"onnx.checker refuses it: {lines[0] if lines else type(error).__name__}", "Export it again."
        )
        return
    model = onnx.load(path, load_external_data=False)
    opsets = ", ".join(f"{entry.domain or 'ONNX'} {entry.version}" for entry in model.opset_import)
    yield Finding(f"opsets: {opsets}; {len(model.graph.node):,} operators")
    custom = sorted({node.op_type for node in model.graph.node if node.domain not in ("", "ai.onnx")})
    if custom:
        yield Finding(
            f"operators outside of the standard: {_listed(custom)}",
            "onnxruntime-web has none of these in general; export without them.",
        )


def _listed(names: list[str] | tuple[str, ...]) -> str:
    more = f", … {len(names) - _MAX_SHOWN} more" if len(names) > _MAX_SHOWN else ""
    return ", ".join(names[:_MAX_SHOWN]) + more
