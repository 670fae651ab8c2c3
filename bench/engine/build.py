"""Compile networks.c with the kernels: `python -m bench.engine.build FOLDER`."""

import sys
from pathlib import Path

from web.build.engine import MODULES, compile_module, kernel_sources

EXPORTS = ("bench_prepare", "bench_steps", "bench_output", "bench_run")


def build(folder: Path) -> None:
    """Write the four modules into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = [Path(__file__).parent / "networks.c", *kernel_sources()]
    for module in MODULES:
        compile_module(folder / module.name, sources, EXPORTS, module)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
