"""A model of the catalogue that is ready to run and to export."""

import contextlib
import copy
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from torch2web.errors import ExportError

Run32 = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Inputs [batch, channels, height, width], preprocessed, to outputs [batch, numbers]."""
Run64 = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class ExportRecord:
    """How an ONNX file was made."""

    exporter: str
    """`torchscript` or `torch.export`, PyTorch's two exporters; `onnx` for a file that was ONNX before."""
    opset: int
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.exporter, "opset": self.opset}


Export = Callable[[Path], ExportRecord]
"""Writes the ONNX file: `input`, float32 [batch, channels, height, width] → `output` [batch, numbers].
Raises ExportError."""


def first_that_exports(exporters: Sequence[Export], path: Path) -> ExportRecord:
    """The record of the first exporter that writes `path`. Raises ExportError of the last if none does."""
    for export in exporters[:-1]:
        with contextlib.suppress(ExportError):
            return export(path)
    return exporters[-1](path)


@dataclass(frozen=True)
class LoadedModel:
    """A network with its trained weights, as a function and as what writes its ONNX file."""

    reference: Run32
    """Computes in float32: PyTorch, or onnxruntime where the source is an ONNX file."""
    reference64: Run64 | None
    """The same in float64; None where the source cannot compute in it."""
    exporters: tuple[Export, ...]
    """What writes its ONNX file, the preferred first; others are for where its file is refused."""
    runtime: str
    """What `reference` runs in: `PyTorch` or `onnxruntime`."""
    network: nn.Module | None = None
    """The network that `reference` runs, where it is one of PyTorch."""
    notes: tuple[str, ...] = ()
    """Decisions about this model, one sentence each, for the output of the command and the manifest."""
    provenance: dict[str, Any] = field(default_factory=dict)
    """For the manifest: `architecture`, `source`, `state_key`."""

    def export(self, path: Path) -> ExportRecord:
        """Write the ONNX file by the first exporter that can. Raises ExportError."""
        return first_that_exports(self.exporters, path)

    @classmethod
    def of_network(
        cls,
        network: nn.Module,
        double: Run64 | None,
        exporters: tuple[Export, ...],
        notes: Sequence[str],
        provenance: dict[str, Any],
    ) -> "LoadedModel":
        """A network of PyTorch; `double` computes the same in float64."""
        return cls(run_in_torch(network), double, exporters, "PyTorch", network, tuple(notes), provenance)


def run_in_torch(network: nn.Module) -> Run32:
    """`network` as a function on arrays."""

    def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            output: NDArray[np.float32] = network(torch.from_numpy(batch)).numpy()
        return output

    return run


def run_in_double(network: nn.Module, shape: tuple[int, int, int]) -> Run64 | None:
    """A float64 copy of `network` as a function; None if it cannot run, on inputs of `shape`.

    Some networks keep float32 weights where no conversion reaches them.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # copying graphs of torch.export uses deprecated functions
            double = copy.deepcopy(network).double()
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 (any: tensors that are results, and such, cannot be copied)
        return None

    def run(batch: NDArray[np.float64]) -> NDArray[np.float64]:
        default = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)  # for tensors that forward() creates
        try:
            with torch.inference_mode():
                output: NDArray[np.float64] = double(torch.from_numpy(batch)).numpy()
        finally:
            torch.set_default_dtype(default)
        return output

    try:
        run(np.zeros((1, *shape)))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 (any: of the network's own code)
        return None
    return run
