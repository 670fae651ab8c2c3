"""GIF files that Pillow does not write: frames at an offset, local palettes.

By the "Graphics Interchange Format, Version 89a" specification.
"""

import struct

_EXTENSION, _IMAGE = 0x21, 0x2C


def on_screen(
    content: bytes, width: int, height: int, left: int = 0, top: int = 0, background: int = 0
) -> bytes:
    """Put the first frame at (`left`, `top`) of a screen of another size."""
    changed = bytearray(content)
    changed[6:10] = struct.pack("<HH", width, height)
    changed[11] = background
    at = _first_image(content)
    changed[at + 1 : at + 5] = struct.pack("<HH", left, top)
    return bytes(changed)


def with_local_palette(content: bytes) -> bytes:
    """Move the global palette to the first frame."""
    flags = content[10]
    palette = content[13 : 13 + _table_size(flags)]
    at = _first_image(content)
    screen = content[:10] + bytes([flags & 0x78]) + content[11:13]
    descriptor = content[at : at + 9] + bytes([content[at + 9] | 0x80 | (flags & 7)])
    return screen + content[13 + len(palette) : at] + descriptor + palette + content[at + 10 :]


def without_palette(content: bytes) -> bytes:
    """Remove the global palette: colours are up to the decoder."""
    flags = content[10]
    return content[:10] + bytes([flags & 0x7F]) + content[11:13] + content[13 + _table_size(flags) :]


def _table_size(flags: int) -> int:
    size: int = 3 * 2 ** ((flags & 7) + 1)
    return size if flags & 0x80 else 0


def _first_image(content: bytes) -> int:
    at = 13 + _table_size(content[10])
    while content[at] == _EXTENSION:
        at += 2
        while content[at]:
            at += content[at] + 1
        at += 1
    assert content[at] == _IMAGE
    return at
