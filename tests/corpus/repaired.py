"""Damaged and malformed files, most of which Pillow reads: junk, padding, missing ends, wrong sizes."""

import struct
import zlib
from collections.abc import Iterator, Mapping

from tests.corpus import bmp as b
from tests.corpus import gif as g
from tests.corpus import jpeg as j
from tests.corpus import png as p
from tests.corpus.corpus_file import CorpusFile, encoded

_KIND = "repaired"


def repaired_files() -> Iterator[CorpusFile]:
    makers = {"jpg": _jpegs(), "png": _pngs(), "gif": _gifs(), "bmp": _bmps(), "ico": _icons()}
    for ending, files in makers.items():
        for name, content in files:
            yield CorpusFile(_KIND, f"{name}.{ending}", content)


def _jpegs() -> Iterator[tuple[str, bytes]]:
    image = j.picture(40, 30)
    kinds = {
        "420": j.jpeg(image, subsampling="4:2:0"),
        "grey": j.jpeg(image.convert("L")),
        "progressive": j.jpeg(image, progressive=True),
        "restart": j.jpeg(image, restart_marker_blocks=3),
        "cmyk": j.jpeg(j.picture(40, 30, mode="CMYK")),
    }
    junk = {
        "zeros": bytes(7),
        "text": b"junk",
        "fill": b"\xff\xff\xff",
        "stuffing": b"\xff\x00",
        "restart": b"\xff\xd3",
        "temporary": b"\xff\x01",
        "unknown": b"\xff\x30",
        "end": b"\xff\xd9",
        "start": b"\xff\xd8",
        "restart-marker-text": b"ab\xff\xd0cd",
    }
    for kind, content in kinds.items():
        tables, scan, behind = content.index(b"\xff\xdb"), content.index(b"\xff\xda"), len(content) - 2
        for name, piece in junk.items():
            for place, at in (("tables", tables), ("scan", scan), ("end", behind)):
                yield f"{kind}-{name}-before-{place}", content[:at] + piece + content[at:]
        yield f"{kind}-leading-zeros", bytes(2) + content
        yield f"{kind}-no-end", content[:-2]
        yield f"{kind}-half-end", content[:-1]
        for size in (1, 4, 6, 7, 8, 9, 16, 70_000):
            yield f"{kind}-{size}-zeros-for-end", content[:-2] + bytes(size)
        for missing in range(1, 12):
            yield f"{kind}-{missing}-bytes-missing", content[: -2 - missing]
        for marker in (0xDC, 0xC4, 0xDD, 0xDA, 0xC0, 0xE0, 0xFE):
            segment = j.segment(marker, bytes(2))
            yield f"{kind}-{marker:x}-behind", content[:-2] + segment + content[-2:]
            yield f"{kind}-{marker:x}-for-end", content[:-2] + segment
            for size in (2, 3, 5):
                yield f"{kind}-{marker:x}-behind-cut-{size}", content[:-2] + segment[:size]
    large = j.jpeg(j.picture(800, 500), quality=95)
    for missing in range(2, 16):
        yield f"large-{missing}-bytes-missing", large[:-missing]
    base = kinds["420"]
    at = base.index(b"\xff\xc4") + 2
    without = base[: at - 2] + base[at + int.from_bytes(base[at : at + 2], "big") :]
    yield "table-missing", without
    yield "table-missing-cut", without[:-40]
    segments = {
        "short-jfif": (0xE0, b"JFIF\0\1"),
        "short-adobe": (0xEE, b"Adobe"),
        "adobe-rgb-short": (0xEE, b"Adobe\0\0\0\0\0\0"),
        "adobe-rgb": (0xEE, b"Adobe\0\0\0\0\0\0\0"),
        "short-profile": (0xE2, b"ICC_PROFILE\0"),
        "empty-app1": (0xE1, b""),
        "broken-mpo": (0xE2, b"MPF\0" + bytes(20)),
    }
    for name, (marker, inner) in segments.items():
        yield name, j.with_segment(base, marker, inner)
    yield "comment-of-size-0", base[:2] + b"\xff\xfe\0\0" + base[2:]
    at = kinds["progressive"].rindex(b"\xff\xda")
    yield "last-scan-missing", kinds["progressive"][:at] + b"\xff\xd9"


def _pngs() -> Iterator[tuple[str, bytes]]:
    for kind, interlaced in {"rgb": False, "interlaced": True}.items():
        whole = p.png(p.RGB, 8, 20, 15, interlaced=interlaced)
        raw = zlib.decompress(b"".join(c.content for c in p.chunks_of(whole) if c.kind == b"IDAT"))
        row = 1 + 3 * 20
        data = zlib.compress(raw)
        wrong = data[:-4] + bytes(4)
        late = p.Chunk(b"tEXt", b"a\0b")
        for name, pieces in {
            "padded": [data + bytes(9)],
            "wrong-checksum": [wrong],
            "wrong-checksum-apart": [wrong[:-4], wrong[-4:]],
            "wrong-checksum-half-apart": [wrong[:-2], wrong[-2:]],
            "no-checksum": [data[:-4]],
            "no-end-of-block": [data[:-6]],
            "surplus-lines": [zlib.compress(raw + bytes(500))],
            "surplus-byte": [zlib.compress(raw + b"\0")],
            "line-missing": [zlib.compress(raw[:-row])],
            "line-missing-padded": [zlib.compress(raw[:-row]), b""],
            "line-missing-checksum-apart": [zlib.compress(raw[:-row])[:-4], zlib.compress(raw[:-row])[-4:]],
            "lines-missing": [zlib.compress(raw[: 5 * row])],
            "byte-missing": [zlib.compress(raw[:-1])],
            "stored": [zlib.compress(raw, 0)],
            "byte-by-byte": [data[at : at + 1] for at in range(len(data))],
            "unknown-filter": [zlib.compress(b"\x07" + raw[1:])],
            "unknown-filter-behind": [zlib.compress(raw + b"\x07")],
            "second-stream": [data + data],
            "header-of-zlib": [b"\x58" + data[1:]],
            "empty": [b""],
        }.items():
            yield f"{kind}-{name}", _with_pixels(whole, pieces)
        yield f"{kind}-late-pixels", _with_pixels(whole, [data], behind=[p.Chunk(b"IDAT", b"late"), late])
        yield f"{kind}-between", _with_pixels(whole, [data[:50]], behind=[late, p.Chunk(b"IDAT", data[50:])])
        yield f"{kind}-between-late", _with_pixels(whole, [data], behind=[late])
        for cut in (1, 4, 8, 11, 12, 13, 16, 17, 20, 24, 26, 28):
            yield f"{kind}-cut-{cut}", whole[:-cut]
            yield f"{kind}-late-cut-{cut}", _with_pixels(whole, [data], behind=[late, late])[:-cut]
        for chunk_kind in (
            b"gAMA",
            b"cHRM",
            b"sRGB",
            b"pHYs",
            b"tRNS",
            b"acTL",
            b"fcTL",
            b"fdAT",
            b"iCCP",
            b"zTXt",
        ):
            for content in (b"", b"\1", b"\0\1", bytes(40)):
                chunk = p.Chunk(chunk_kind, content)
                label = f"{kind}-{chunk_kind.decode()}-{len(content)}-{content[:1].hex()}"
                yield label, p.png(p.RGB, 8, 20, 15, before=[chunk], interlaced=interlaced)
                yield f"{label}-late", _with_pixels(whole, [data], behind=[chunk])
    indexed = p.chunks_of(p.png(p.PALETTE, 4, 20, 15))
    yield "no-palette", p.joined([chunk for chunk in indexed if chunk.kind != b"PLTE"])
    yield "palette-first", p.joined([indexed[1], indexed[0], *indexed[2:]])
    yield "palette-of-7-bytes", p.joined([indexed[0], p.Chunk(b"PLTE", bytes(range(1, 8))), *indexed[2:]])
    yield "two-headers", p.joined([indexed[0], *indexed])
    two = encoded(j.picture(20, 15), "PNG", save_all=True, append_images=[j.picture(20, 15, 2)])
    animated = p.chunks_of(two)
    control = [chunk for chunk in animated if chunk.kind == b"acTL"]
    yield "animated-late-control", p.joined([*animated[:4], *control, *animated[4:]])
    yield "animated-control-moved", p.joined([animated[0], *animated[2:4], *control, *animated[4:]])
    yield "animated-frames-together", p.joined([*animated[:3], animated[4], animated[3], *animated[5:]])
    yield "unknown-chunk", p.joined([indexed[0], p.Chunk(b"a_1Z", b""), *indexed[1:]])
    yield "impossible-chunk", p.joined([*indexed[:-1], p.Chunk(b"a-1Z", b""), indexed[-1]])


def _with_pixels(content: bytes, pieces: list[bytes], behind: list[p.Chunk] | None = None) -> bytes:
    chunks = p.chunks_of(content)
    header = [chunk for chunk in chunks if chunk.kind not in (b"IDAT", b"IEND")]
    return p.joined([*header, *(p.Chunk(b"IDAT", piece) for piece in pieces), *(behind or []), chunks[-1]])


def _gifs() -> Iterator[tuple[str, bytes]]:
    image = j.picture(30, 20).quantize(32)
    for name, content in {
        "plain": encoded(image, "GIF"),
        "interlaced": encoded(image, "GIF", interlace=1),
        "transparent": encoded(image, "GIF", transparency=5),
    }.items():
        at = g._first_image(content)
        for junk in (
            b"\0",
            b"\0\0\0",
            b"junk",
            b"\xff\xff",
            b";",
            b"!",
            b"!\xfe\0",
            b"!\xf9\0\0",
            b"!\xf9\x01\x01\0",
        ):
            yield f"{name}-{junk.hex()}-before", content[:at] + junk + content[at:]
        yield f"{name}-empty-block", content[: at + 11] + b"\0\0" + content[at + 11 :]
        yield f"{name}-netscape-empty", content[:at] + b"!\xff\x0bNETSCAPE2.0\0\0" + content[at:]
        for cut in range(1, 9):
            yield f"{name}-cut-{cut}", content[:-cut]
        for bits in (0, 2, 8, 11, 12, 13):
            yield f"{name}-bits-{bits}", content[: at + 10] + bytes([bits]) + content[at + 11 :]
        yield f"{name}-lower", _resized(content, at, 30, 12)
        yield f"{name}-higher", _resized(content, at, 30, 40)
        yield f"{name}-narrower", _resized(content, at, 17, 20)
        yield f"{name}-empty", _resized(content, at, 0, 20)
        local = g.with_local_palette(content)
        yield f"{name}-local", local
        where = g._first_image(local) + 10
        size = 3 << (local[where - 1] & 7) + 1
        greys = bytes(i // 3 for i in range(size))
        grey = local[:where] + greys + local[where + size :]
        yield f"{name}-local-greys", grey
        yield f"{name}-global-and-local-greys", _with_global(grey, content)
        yield f"{name}-global-greys", content[:13] + greys + content[13 + size :]


def _resized(content: bytes, at: int, width: int, height: int) -> bytes:
    return content[: at + 5] + struct.pack("<HH", width, height) + content[at + 9 :]


def _with_global(content: bytes, source: bytes) -> bytes:
    """With the global palette of another file."""
    size = 3 << (source[10] & 7) + 1
    return content[:10] + source[10:11] + content[11:13] + source[13 : 13 + size] + content[13:]


def _bmps() -> Iterator[tuple[str, bytes]]:
    greys = bytes(value for i in range(256) for value in (i, i, i, 0))
    black_white = bytes([0, 0, 0, 0, 255, 255, 255, 0])
    colours = bytes(range(256)) * 8
    for depth in (1, 4, 8):
        for count in (0, 1, 2, 3, 15, 16, 17, 255, 256, 257, 300, 70_000):
            for name, palette in (("colours", colours), ("greys", greys), ("black-white", black_white * 256)):
                stored = palette[: 4 * (count or 2**depth)]
                yield f"{depth}-{count}-{name}", _bmp(40, 9, depth, count, stored)
    for name, content in {
        "rle-8": b.run_lengths(35, 23, 8),
        "rle-4": b.run_lengths(35, 23, 4, skips=True),
        "rgb": encoded(j.picture(35, 23), "BMP"),
        "os2": b.os2(35, 23),
        "palette": b.palette(35, 23, 4, 5),
    }.items():
        yield f"{name}-without-header", content[14:]
        for cut in range(1, 5):
            yield f"{name}-cut-{cut}", content[:-cut]
        yield f"{name}-start-0", _patched(content, 10, "<I", 0)
        yield f"{name}-start-after-header", _patched(content, 10, "<I", 54)
        if name != "os2":
            yield f"{name}-width-0", _patched(content, 18, "<i", 0)
            yield f"{name}-negative-width", _patched(content, 18, "<i", -35)
            yield f"{name}-top-down", _patched(content, 22, "<i", -23)
            yield f"{name}-narrower", _patched(content, 18, "<i", 31)
            yield f"{name}-lower", _patched(content, 22, "<i", 20)
            yield f"{name}-higher", _patched(content, 22, "<i", 24)
            for colours_used in (2, 5, 200, 256, 260):
                yield f"{name}-{colours_used}-colours", _patched(content, 46, "<I", colours_used)
            for compression in range(6):
                yield f"{name}-compression-{compression}", _patched(content, 30, "<I", compression)
            for depth in (0, 1, 2, 4, 8, 16, 24, 32, 64):
                yield f"{name}-depth-{depth}", _patched(content, 28, "<H", depth)


def _bmp(width: int, height: int, depth: int, colours: int, palette: bytes) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, depth, 0, 0, 0, 0, colours, 0)
    return b._file(header, palette, b._noise(height * b._row_size(width, depth)))


def _patched(content: bytes, at: int, form: str, value: int) -> bytes:
    return content[:at] + struct.pack(form, value) + content[at + struct.calcsize(form) :]


def _icons() -> Iterator[tuple[str, bytes]]:
    sizes = [(16, 16), (32, 32)]
    images: Mapping[str, bytes] = {
        f"{form}-{mode}": encoded(j.picture(32, 32, mode=mode), "ICO", sizes=sizes, bitmap_format=form)
        for form in ("png", "bmp")
        for mode in ("RGB", "RGBA", "L")
    }
    for name, content in images.items():
        for cut in (1, 12, 100, 140):
            yield f"{name}-cut-{cut}", content[:-cut]
        for entry in (6, 22):
            yield f"{name}-{entry}-size-1", _patched(content, entry + 8, "<I", 1)
            yield f"{name}-{entry}-huge-size", _patched(content, entry + 8, "<I", 2**31)
            yield f"{name}-{entry}-start-0", _patched(content, entry + 12, "<I", 0)
            for bits in (0, 1, 8, 24, 32, 33):
                yield f"{name}-{entry}-bits-{bits}", _patched(content, entry + 6, "<H", bits)
            for size in ((0, 0), (32, 32), (16, 32), (1, 200)):
                yield (
                    f"{name}-{entry}-{size[0]}x{size[1]}",
                    _patched(content, entry, "<H", size[0] + 256 * size[1]),
                )
        for count in (0, 1, 2, 3, 99):
            yield f"{name}-{count}-entries", _patched(content, 4, "<H", count)
