"""What weights will take in a site, before they are stored."""

import numpy as np
from numpy.typing import NDArray

from torch2web.coding.forms import form_of
from torch2web.coding.segments import estimated_bytes, segments_of, spans_of
from torch2web.coding.table import best_table, counts_of

_HEAD = 5

_LARGE = 8 * 2**20


def coded_size(numbers: NDArray[np.integer] | NDArray[np.float16]) -> int:
    """Bytes of integers from -128 to 127, or of float16, as a coded segment of their own; 0 for none.

    At most a few bytes more or less than it takes. Small tensors take less, as they share tables with
    their neighbours.
    """
    if not numbers.size:
        return 0
    halves = numbers.dtype == np.float16
    stored = np.ascontiguousarray(numbers if halves else numbers.astype(np.int8))
    raw = stored.reshape(-1).view(np.uint8)
    planes = form_of(raw, "F16" if halves else "I8").planes(raw)
    return _HEAD + sum(min(best_table(counts_of(plane)).size, 1 + numbers.size) for plane in planes)


def file_size(content: bytes) -> int:
    """Bytes of the safetensors file `content` as coded; at most a few more or less for each tensor."""
    return sum(segment.size for segment in segments_of(content, spans_of(content), 0, len(content)))


def estimated_file_size(content: bytes) -> int:
    """`file_size`, but of files from 8 MiB on an estimate within 2 %: all their tables would take seconds."""
    return file_size(content) if len(content) < _LARGE else estimated_bytes(content)
