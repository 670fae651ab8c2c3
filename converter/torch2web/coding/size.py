"""What weights will take in a site, before they are stored."""

import numpy as np
from numpy.typing import NDArray

from torch2web.coding.segments import Span, counts_of, estimated_bytes, planes_of, segments_of, spans_of
from torch2web.coding.table import best_table

_HEAD = 5

_LARGE = 8 * 2**20


def coded_size(numbers: NDArray[np.integer] | NDArray[np.float16]) -> int:
    """Bytes of integers from -128 to 127, or of float16, as a coded segment of their own; 0 for none.

    At most a few bytes more or less than it takes. Small tensors take less, as they share tables with
    their neighbours.
    """
    if not numbers.size:
        return 0
    stored = numbers if numbers.dtype == np.float16 else numbers.astype(np.int8)
    content = np.ascontiguousarray(stored).tobytes()
    planes = planes_of(content, Span(0, len(content), stored.itemsize))
    return _HEAD + sum(min(best_table(counts_of(plane)).size, 1 + numbers.size) for plane in planes)


def file_size(content: bytes) -> int:
    """Bytes of the safetensors file `content` as coded; at most a few more or less for each tensor."""
    return sum(segment.size for segment in segments_of(content, spans_of(content), 0, len(content)))


def estimated_file_size(content: bytes) -> int:
    """`file_size`, but of files from 8 MiB on an estimate within 2 %: all their tables would take seconds."""
    return file_size(content) if len(content) < _LARGE else estimated_bytes(content)
