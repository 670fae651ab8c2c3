"""Reads the facts of a file."""

from pathlib import Path

from torch2web.inspection.facts import FileFacts
from torch2web.inspection.shapes import channels_of, outputs_of


def read_facts(path: Path) -> FileFacts:
    """What the file at `path` says of its model; nothing in it is executed. Raises CheckpointError."""
    from torch2web.sources.checkpoint import read_state_dict  # imports torch, which takes seconds

    state = read_state_dict(path)
    shapes = {key: tuple(value.shape) for key, value in state.items()}
    outputs, reason = outputs_of(shapes)
    return FileFacts(
        format="PyTorch checkpoint",
        tensors=len(state),
        parameters=sum(value.numel() for value in state.values()),
        outputs=outputs,
        outputs_reason=reason,
        channels=channels_of(shapes),
    )
