"""Checkpoint files: their format, the state dicts in them, and the one that fits a network."""

from torch2web.sources.checkpoint.choose import choose_state
from torch2web.sources.checkpoint.contents import Checkpoint, ChosenState, StateDict
from torch2web.sources.checkpoint.formats import CHECKPOINTS, Format, detect_format
from torch2web.sources.checkpoint.labels import FoundLabels, labels_in
from torch2web.sources.checkpoint.read import read_checkpoint

__all__ = [
    "CHECKPOINTS",
    "Checkpoint",
    "ChosenState",
    "Format",
    "FoundLabels",
    "StateDict",
    "choose_state",
    "detect_format",
    "labels_in",
    "read_checkpoint",
]
