"""Loads exported programs: archives made by `torch.export.save`."""

import logging
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from torch2web.errors import CheckpointError
from torch2web.sources.program_checks import require_harmless
from torch2web.sources.user_code import described


class _Evaluated(nn.Module):
    """A program, whose mode was fixed when it was exported: train() and eval() do nothing."""

    def __init__(self, program: nn.Module) -> None:
        super().__init__()
        self.program = program

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.program(x)
        return output

    def train(self, mode: bool = True) -> "_Evaluated":  # noqa: ARG002 (as in nn.Module)
        return self


def load_program(path: Path) -> nn.Module:
    """The network in the exported program `path`: float32, CPU, without gradients.

    Raises CheckpointError for an archive that is damaged, does more than compute, or has several inputs.
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
    inputs = program.graph_signature.user_inputs
    if len(inputs) != 1:
        raise CheckpointError(path, f"it has {len(inputs)} inputs, expected one: the image")
    network.float().requires_grad_(requires_grad=False)
    return _Evaluated(network)
