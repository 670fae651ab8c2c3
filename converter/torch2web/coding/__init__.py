"""Entropy coding of stored weights: lossless, near the entropy of each tensor's numbers.

The format is described in web/coder/format.h; the loader decodes with the same WebAssembly.
"""

from torch2web.coding.forms import LARGEST_INTEGER, SMALLEST_HALF
from torch2web.coding.parts import CODING, DamagedPartError, decode_part, encode_parts
from torch2web.coding.size import coded_size, estimated_file_size, file_size

__all__ = [
    "CODING",
    "LARGEST_INTEGER",
    "SMALLEST_HALF",
    "DamagedPartError",
    "coded_size",
    "decode_part",
    "encode_parts",
    "estimated_file_size",
    "file_size",
]
