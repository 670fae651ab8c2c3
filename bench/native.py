"""Native onnxruntime, for comparison with the browser's figures."""

import time
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray


class Native:
    """A session of the whole model with a number of threads."""

    def __init__(self, model: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def run(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits of one batch."""
        (logits,) = self._session.run(["output"], {"input": tensor})
        found: NDArray[np.float32] = logits
        return found

    def timed(self, tensor: NDArray[np.float32], runs: int) -> list[float]:
        """Milliseconds of each run, after one to warm the caches."""
        self.run(tensor)
        times = []
        for _ in range(runs):
            started = time.perf_counter()
            self.run(tensor)
            times.append(1000 * (time.perf_counter() - started))
        return times
