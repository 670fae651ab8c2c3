"""PNG files of every colour type, depth and kind of transparency, written chunk by chunk.

No encoder writes them all. The format is the W3C's "Portable Network Graphics (PNG)
Specification (Third Edition)".
"""

import random
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
DEPTHS = {GREY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), RGBA: (8, 16)}
NAMES = {GREY: "grey", RGB: "rgb", PALETTE: "palette", GREY_ALPHA: "grey-alpha", RGBA: "rgba"}
SIGNATURE = b"\x89PNG\r\n\x1a\n"

# Adam7 passes: column and row of the first pixel, and steps to the next ones.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


@dataclass(frozen=True)
class Chunk:
    kind: bytes
    content: bytes

    def encode(self) -> bytes:
        checksum = zlib.crc32(self.kind + self.content)
        return struct.pack(">I", len(self.content)) + self.kind + self.content + struct.pack(">I", checksum)


def png(
    colour: int,
    depth: int,
    width: int,
    height: int,
    *,
    seed: int = 0,
    interlaced: bool = False,
    before: Sequence[Chunk] = (),
    after_palette: Sequence[Chunk] = (),
) -> bytes:
    """A smooth, noisy image; `before` and `after_palette` are chunks before and after PLTE."""
    rows = _samples(colour, depth, width, height, random.Random(seed))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    chunks = [Chunk(b"IHDR", header), *before]
    if colour == PALETTE:
        source = random.Random(seed + 1)
        chunks.append(Chunk(b"PLTE", bytes(source.randrange(256) for _ in range(3 * 2**depth))))
    chunks += after_palette
    raw = zlib.compress(_scanlines(rows, colour, depth, interlaced))
    middle = len(raw) // 2  # in two chunks, as large files are
    chunks += [Chunk(b"IDAT", raw[:middle]), Chunk(b"IDAT", raw[middle:]), Chunk(b"IEND", b"")]
    return SIGNATURE + b"".join(chunk.encode() for chunk in chunks)


def _samples(
    colour: int, depth: int, width: int, height: int, source: random.Random
) -> list[list[list[int]]]:
    """[row][column][channel], each below 2**depth."""
    top: int = 2**depth - 1
    noise = max(1, top // 6)

    def value(x: int, y: int, channel: int) -> int:
        ramp: int = (x * (3 + channel) + y * (5 - channel)) * top // (4 * (width + height))
        return max(0, min(top, ramp + source.randint(-noise, noise)))

    channels = CHANNELS[colour]
    if colour == PALETTE:
        return [[[source.randint(0, top)] for _ in range(width)] for _ in range(height)]
    return [[[value(x, y, c) for c in range(channels)] for x in range(width)] for y in range(height)]


def _scanlines(rows: list[list[list[int]]], colour: int, depth: int, interlaced: bool) -> bytes:
    stride = max(1, CHANNELS[colour] * depth // 8)
    if not interlaced:
        return b"".join(_filtered((_pack(row, depth) for row in rows), stride))
    passes = []
    for column, row, across, down in _ADAM7:
        picked = [line[column::across] for line in rows[row::down]]
        if picked and picked[0]:
            passes.append(b"".join(_filtered((_pack(line, depth) for line in picked), stride)))
    return b"".join(passes)


def _pack(row: list[list[int]], depth: int) -> bytes:
    values = [value for pixel in row for value in pixel]
    if depth == 16:
        return struct.pack(f">{len(values)}H", *values)
    bits = "".join(format(value, f"0{depth}b") for value in values)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def _filtered(lines: Iterator[bytes], stride: int) -> Iterator[bytes]:
    """Filter the lines with the five filters in turn."""
    above = b""
    for number, line in enumerate(lines):
        above = above or bytes(len(line))
        kind = number % 5
        out = bytearray()
        for at, value in enumerate(line):
            left = line[at - stride] if at >= stride else 0
            corner = above[at - stride] if at >= stride else 0
            guess = (0, left, above[at], (left + above[at]) // 2, _paeth(left, above[at], corner))[kind]
            out.append((value - guess) & 255)
        yield bytes([kind]) + bytes(out)
        above = line


def _paeth(left: int, up: int, corner: int) -> int:
    estimate = left + up - corner
    distances = (abs(estimate - left), abs(estimate - up), abs(estimate - corner))
    return (left, up, corner)[distances.index(min(distances))]


def chunks_of(content: bytes) -> list[Chunk]:
    at = len(SIGNATURE)
    chunks = []
    while at < len(content):
        size = struct.unpack_from(">I", content, at)[0]
        chunks.append(Chunk(content[at + 4 : at + 8], content[at + 8 : at + 8 + size]))
        at += size + 12
    return chunks


def joined(chunks: Sequence[Chunk]) -> bytes:
    return SIGNATURE + b"".join(chunk.encode() for chunk in chunks)


def in_pieces(content: bytes, size: int, empty_every: int = 0) -> bytes:
    """Split IDAT into chunks of `size` bytes, with empty chunks in between."""
    out = []
    data = b"".join(chunk.content for chunk in chunks_of(content) if chunk.kind == b"IDAT")
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    for chunk in chunks_of(content):
        if chunk.kind == b"IEND":
            for number, piece in enumerate(pieces):
                out.append(Chunk(b"IDAT", piece))
                if empty_every and number % empty_every == 0:
                    out.append(Chunk(b"IDAT", b""))
        if chunk.kind != b"IDAT":
            out.append(chunk)
    return joined(out)


def with_short_palette(content: bytes, colours: int) -> bytes:
    """With a palette of fewer colours than the pixels use."""
    return joined(
        [
            Chunk(chunk.kind, chunk.content[: 3 * colours]) if chunk.kind == b"PLTE" else chunk
            for chunk in chunks_of(content)
        ]
    )


def with_wrong_checksum(content: bytes, kind: bytes) -> bytes:
    """Change the CRC of the first chunk of a kind."""
    at = content.index(kind)
    end = at + 4 + struct.unpack_from(">I", content, at - 4)[0]
    return content[:end] + bytes([content[end] ^ 1]) + content[end + 1 :]
