"""Splits image files into their parts: segments, chunks, blocks, boxes, headers."""

import struct
from collections.abc import Callable, Iterator


def pieces_of(content: bytes, kind: str) -> list[bytes]:
    """The parts of `content`, in order; joined they give `content`."""
    cuts = sorted({at for at in _BORDERS[kind](content) if 0 < at < len(content)})
    return [content[start:end] for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True)]


def _jpeg(content: bytes) -> Iterator[int]:
    at = 2
    yield at
    while content[at + 1] != 0xD9:
        size = struct.unpack_from(">H", content, at + 2)[0]
        scan = content[at + 1] == 0xDA
        at += 2 + size
        yield at
        if scan:
            while content[at] != 0xFF or content[at + 1] == 0 or 0xD0 <= content[at + 1] <= 0xD7:
                at += 1
            yield at


def _png(content: bytes) -> Iterator[int]:
    at = 8
    while at < len(content):
        yield at
        at += 12 + struct.unpack_from(">I", content, at)[0]


def _gif(content: bytes) -> Iterator[int]:
    yield 13
    at = 13 + _table(content[10])
    while content[at] != 0x3B:
        yield at
        if content[at] == 0x2C:
            flags = content[at + 9]
            yield at + 10
            at += 11 + _table(flags)
        else:
            at += 2
        while content[at]:
            yield at
            at += content[at] + 1
        at += 1
    yield at


def _table(flags: int) -> int:
    size: int = 3 << (flags & 7) + 1
    return size if flags & 0x80 else 0


def _webp(content: bytes) -> Iterator[int]:
    at = 12
    while at < len(content):
        yield at
        kind, size = struct.unpack_from("<4sI", content, at)
        if kind == b"ANMF":
            yield at + 24
        at += 8 + size + size % 2


def _avif(content: bytes, start: int = 0, end: int | None = None) -> Iterator[int]:
    at, end = start, len(content) if end is None else end
    while at + 8 <= end:
        yield at
        size, kind = struct.unpack_from(">I4s", content, at)
        header = {b"meta": 12, b"iprp": 8, b"ipco": 8, b"moov": 8, b"trak": 8, b"mdia": 8, b"minf": 8}.get(
            kind
        )
        if header:
            yield from _avif(content, at + header, at + size)
        at += size


def _bmp(content: bytes) -> Iterator[int]:
    yield 14
    yield 14 + struct.unpack_from("<I", content, 14)[0]
    yield struct.unpack_from("<I", content, 10)[0]


def _ico(content: bytes) -> Iterator[int]:
    count = struct.unpack_from("<H", content, 4)[0]
    for entry in range(count):
        at = 6 + 16 * entry
        yield at
        start = struct.unpack_from("<I", content, at + 12)[0]
        yield start
        if content[start] == 0x89:
            yield from (start + border for border in _png(content[start:]))
        else:
            yield start + 40


_BORDERS: dict[str, Callable[[bytes], Iterator[int]]] = {
    "jpeg": _jpeg,
    "png": _png,
    "gif": _gif,
    "webp": _webp,
    "avif": _avif,
    "bmp": _bmp,
    "ico": _ico,
}
