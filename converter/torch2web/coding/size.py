"""What a tensor will take in a site, before it is stored."""

import numpy as np
from numpy.typing import NDArray

from torch2web.coding.table import best_table

_HEAD = 5


def coded_size(levels: NDArray[np.integer]) -> int:
    """Bytes of the integers `levels`, from -128 to 127, as a coded segment of their own; 0 for none.

    At most a few bytes more or less than it takes. Small tensors take less, as they share tables with
    their neighbours.
    """
    if not levels.size:
        return 0
    counts = np.bincount(levels.ravel().astype(np.int8).view(np.uint8), minlength=256).astype(np.int64)
    return _HEAD + min(best_table(counts).size, 1 + levels.size)
