"""Small files that declare, or decompress to, unreasonably large images."""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.corpus import bmp as b
from tests.corpus import gif as g
from tests.corpus import jpeg as j
from tests.corpus import png as p
from tests.corpus import webp as w
from tests.corpus.corpus_file import CorpusFile, encoded

LIMIT = 2 * (Image.MAX_IMAGE_PIXELS or 0)
"""Pixels above which Pillow raises DecompressionBombError."""

_SIDE = 16_000
"""Width and height over the limit that every format can hold."""


def bombs() -> Iterator[CorpusFile]:
    """Files over Pillow's pixel limit."""
    image = j.picture(16, 16)
    palette = image.quantize(16)
    for name, content in {
        "jpeg.jpg": j.resampled(j.jpeg(image), (), 20_000, 20_000),
        "jpeg-progressive.jpg": j.resampled(j.jpeg(image, progressive=True), (), 20_000, 20_000),
        "just-over.png": _png_of(LIMIT // 2 + 1, 2),
        "png.png": _png_of(2**31 - 1, 2**31 - 1),
        "gif-screen.gif": g.on_screen(encoded(palette, "GIF"), 23_000, 23_000),
        "gif-frame.gif": _gif_frame(encoded(palette, "GIF"), 23_000, 23_000),
        "gif-placed.gif": g.on_screen(encoded(palette, "GIF"), 16, 16, 60_000, 60_000),
        "bmp.bmp": _bmp_of(encoded(image, "BMP"), 14, 1, 268_435_456),
        "bmp-runs.bmp": _bmp_of(b.run_lengths(16, 16, 8), 14, 1, 268_435_456),
        "bmp-top-down.bmp": _bmp_of(encoded(image, "BMP"), 14, 20_000, -20_000 & 0xFFFFFFFF),
        "os2.bmp": _patched(b.os2(16, 16), 18, "<HH", 60_000, 60_000),
        "dib.bmp": _bmp_of(encoded(image, "BMP"), 14, 1, 268_435_456)[14:],
        "ico-bmp.ico": _bmp_of(encoded(image, "ICO", bitmap_format="bmp"), 22, 20_000, 20_000),
        "ico-png.ico": _icon_of(_png_of(20_000, 20_000)),
        "webp.webp": _webp_of(encoded(image, "WEBP")),
        "webp-lossless.webp": _lossless_of(encoded(image, "WEBP", lossless=True)),
        "webp-canvas.webp": w.animation((_SIDE, _SIDE), [(encoded(image, "WEBP"), (16, 16), (0, 0))]),
        "avif.avif": _avif_of(encoded(image, "AVIF")),
    }.items():
        yield CorpusFile("bomb", name, content)


def surplus_pixels(size: int) -> bytes:
    """A PNG of one pixel whose data decompress to `size` bytes; Pillow reads the pixel."""
    compressor = zlib.compressobj(9)
    block = bytes(2**20)
    data = b"".join(compressor.compress(block) for _ in range(size // len(block))) + compressor.flush()
    return p.joined([p.Chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)), p.Chunk(b"IDAT", data)])


def large_text(size: int) -> bytes:
    """A PNG with a text chunk that decompresses to `size` bytes; Pillow refuses more than one MiB."""
    chunk = p.Chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(size), 9))
    return p.png(p.RGB, 8, 4, 4, before=[chunk])


def _png_of(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return p.joined([p.Chunk(b"IHDR", header), p.Chunk(b"IDAT", zlib.compress(bytes(100)))])


def _patched(content: bytes, at: int, form: str, *values: int) -> bytes:
    return content[:at] + struct.pack(form, *values) + content[at + struct.calcsize(form) :]


def _gif_frame(content: bytes, width: int, height: int) -> bytes:
    return _patched(content, content.index(b",", 13 + 3 * 16) + 5, "<HH", width, height)


def _bmp_of(content: bytes, header: int, width: int, height: int) -> bytes:
    return _patched(content, header + 4, "<II", width, height)


def _icon_of(image: bytes) -> bytes:
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 0, 0, 0, 0, 1, 32, len(image), 22) + image


def _webp_of(content: bytes) -> bytes:
    return _patched(content, content.index(b"\x9d\x01\x2a") + 3, "<HH", _SIDE, _SIDE)


def _lossless_of(content: bytes) -> bytes:
    at = content.index(b"VP8L") + 9
    (bits,) = struct.unpack_from("<I", content, at)
    return _patched(content, at, "<I", bits & ~0xFFFFFFF | (_SIDE - 1) << 14 | (_SIDE - 1))


def _avif_of(content: bytes) -> bytes:
    return _patched(content, content.index(b"ispe") + 8, ">II", _SIDE, _SIDE)
