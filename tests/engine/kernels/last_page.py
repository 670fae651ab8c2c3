"""Kernels whose weights end where readable memory ends: `python -m tests.engine.kernels.last_page CACHE`.

Prefetched values have no effect on results; beyond the weights they end the process here.
"""

import ctypes
import mmap
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.engine.kernels import calls as k
from tests.engine.kernels.calls import Guarded, Kernels
from tests.engine.kernels.cases import IDENTITY, blank, close, random
from tests.engine.kernels.test_winograd import run
from tests.engine.native_library import native_engine


class BeforeTheEnd(Guarded):
    """A copy right before a page that nobody may read."""

    def __init__(self, values: NDArray[Any]) -> None:
        size = -(-values.nbytes // mmap.PAGESIZE) * mmap.PAGESIZE
        self._memory = mmap.mmap(-1, size + mmap.PAGESIZE)
        self._whole = np.frombuffer(self._memory, np.uint8)
        self._inner = self._whole[size - values.nbytes : size]
        self._inner[:] = np.ascontiguousarray(values).view(np.uint8).reshape(-1)
        self._shape, self._dtype = values.shape, values.dtype
        start = ctypes.c_void_p(int(self._whole.ctypes.data) + size)
        if ctypes.CDLL(None).mprotect(start, mmap.PAGESIZE, 0):
            sys.exit("the page behind the weights can't be protected")

    def check(self) -> None:
        """What is written behind the weights has ended the process."""


def product(kernels: Kernels, rows: int, inputs: int, outputs: int, threads: int) -> None:
    x, w, bias, y = random(rows, inputs), random(inputs, outputs), random(outputs), blank(rows, outputs)
    kernels.call(
        "product",
        threads,
        x=x,
        weights=k.panels(w, bias),
        y=y,
        rows=rows,
        inputs=inputs,
        outputs=outputs,
        x_stride=inputs,
        y_stride=outputs,
        activation=IDENTITY,
    )
    close(y, x.astype(np.float64) @ w + bias)


def main() -> None:
    library = native_engine(Path(sys.argv[1]))
    for threads in (1, 2):
        for rows, inputs, outputs in ((12, 1027, 1032), (13, 1028, 1031), (49, 1024, 1032), (2, 1024, 1032)):
            product(Kernels(library, BeforeTheEnd), rows, inputs, outputs, threads)
        for size, channels, tile in ((7, 68, 2), (14, 64, 4), (6, 40, 4)):
            case = (size, size, channels, channels, 1, (1, 1, 1, 1))
            run(library, case, tile, "plain", IDENTITY, threads, BeforeTheEnd)
    print("all read inside")


if __name__ == "__main__":
    main()
