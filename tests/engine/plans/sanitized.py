"""All cases under the sanitizers: `python -m tests.engine.plans.sanitized LIBRARY`."""

import subprocess
import sys
from ctypes import CDLL
from os import environ
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from tests.engine.plans.cases.operators import CASES
from tests.engine.plans.cases.random_networks import random_network
from tests.engine.plans.running import engine_run, model_of, onnxruntime_run, require_close
from tests.engine.plans.test_stored_weights import (
    lower_limits,
    network,
    network_of_rows,
    require_stored,
    require_stored_rows,
)
from torch2web.variants.encodings import ENCODINGS
from torch2web.variants.split import SplitModel, split_model

NETWORKS = 20

WIDTHS = (72, 65)
"""Outputs of the wide matrix, whose last part then has 8 outputs, or 1."""


def run_sanitized(module: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """`python -m module …` with the sanitizers' libraries loaded before anything else."""
    libraries = [
        subprocess.run(
            ["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True
        ).stdout.strip()
        for name in ("libasan.so", "libubsan.so")
    ]
    return subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        # Python never frees all of its memory, so leaks are not reported. With malloc each object has its own
        # allocation, so that reads beyond a range of weights are detected.
        env={
            **environ,
            "LD_PRELOAD": " ".join(libraries),
            "ASAN_OPTIONS": "detect_leaks=0",
            "PYTHONMALLOC": "malloc",
        },
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )


def stored_parts(wide: int) -> SplitModel:
    """The network with stored weights, one of them a matrix that is computed in its stored form."""
    with TemporaryDirectory() as folder:
        return split_model(network(Path(folder), wide))


def stored_rows() -> SplitModel:
    """The network of products of rows whose matrices keep their stored form."""
    with TemporaryDirectory() as folder:
        return split_model(network_of_rows(Path(folder)))


def main(library: CDLL) -> None:
    for name, (nodes, shape, constants, opset) in CASES.items():
        model = model_of(nodes, ("batch", *shape), constants, opset)
        x = np.random.default_rng(1).normal(size=(1, *shape)).astype(np.float32)
        require_close(engine_run(library, model, x, threads=2), onnxruntime_run(model, x), name)
    for seed in range(NETWORKS):
        model, sample = random_network(seed)
        x = np.random.default_rng(seed).normal(size=(1, *sample)).astype(np.float32)
        require_close(engine_run(library, model, x, threads=2), onnxruntime_run(model, x), f"seed {seed}")
    for wide in WIDTHS:
        parts = stored_parts(wide)
        for encoding in ENCODINGS:
            for ranges in (64, 10**6):
                require_stored(library, parts, encoding, ranges, threads=2)
    for encoding in ("fp32", "fp16", "int8"):
        require_stored_rows(library, stored_rows(), encoding, threads=2)
    print(f"{len(CASES)} cases, {NETWORKS} networks and stored weights")


if __name__ == "__main__":
    with pytest.MonkeyPatch.context() as monkeypatch:
        lower_limits(monkeypatch)
        main(CDLL(sys.argv[1]))
