"""PNG files with unusual structure, and damaged ones."""

from collections.abc import Iterator

from tests.corpus import png as p
from tests.corpus.corpus_file import CorpusFile


def wider_pngs() -> Iterator[CorpusFile]:
    def trns(content: bytes) -> list[p.Chunk]:
        return [p.Chunk(b"tRNS", content)]

    for name, colour, key in (("grey", p.GREY, b"\x50\x50"), ("rgb", p.RGB, b"\x40\0\x40\0\x40\0")):
        content = p.png(colour, 16, 37, 29, interlaced=True, after_palette=trns(key))
        yield CorpusFile("PNG with tRNS", f"{name}-16-trns-interlaced.png", content)
    palette = p.png(p.PALETTE, 4, 37, 29, interlaced=True, after_palette=trns(bytes(range(0, 250, 25))))
    yield CorpusFile("PNG with tRNS", "palette-4-trns-interlaced.png", palette)
    for name, colour, depth in (("rgb-8", p.RGB, 8), ("rgba-16", p.RGBA, 16), ("palette-8", p.PALETTE, 8)):
        whole = p.png(colour, depth, 37, 29)
        yield CorpusFile("PNG in many chunks", f"{name}-pieces.png", p.in_pieces(whole, 7))
        yield CorpusFile(
            "PNG in many chunks", f"{name}-empty-pieces.png", p.in_pieces(whole, 50, empty_every=2)
        )
    for depth in (2, 4, 8):
        content = p.with_short_palette(p.png(p.PALETTE, depth, 37, 29), 3)
        yield CorpusFile("PNG with too few colours", f"palette-{depth}-short.png", content)
        content = p.png(p.PALETTE, depth, 37, 29, after_palette=trns(b"\0\x80"))
        yield CorpusFile(
            "PNG with too few colours", f"palette-{depth}-short-trns.png", p.with_short_palette(content, 3)
        )
    extra = [
        p.Chunk(b"sBIT", b"\5\6\5"),
        p.Chunk(b"pHYs", b"\0\0\x0b\x13\0\0\x0b\x13\1"),
        p.Chunk(b"bKGD", b"\0\xff\0\0\0\0"),
        p.Chunk(b"tIME", b"\x07\xea\1\1\0\0\0"),
    ]
    yield CorpusFile("PNG with other chunks", "rgb-chunks.png", p.png(p.RGB, 8, 37, 29, before=extra))
    rgba_extra = [p.Chunk(b"sBIT", b"\5\6\5\4"), *extra[1:]]
    yield CorpusFile("PNG with other chunks", "rgba-chunks.png", p.png(p.RGBA, 8, 37, 29, before=rgba_extra))
    for name, colour, depth in (("rgb", p.RGB, 8), ("rgba", p.RGBA, 8)):
        whole = p.png(colour, depth, 37, 29)
        for kind in (b"IHDR", b"IDAT", b"IEND"):
            content = p.with_wrong_checksum(whole, kind)
            yield CorpusFile("PNG, damaged", f"{name}-{kind.decode().lower()}-checksum.png", content)
        yield CorpusFile("PNG, damaged", f"{name}-no-end.png", whole[:-12])
        short = p.joined([c for c in p.chunks_of(whole) if c.kind != b"IDAT"])
        yield CorpusFile("PNG, damaged", f"{name}-no-data.png", short)
        yield CorpusFile("PNG, damaged", f"{name}-zlib-checksum.png", _other_zlib_checksum(whole))


def _other_zlib_checksum(content: bytes) -> bytes:
    chunks = p.chunks_of(content)
    last = max(i for i, chunk in enumerate(chunks) if chunk.kind == b"IDAT")
    data = chunks[last].content
    chunks[last] = p.Chunk(b"IDAT", data[:-1] + bytes([data[-1] ^ 1]))
    return p.joined(chunks)
