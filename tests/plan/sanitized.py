"""Cases under the address and undefined-behaviour sanitizers: `python -m tests.plan.sanitized LIBRARY`."""

import subprocess
import sys
from ctypes import CDLL
from os import environ
from pathlib import Path

import numpy as np

from tests.plan.networks import random_network
from tests.plan.running import engine_run, model_of, onnxruntime_run, require_close
from tests.plan.test_operators import CASES

NETWORKS = 20


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
        # Python itself never gives back all that it takes.
        env={**environ, "LD_PRELOAD": " ".join(libraries), "ASAN_OPTIONS": "detect_leaks=0"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def main(library: CDLL) -> None:
    for name, (nodes, shape, constants, opset) in CASES.items():
        model = model_of(nodes, ("batch", *shape), constants, opset)
        x = np.random.default_rng(1).normal(size=(1, *shape)).astype(np.float32)
        require_close(engine_run(library, model, x, threads=2), onnxruntime_run(model, x), name)
    for seed in range(NETWORKS):
        model, sample = random_network(seed)
        x = np.random.default_rng(seed).normal(size=(1, *sample)).astype(np.float32)
        require_close(engine_run(library, model, x, threads=2), onnxruntime_run(model, x), f"seed {seed}")
    print(f"{len(CASES)} cases and {NETWORKS} networks")


if __name__ == "__main__":
    main(CDLL(sys.argv[1]))
