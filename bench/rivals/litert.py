"""LiteRT.js for comparison: its package, and the demo's networks in its format.

Its converter, `litert-torch` of PyPI, wants other versions of packages than the project, and runs in an
environment of its own: TORCH2WEB_BENCH_LITERT is the Python of that environment.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from bench.rivals.javascript import bundled, package_folder, version_of
from torch2web.catalog.default import default_materials, demo_catalog
from torch2web.catalog.load import load_catalog
from torch2web.sources.build_network import load_model

HERE = Path(__file__).parent
PYTHON = "TORCH2WEB_BENCH_LITERT"
"""The variable with the Python that has litert-torch."""
_PACKAGE = "@litertjs/core"
_WASM = (
    "litert_wasm_internal.js",
    "litert_wasm_internal.wasm",
    "litert_wasm_threaded_internal.js",
    "litert_wasm_threaded_internal.wasm",
)


def litert_version() -> str:
    """The version that the lock file pins."""
    return version_of(_PACKAGE)


def write_litert(names: Sequence[str], folder: Path) -> list[Path]:
    """Everything that litert.js needs in a page, with the demo's models `names`.

    Nothing where no Python for the conversion is given. Raises ToolError.
    """
    python = os.environ.get(PYTHON)
    if not python:
        return []
    programs = _export(names, folder)
    subprocess.run([python, str(HERE / "litert_convert.py"), *map(str, programs)], check=True)
    script = bundled("litert.js", folder)
    wasm = [package_folder(_PACKAGE) / "wasm" / name for name in _WASM]
    return [script, *wasm, *(program.with_suffix(".tflite") for program in programs)]


class _ChannelsLast(nn.Module):
    """A network that takes images with channels last, as LiteRT's layers do."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(images.permute(0, 3, 1, 2))
        return logits


def _export(names: Sequence[str], folder: Path) -> list[Path]:
    materials = default_materials()
    paths = []
    for spec in load_catalog(demo_catalog()):
        if spec.name in names:
            example = torch.zeros(1, *spec.preprocessing.size, 3)
            network = _ChannelsLast(load_model(spec, None, materials))
            paths.append(folder / f"{spec.name}.pt2")
            torch.export.save(torch.export.export(network, (example,)), paths[-1])
    return paths
