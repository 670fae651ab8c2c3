"""Kernels whose weights end where readable memory ends: `python -m tests.engine.kernels.last_page CACHE`.

What is read ahead has no effect on results; beyond the weights it ends the process here.
"""

import ctypes
import mmap
import sys
from pathlib import Path

import numpy as np

from tests.engine.kernels import calls as k
from tests.engine.kernels.calls import ARGUMENTS, Activation, Floats, Thread
from tests.engine.kernels.cases import IDENTITY, blank, close, random
from tests.engine.kernels.test_winograd import packed
from tests.engine.native_library import native_engine


class BeforeTheEnd:
    """A copy of `values` right before a page that nobody may read."""

    def __init__(self, values: Floats) -> None:
        size = -(-values.nbytes // mmap.PAGESIZE) * mmap.PAGESIZE
        self._memory = mmap.mmap(-1, size + mmap.PAGESIZE)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        self.address = start + size - values.nbytes
        ctypes.memmove(self.address, values.ctypes.data, values.nbytes)
        if ctypes.CDLL(None).mprotect(ctypes.c_void_p(start + size), mmap.PAGESIZE, 0):
            sys.exit("the page behind the weights can't be protected")


def product(library: ctypes.CDLL, rows: int, inputs: int, outputs: int, threads: int) -> None:
    x, w, bias, y = random(rows, inputs), random(inputs, outputs), random(outputs), blank(rows, outputs)
    weights = BeforeTheEnd(k.panels(w, bias))
    arguments = ARGUMENTS["product"](
        x=x.ctypes.data,
        weights=weights.address,
        y=y.ctypes.data,
        rows=rows,
        inputs=inputs,
        outputs=outputs,
        x_stride=inputs,
        y_stride=outputs,
        activation=Activation(*IDENTITY),
    )
    for index in range(threads):
        library.product(ctypes.byref(arguments), Thread(index, threads), None)
    close(y, x.astype(np.float64) @ w + bias)


def winograd(library: ctypes.CDLL, size: int, channels: int, tile: int, threads: int) -> None:
    x, w, bias = random(size, size, channels), random(channels, channels, 3, 3), random(channels)
    y = blank(size, size, channels)
    weights = BeforeTheEnd(packed(library, w, bias, 1, tile))
    arguments = ARGUMENTS["winograd"](
        x=x.ctypes.data,
        weights=weights.address,
        y=y.ctypes.data,
        in_height=size,
        in_width=size,
        in_channels=channels,
        out_height=size,
        out_width=size,
        out_channels=channels,
        y_pixel=channels,
        groups=1,
        tile=tile,
        pad_top=1,
        pad_left=1,
        activation=Activation(*IDENTITY),
    )
    library.winograd_scratch.restype = ctypes.c_uint64
    scratch = np.zeros(library.winograd_scratch(ctypes.byref(arguments)), np.uint8)
    for index in range(threads):
        library.winograd(
            ctypes.byref(arguments), Thread(index, threads), ctypes.c_void_p(scratch.ctypes.data)
        )
    if np.isnan(y).any():
        sys.exit("results are missing")


def main() -> None:
    library = native_engine(Path(sys.argv[1]))
    for threads in (1, 2):
        for rows, inputs, outputs in ((12, 1027, 1032), (13, 1028, 1031), (49, 1024, 1032), (2, 1024, 1032)):
            product(library, rows, inputs, outputs, threads)
        for size, channels, tile in ((7, 68, 2), (14, 64, 4), (6, 40, 4)):
            winograd(library, size, channels, tile, threads)
    print("all read inside")


if __name__ == "__main__":
    main()
