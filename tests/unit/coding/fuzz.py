"""Random and altered parts for the sanitized decoder: `python -m tests.unit.coding.fuzz LIBRARY SEED COUNT`.

Each buffer is an allocation of its own, so that a read or write outside of it ends the process.
"""

import sys
from collections import Counter
from ctypes import CDLL, c_uint32, create_string_buffer

import numpy as np

from tests.unit.coding.cases import file_of, tensors
from torch2web.coding import encode_parts

_INTERESTING = (0, 1, 2, 4, 7, 8, 12, 13, 31, 32, 61, 62, 127, 128, 254, 255)


def decode(library: CDLL, coded: bytes, size: int) -> bytes | None:
    """What the decoder writes; None where it refuses `coded`."""
    source = create_string_buffer(coded, len(coded)) if coded else create_string_buffer(1)
    out = create_string_buffer(size) if size else create_string_buffer(1)
    code = library.decode(source, c_uint32(len(coded)), out, c_uint32(size))
    assert code in (0, 1), code
    return None if code else out.raw[:size]


def damage(coded: bytes, random: np.random.Generator) -> bytes:
    """Bytes are changed, removed, doubled or cut off; most near the start of a segment."""
    content = bytearray(coded)
    for _ in range(random.integers(1, 4)):
        reach = len(content) if random.integers(2) else min(len(content), 80)
        if not reach:
            break
        at = int(random.integers(reach))
        match random.integers(5):
            case 0:
                content[at] = int(random.choice(_INTERESTING))
            case 1:
                content[at] ^= 1 << int(random.integers(8))
            case 2:
                del content[at : at + int(random.integers(1, 9))]
            case 3:
                content[at:at] = content[at : at + int(random.integers(1, 40))]
            case _:
                del content[max(at, 1) :]
    return bytes(content)


def main(library: CDLL, seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    wholes = []
    for name in tensors():
        content = file_of(name)
        for coded, size in encode_parts(content, 3000):
            if size is not None:
                wholes.append((coded, size))
                assert decode(library, coded, size) is not None
    outcomes: Counter[str] = Counter()
    for _ in range(count):
        coded, size = wholes[int(random.integers(len(wholes)))]
        if random.integers(4) == 0:
            coded = bytes([int(random.choice((1, 2, 4, 32, 61)))]) + random.bytes(int(random.integers(300)))
        else:
            coded = damage(coded, random)
        if random.integers(4) == 0:
            size = int(random.integers(2 * size))
        outcomes["refused" if decode(library, coded, size) is None else "decoded"] += 1
    print(dict(outcomes))
    assert outcomes["refused"] > count / 2, outcomes


if __name__ == "__main__":
    main(CDLL(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
