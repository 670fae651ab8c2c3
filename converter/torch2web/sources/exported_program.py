"""Loads exported programs: archives made by `torch.export.save`."""

import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from torch2web.errors import CheckpointError
from torch2web.sources.program_checks import require_harmless
from torch2web.sources.user_code import described


class Program(nn.Module):
    """An exported program. Its mode was fixed when it was exported: train() and eval() do nothing.

    A program with a fixed batch takes any here, in portions, unless `direct` is set, as for an export.
    """

    def __init__(self, program: nn.Module, batch: int | None) -> None:
        super().__init__()
        self.program = program
        self.batch = batch
        """Images that the program takes at once; None: any number."""
        self.direct = False
        """Whether the number of images is the caller's to get right."""

    def forward(self, x: Tensor) -> Any:
        if self.direct or self.batch is None or len(x) == self.batch:
            return self.program(x)
        missing = -len(x) % self.batch
        padded = torch.cat([x, x[:1].expand(missing, *x.shape[1:])])
        parts = [self.program(part) for part in torch.split(padded, self.batch)]
        return _joined(parts, len(x))

    def train(self, mode: bool = True) -> "Program":  # noqa: ARG002 (as in nn.Module)
        return self


def _joined(parts: list[Any], images: int) -> Any:
    """Outputs of several runs as those of one."""
    first = parts[0]
    if isinstance(first, Tensor):
        return torch.cat(parts)[:images]
    if isinstance(first, dict):
        return {key: _joined([part[key] for part in parts], images) for key in first}
    if isinstance(first, (tuple, list)):
        return [_joined([part[at] for part in parts], images) for at in range(len(first))]
    return first


def load_program(path: Path, shape: tuple[int, int, int]) -> Program:
    """The network in the exported program `path`: float32, CPU, without gradients.

    Raises CheckpointError for an archive that is damaged, does more than compute, has several inputs, or
    takes images of another `shape`: channels, height, width.
    """
    require_harmless(path)
    logger = logging.getLogger("torch.export")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the format's age; what cannot be read raises
            program = torch.export.load(path)
            network: nn.Module = program.module()
    except MemoryError:
        raise
    except Exception as error:
        problem = f"PyTorch {torch.__version__} cannot load this exported program: {described(error)}"
        advice = "Save it again with the installed PyTorch, or give the state dict and --factory."
        raise CheckpointError(path, problem, advice) from error
    finally:
        logger.setLevel(before)
    batch = _batch_of(path, program, shape)
    network.float().requires_grad_(False)
    return Program(network, batch)


def _batch_of(path: Path, program: torch.export.ExportedProgram, shape: tuple[int, int, int]) -> int | None:
    """The number of images that the program takes; None: any. Raises CheckpointError."""
    inputs = program.graph_signature.user_inputs
    if len(inputs) != 1:
        raise CheckpointError(path, f"it has {len(inputs)} inputs, expected one: the image")
    (value,) = (node.meta.get("val") for node in program.graph.nodes if node.name == inputs[0])
    if not isinstance(value, Tensor) or value.ndim != len(shape) + 1:
        found = list(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise CheckpointError(path, f"its input is {found}, expected [batch, channels, height, width]")
    sizes = [size if isinstance(size, int) else None for size in value.shape]
    if any(size not in (None, wanted) for size, wanted in zip(sizes[1:], shape, strict=True)):
        found = " × ".join(str(size or "any") for size in sizes[1:])
        problem = f"its input is {found}, the preprocessing gives {' × '.join(map(str, shape))}"
        advice = "Set the size and the channels of the preprocessing (--size, --color)."
        raise CheckpointError(path, problem, advice)
    return sizes[0]
