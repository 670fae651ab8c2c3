"""WebP files put together from chunks, by the WebP container specification (RFC 9649, section 2)."""

import struct
from collections.abc import Iterator, Sequence


def picture_chunks(content: bytes) -> bytes:
    """The chunks with the pixels of a still image: ALPH, VP8 and VP8L."""
    return b"".join(chunk for kind, chunk in _chunks(content) if kind in (b"ALPH", b"VP8 ", b"VP8L"))


def animation(
    canvas: tuple[int, int],
    frames: Sequence[tuple[bytes, tuple[int, int], tuple[int, int]]],
    background: bytes = b"\0\0\0\0",
    flags: int = 0,
) -> bytes:
    """An animation of frames: a still WebP, its size and position; `background` is BGRA."""
    out = chunk(b"ANIM", background + b"\0\0")
    for content, (across, down), (left, top) in frames:
        places = [left // 2, top // 2, across - 1, down - 1, 100]
        header = b"".join(map(_three, places)) + bytes([flags])
        out += chunk(b"ANMF", header + picture_chunks(content))
    return extended(canvas, out, 0x12)


def extended(canvas: tuple[int, int], chunks: bytes, flags: int = 0) -> bytes:
    """A file of a VP8X chunk and `chunks`."""
    width, height = canvas
    header = struct.pack("<I", flags) + _three(width - 1) + _three(height - 1)
    return riff(chunk(b"VP8X", header) + chunks)


def riff(chunks: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def _three(value: int) -> bytes:
    return value.to_bytes(3, "little")


def chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at < len(content):
        size = struct.unpack_from("<I", content, at + 4)[0]
        end = at + 8 + size + size % 2
        yield content[at : at + 4], content[at:end]
        at = end
