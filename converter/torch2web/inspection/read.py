"""Reads the facts of a file."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch2web.catalog import Source
from torch2web.inspection.beside import CONFIG, Beside, read_beside
from torch2web.inspection.facts import FileFacts
from torch2web.inspection.network_files import onnx_facts, program_facts
from torch2web.inspection.networks import likely_networks
from torch2web.inspection.shapes import channels_of, has_several_heads, outputs_of

if TYPE_CHECKING:
    from torch2web.sources.checkpoint import Checkpoint, Format, StateDict

NETWORK_OPTIONS = ("factory", "timm", "architecture")
_NAMES = {
    "pytorch": "PyTorch checkpoint",
    "pytorch_legacy": "PyTorch checkpoint of the format before 1.6",
    "pickle": "pickled checkpoint",
    "safetensors": "safetensors file",
    "shard_index": "checkpoint in several files",
    "torchscript": "TorchScript",
    "exported_program": "exported program of PyTorch",
    "onnx": "ONNX file",
}

_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def read_facts(path: Path, given: Mapping[str, Any]) -> FileFacts:
    """What the file at `path` says of its model; nothing in it is executed.

    Raises CheckpointError, and FactoryError for a network that cannot be imported.

    `given` is what is known already: a network that is named there is not looked for.
    """
    from torch2web.sources import require_factory
    from torch2web.sources.checkpoint import Format, detect_format, read_checkpoint

    found = detect_format(path)
    beside = read_beside(path.parent)
    if found in (Format.TORCHSCRIPT, Format.EXPORTED_PROGRAM, Format.ONNX):
        facts = _of_network(path, found)
    else:
        checkpoint = read_checkpoint(path)
        require_factory(Source.from_dict(given))
        facts = _of_checkpoint(checkpoint, given, beside.timm)
    return _with_beside(facts, beside)


def format_name(found: "Format") -> str:
    """The format for people."""
    return _NAMES.get(found, str(found))


def main_state(checkpoint: "Checkpoint", weights_key: str = "") -> str:
    """The key of the state dict that stands for the others: the largest, the first of equal ones."""
    named = [key for key in checkpoint.states if weights_key and weights_key.startswith(key or "\0")]
    sizes = {key: parameters_of(checkpoint.states[key]) for key in named or checkpoint.states}
    return max(sizes, key=lambda key: sizes[key])


def parameters_of(state: "StateDict") -> int:
    """Numbers that were trained: statistics of BatchNorm are not counted."""
    return sum(value.numel() for name, value in state.items() if not name.endswith(_STATISTICS))


def _of_checkpoint(checkpoint: "Checkpoint", given: Mapping[str, Any], hint: str) -> FileFacts:
    from torch2web.sources.checkpoint import labels_in

    weights_key = given.get("weights_key", "")
    key = main_state(checkpoint, weights_key)
    state = checkpoint.states[key]
    shapes = {name: tuple(value.shape) for name, value in state.items()}
    outputs, reason = outputs_of(shapes)
    labels = labels_in(checkpoint)
    networks = (
        ()
        if any(option in given for option in NETWORK_OPTIONS)
        else likely_networks(checkpoint, weights_key, outputs, hint)
    )
    return FileFacts(
        format=format_name(checkpoint.format),
        weights_key=key,
        tensors=len(state),
        parameters=parameters_of(state),
        outputs=outputs,
        outputs_reason=reason,
        several_outputs=has_several_heads(shapes),
        channels=channels_of(shapes),
        labels=labels.labels if labels else (),
        labels_origin=labels.origin if labels else "",
        networks=networks,
    )


def _with_beside(facts: FileFacts, beside: Beside) -> FileFacts:
    """The facts with what the files beside say, where these fit and the file itself does not say it."""
    if beside.labels and not facts.labels and facts.outputs in (None, len(beside.labels)):
        facts = replace(facts, labels=beside.labels, labels_origin=f"{CONFIG} beside it")
    if beside.preprocessing:
        origin = f"{beside.preprocessing_origin} beside it"
        facts = replace(facts, preprocessing=beside.preprocessing, preprocessing_origin=origin)
    return facts


def _of_network(path: Path, found: "Format") -> FileFacts:
    name = format_name(found)
    if found == "onnx":
        return onnx_facts(path, name)
    if found == "exported_program":
        return program_facts(path, name)
    return FileFacts(name, holds_network=True)
