"""Mutations as by transfers, editors, faulty encoders and attackers."""

import struct
import zlib
from collections.abc import Callable
from random import Random

from tests.corpus.pieces import pieces_of

Mutation = Callable[[bytes, str, Random], bytes]


def mutate(content: bytes, kind: str, name: str, source: Random) -> bytes:
    """Apply one mutation of MUTATIONS by name, or two in a row."""
    return MUTATIONS[name](content, kind, source)


def _flip(content: bytes, kind: str, source: Random) -> bytes:
    """Change bytes anywhere."""
    return _changed(
        content, source, [source.randrange(len(content)) for _ in range(source.choice((1, 1, 3)))]
    )


def _flip_header(content: bytes, kind: str, source: Random) -> bytes:
    """Change a byte near the start of a part, where sizes and flags are."""
    start, piece = _piece(content, kind, source)
    return _changed(content, source, [start + source.randrange(min(len(piece), 20))])


def _flip_and_mend(content: bytes, kind: str, source: Random) -> bytes:
    """Change a byte of a part and correct its checksum, if it has one."""
    start, piece = _piece(content, kind, source)
    at = start + source.randrange(len(piece))
    changed = _changed(content, source, [at])
    return _with_checksums(changed, content, kind) if kind in ("png", "ico") else changed


def _cut(content: bytes, kind: str, source: Random) -> bytes:
    return content[: source.randrange(1, len(content))]


def _cut_end(content: bytes, kind: str, source: Random) -> bytes:
    return content[: -source.randint(1, min(24, len(content) - 1))]


def _lose(content: bytes, kind: str, source: Random) -> bytes:
    at = source.randrange(len(content))
    return content[:at] + content[at + source.randint(1, 40) :]


def _insert(content: bytes, kind: str, source: Random) -> bytes:
    at = source.randrange(len(content))
    return content[:at] + _junk(source) + content[at:]


def _junk_between(content: bytes, kind: str, source: Random) -> bytes:
    pieces = pieces_of(content, kind)
    pieces.insert(source.randint(0, len(pieces)), _junk(source))
    return b"".join(pieces)


def _swap(content: bytes, kind: str, source: Random) -> bytes:
    pieces = pieces_of(content, kind)
    one, other = source.randrange(len(pieces)), source.randrange(len(pieces))
    pieces[one], pieces[other] = pieces[other], pieces[one]
    return b"".join(pieces)


def _drop(content: bytes, kind: str, source: Random) -> bytes:
    pieces = pieces_of(content, kind)
    del pieces[source.randrange(len(pieces))]
    return b"".join(pieces)


def _repeat(content: bytes, kind: str, source: Random) -> bytes:
    pieces = pieces_of(content, kind)
    at = source.randrange(len(pieces))
    return b"".join([*pieces[:at], pieces[at], *pieces[at:]])


def _wrong_size(content: bytes, kind: str, source: Random) -> bytes:
    """Make an integer of two or four bytes near the start of a part a little larger or smaller, or huge."""
    start, piece = _piece(content, kind, source)
    big = kind in ("jpeg", "png", "avif")
    form = (">" if big else "<") + source.choice("HI")
    size = struct.calcsize(form)
    at = min(start + source.randrange(min(len(piece), 20)), len(content) - size)
    (value,) = struct.unpack_from(form, content, at)
    value += source.choice((-17, -4, -2, -1, 1, 2, 4, 17, 5000, 256**size // 2))
    return content[:at] + struct.pack(form, value % 256**size) + content[at + size :]


def _zeros(content: bytes, kind: str, source: Random) -> bytes:
    """Replace a range by zeros, as after an interrupted download."""
    at = source.randrange(len(content))
    size = min(source.choice((2, 16, 300)), len(content) - at)
    return content[:at] + bytes(size) + content[at + size :]


def _append(content: bytes, kind: str, source: Random) -> bytes:
    return content + _junk(source)


MUTATIONS: dict[str, Mutation] = {
    "flip": _flip,
    "flip-header": _flip_header,
    "flip-mended": _flip_and_mend,
    "cut": _cut,
    "cut-end": _cut_end,
    "lose": _lose,
    "insert": _insert,
    "junk-between": _junk_between,
    "swap": _swap,
    "drop": _drop,
    "repeat": _repeat,
    "wrong-size": _wrong_size,
    "zeros": _zeros,
    "append": _append,
}


def _junk(source: Random) -> bytes:
    size = source.choice((1, 2, 3, 8, 100))
    return source.choice((bytes(size), source.randbytes(size), b"\xff" * size, b"junk " * size))


def _piece(content: bytes, kind: str, source: Random) -> tuple[int, bytes]:
    pieces = pieces_of(content, kind)
    number = source.randrange(len(pieces))
    return sum(map(len, pieces[:number])), pieces[number]


def _changed(content: bytes, source: Random, places: list[int]) -> bytes:
    changed = bytearray(content)
    for at in places:
        changed[at] ^= source.choice((1 << source.randrange(8), source.randrange(1, 256)))
    return bytes(changed)


def _with_checksums(changed: bytes, original: bytes, kind: str) -> bytes:
    """Recompute the CRC of every chunk of the original's layout."""
    out, at = bytearray(changed), 0
    for piece in pieces_of(original, kind):
        body = bytes(out[at + 4 : at + len(piece) - 4])
        if len(piece) >= 12 and piece[-4:] == struct.pack(">I", zlib.crc32(piece[4:-4])):
            out[at + len(piece) - 4 : at + len(piece)] = struct.pack(">I", zlib.crc32(body))
        at += len(piece)
    return bytes(out)
