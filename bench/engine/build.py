"""Compile networks.c with the kernels: `python -m bench.engine.build FOLDER`."""

import sys
from pathlib import Path

from converter.engine import MODULES, compile_module, engine_sources

_PLANS = ("check.c", "check_ops.c", "kept.c", "place.c", "run.c", "stored.c", "unpack.c")
"""Sources that read plans, of which there is none here."""
EXPORTS = ("bench_prepare", "bench_steps", "bench_output", "bench_run")


def build(folder: Path) -> None:
    """Write the four modules into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = [
        Path(__file__).parent / "networks.c",
        *(path for path in engine_sources() if path.name not in _PLANS),
    ]
    for module in MODULES:
        compile_module(folder / module.name, sources, EXPORTS, module)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
