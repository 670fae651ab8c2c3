"""BMP files of kinds that Pillow reads but does not write, by Microsoft's description of DIBs."""

import random
import struct
from collections.abc import Sequence

_RGB, _RLE8, _RLE4, _BITFIELDS = 0, 1, 2, 3


def top_down(content: bytes) -> bytes:
    """Negative height: rows stored from the top; the image is upside down."""
    (height,) = struct.unpack_from("<i", content, 22)
    return content[:22] + struct.pack("<i", -height) + content[26:]


def os2(width: int, height: int) -> bytes:
    """With OS/2's header of twelve bytes, 24 bits."""
    header = struct.pack("<IHHHH", 12, width, height, 1, 24)
    return _file(header, b"", _noise(height * _row_size(width, 24)))


def sixteen_bits(width: int, height: int, masks: Sequence[int] | None = None) -> bytes:
    """16 bits: five bits per channel, or by `masks`."""
    header = _info_header(width, height, 16, _BITFIELDS if masks else _RGB)
    return _file(header, struct.pack("<3I", *masks) if masks else b"", _noise(height * _row_size(width, 16)))


def thirty_two_bits(width: int, height: int, masks: Sequence[int]) -> bytes:
    """32 bits: channels by three or four `masks`; with four, a header of version 4 or 5."""
    header = _info_header(width, height, 32, _BITFIELDS)
    packed = struct.pack(f"<{len(masks)}I", *masks)
    if len(masks) == 4:
        header = struct.pack("<I", 108) + header[4:] + packed + b"BGRs" + bytes(48)
        packed = b""
    return _file(header, packed, _noise(height * width * 4))


def palette(width: int, height: int, depth: int, colours: int) -> bytes:
    """With a palette of only `colours` entries, all of which are used."""
    source = random.Random(depth)
    rows = []
    for _ in range(height):
        bits = "".join(format(source.randrange(colours), f"0{depth}b") for _ in range(width))
        bits += "0" * (-len(bits) % 32)
        rows.append(int(bits, 2).to_bytes(len(bits) // 8, "big"))
    header = _info_header(width, height, depth, _RGB, colours)
    return _file(header, _palette(colours), b"".join(rows))


def run_lengths(width: int, height: int, depth: int, skips: bool = False) -> bytes:
    """RLE of 8 or 4 bits: runs and literal pixels; `skips` adds jumps over unset pixels."""
    source = random.Random(depth)
    per_byte = 8 // depth
    out = bytearray()
    for row in range(height):
        left = width
        while left:
            count = min(left, source.randint(1, 9))
            if skips and row % 3 == 1 and left == width:
                count = min(left, 4)
                out += bytes([0, 2, count, 0])
            elif count < 3 or source.random() < 0.5:
                out += bytes([count, source.randrange(256)])
            else:
                literal = bytes(source.randrange(256) for _ in range(-(-count // per_byte)))
                out += bytes([0, count]) + literal + bytes(len(literal) % 2)
            left -= count
        out += b"\0\0"
    out += b"\0\1"
    header = _info_header(width, height, depth, _RLE8 if depth == 8 else _RLE4, 0, len(out))
    return _file(header, _palette(2**depth), bytes(out))


def _info_header(
    width: int, height: int, depth: int, compression: int, colours: int = 0, size: int = 0
) -> bytes:
    return struct.pack("<IiiHHIIiiII", 40, width, height, 1, depth, compression, size, 0, 0, colours, 0)


def _file(header: bytes, tables: bytes, pixels: bytes) -> bytes:
    start = 14 + len(header) + len(tables)
    return struct.pack("<2sIHHI", b"BM", start + len(pixels), 0, 0, start) + header + tables + pixels


def _row_size(width: int, depth: int) -> int:
    return (width * depth + 31) // 32 * 4


def _palette(colours: int) -> bytes:
    source = random.Random(colours)
    return b"".join(bytes([*source.randbytes(3), 0]) for _ in range(colours))


def _noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)
