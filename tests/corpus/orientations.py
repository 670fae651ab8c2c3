"""Files with their orientation stored in every way that Pillow's `Image.getexif` reads, and in others."""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.corpus import jpeg as j
from tests.corpus import png as p
from tests.corpus.corpus_file import CorpusFile, encoded

_KIND = "orientation"
_APP1 = 0xE1
_SHORT = 3
_TYPES = {
    1: "B",
    2: "B",
    3: "H",
    4: "I",
    5: "II",
    6: "b",
    7: "B",
    8: "h",
    9: "i",
    10: "ii",
    11: "f",
    12: "d",
    13: "I",
    14: "H",
    16: "Q",
}
"""Formats of TIFF's types of values; there is no type 14."""
_XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"


def orientation_files() -> Iterator[CorpusFile]:
    yield from _named("jpg", _jpegs())
    yield from _named("png", _pngs())
    yield from _named("webp", _webps())
    yield from _named("avif", _avifs())


def _named(ending: str, files: Iterator[tuple[str, bytes]]) -> Iterator[CorpusFile]:
    for name, content in files:
        yield CorpusFile(_KIND, f"{name}.{ending}", content)


def exif(kind: int = _SHORT, *values: float, order: str = "<", count: int | None = None) -> bytes:
    """Exif data with one tag of the given type."""
    form = _TYPES[kind] * (len(values) // len(_TYPES[kind]))
    return tiff([(0x0112, kind, count, struct.pack(order + form, *values))], order)


def tiff(
    tags: list[tuple[int, int, int | None, bytes]], order: str = "<", header: bytes | None = None
) -> bytes:
    """A TIFF directory; values of more than four bytes follow it."""
    head = header or (b"II*\0" if order == "<" else b"MM\0*")
    entries, behind = b"", b""
    start = 8 + 2 + 12 * len(tags) + 4
    for tag, kind, count, data in tags:
        number = count if count is not None else len(data) // struct.calcsize("=" + _TYPES[kind])
        entries += struct.pack(order + "HHI", tag, kind, number)
        if len(data) > 4:
            entries += struct.pack(order + "I", start + len(behind))
            behind += data
        else:
            entries += data.ljust(4, b"\0")
    return head + struct.pack(order + "IH", 8, len(tags)) + entries + bytes(4) + behind


def xmp(value: str, element: bool = False) -> bytes:
    inner = f"<tiff:Orientation>{value}</tiff:Orientation>" if element else ""
    attribute = "" if element else f' tiff:Orientation="{value}"'
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/"{attribute}>{inner}</rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


def _exif_data() -> Iterator[tuple[str, bytes]]:
    for kind, form in _TYPES.items():
        values = (6,) if len(form) == 1 else (12, 2)
        yield f"type-{kind}", exif(kind, *values)
        yield f"type-{kind}-big-endian", exif(kind, *values, order=">")
    for value in (0, 1, 9, 256):
        yield f"value-{value}", exif(_SHORT, value)
    yield "half", exif(5, 13, 2)
    yield "zero-denominator", exif(5, 6, 0)
    yield "two-values", exif(_SHORT, 6, 8)
    yield "three-values", exif(_SHORT, 6, 8, 3)
    yield "no-value", exif(_SHORT, 6, count=0)
    yield "huge-count", exif(_SHORT, 6, count=2**31)
    first, second = (0x0112, 3, 1, b"\x06\0"), (0x0112, 3, 1, b"\x08\0")
    yield "two-tags", tiff([first, second])
    yield "unknown-type-first", tiff([(0x0112, 14, 1, b"\x06\0"), second])
    yield "text-first", tiff([(0x010E, 2, 12, b"a long text\0"), first])
    yield "text-beyond-the-end", tiff([(0x010E, 2, 200, b"a long text\0"), first])
    yield "cut", exif(_SHORT, 6)[:-6]
    yield "cut-in-the-tag", exif(_SHORT, 6)[:16]
    yield "swapped-magic", tiff([first], header=b"II\0*")
    yield "big-tiff-magic", tiff([(0x0112, 3, 1, b"\0\x06")], ">", header=b"MM\0+")
    yield "empty", b""


def _jpegs() -> Iterator[tuple[str, bytes]]:
    base = j.jpeg(j.picture(24, 16))
    six, eight = exif(_SHORT, 6), exif(_SHORT, 8)
    other = tiff([(0x010E, 2, 4, b"abc\0")])
    for name, data in _exif_data():
        yield f"exif-{name}", _with_app1(base, b"Exif\0\0" + data)
    for name, text in _xmp_data():
        yield f"xmp-{name}", _with_app1(base, _XMP_HEADER + text)
        yield f"xmp-{name}-exif-8", _with_app1(base, _XMP_HEADER + text, b"Exif\0\0" + eight)
        yield f"xmp-{name}-exif-without", _with_app1(base, b"Exif\0\0" + other, _XMP_HEADER + text)
    yield "exif-header-twice", _with_app1(base, b"Exif\0\0Exif\0\0" + six)
    yield "exif-not-tiff-then-xmp", _with_app1(base, b"Exif\0\0" + bytes(40), _XMP_HEADER + xmp("6"))
    yield "two-exif", _with_app1(base, b"Exif\0\0" + six, b"Exif\0\0" + eight)
    yield "two-exif-first-without", _with_app1(base, b"Exif\0\0" + other, b"Exif\0\0" + six)
    yield "exif-continued", _with_app1(base, b"Exif\0\0" + six[:10], b"Exif\0\0" + six[10:])
    yield "two-xmp", _with_app1(base, _XMP_HEADER + xmp("6"), _XMP_HEADER + xmp("8"))
    at = base.index(b"\xff\xdb")
    yield "exif-after-jfif", base[:at] + j.segment(_APP1, b"Exif\0\0" + six) + base[at:]
    at = base.index(b"\xff\xda")
    yield "exif-before-scan", base[:at] + j.segment(_APP1, b"Exif\0\0" + six) + base[at:]
    turned = Image.Exif()
    turned[0x0112] = 6
    frames = [j.picture(24, 16, 2)]
    yield "mpo", encoded(j.picture(24, 16), "MPO", save_all=True, append_images=frames, exif=turned)


def _xmp_data() -> Iterator[tuple[str, bytes]]:
    yield "attribute", xmp("6")
    yield "element", xmp("6", element=True)
    yield "0", xmp("0")
    yield "9", xmp("9")
    yield "two-digits", xmp("66")
    yield "text", xmp("six")
    yield "single-quotes", xmp("6").replace(b'tiff:Orientation="6"', b"tiff:Orientation='6'")
    yield "not-utf-8", b"\xff\xfe" + xmp("6")


def _with_app1(content: bytes, *inner: bytes) -> bytes:
    return content[:2] + b"".join(j.segment(_APP1, piece) for piece in inner) + content[2:]


def _pngs() -> Iterator[tuple[str, bytes]]:
    six, eight = exif(_SHORT, 6), exif(_SHORT, 8)
    profile = f"\nexif\n{len(six) + 6:8}\n{(b'Exif' + bytes(2) + six).hex()}\n".encode()
    key = b"XML:com.adobe.xmp\0"
    texts = {
        "profile": p.Chunk(b"tEXt", b"Raw profile type exif\0" + profile),
        "profile-compressed": p.Chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(profile)),
        "exif-text": p.Chunk(b"tEXt", b"exif\0" + six),
        "xmp": p.Chunk(b"iTXt", key + b"\0\0\0\0" + xmp("6")),
        "xmp-element": p.Chunk(b"iTXt", key + b"\0\0\0\0" + xmp("6", element=True)),
        "xmp-compressed": p.Chunk(b"iTXt", key + b"\1\0\0\0" + zlib.compress(xmp("6"))),
        "xmp-other-compression": p.Chunk(b"iTXt", key + b"\1\1\0\0" + zlib.compress(xmp("6"))),
        "xmp-damaged": p.Chunk(b"iTXt", key + b"\1\0\0\0" + xmp("6")),
        "xmp-text": p.Chunk(b"tEXt", key + xmp("6")),
        "xmp-not-utf-8": p.Chunk(b"iTXt", key + b"\0\0\0\0\xff\xfe" + xmp("6")),
        "eight": p.Chunk(b"eXIf", eight),
        "without": p.Chunk(b"eXIf", tiff([(0x010E, 2, 4, b"abc\0")])),
    }
    for name, data in _exif_data():
        yield f"exif-{name}", p.png(p.RGB, 8, 24, 16, before=[p.Chunk(b"eXIf", data)])
    for name, chunk in texts.items():
        yield name, p.png(p.RGB, 8, 24, 16, before=[chunk])
        yield f"{name}-late", _late(p.png(p.RGB, 8, 24, 16), chunk)
        for other in ("eight", "without"):
            yield f"{name}-{other}", p.png(p.RGB, 8, 24, 16, before=[chunk, texts[other]])
            content = p.png(p.RGB, 8, 24, 16, before=[chunk])
            yield f"{name}-{other}-late", _late(content, texts[other])


def _late(content: bytes, chunk: p.Chunk) -> bytes:
    """With a chunk after the pixel data."""
    return content[:-12] + chunk.encode() + content[-12:]


def _webps() -> Iterator[tuple[str, bytes]]:
    image = j.picture(24, 16)
    options = {"exif": exif(_SHORT, 6), "xmp": xmp("8")}
    yield "xmp", encoded(image, "WEBP", xmp=xmp("6"))
    yield "exif", encoded(image, "WEBP", exif=options["exif"])
    yield "exif-with-header", encoded(image, "WEBP", exif=b"Exif\0\0" + options["exif"])
    yield "both", encoded(image, "WEBP", **options)
    yield "exif-byte", encoded(image, "WEBP", xmp=xmp("8"), exif=exif(1, 6))
    flags = bytearray(encoded(image, "WEBP", **options))
    for name, bits in (("no-exif", 0x08), ("no-xmp", 0x04), ("neither", 0x0C)):
        yield f"flags-{name}", bytes([*flags[:20], flags[20] & ~bits, *flags[21:]])


def _avifs() -> Iterator[tuple[str, bytes]]:
    image = j.picture(24, 16)
    other = tiff([(0x010E, 2, 4, b"abc\0")])
    for name, options in {
        "xmp": {"xmp": xmp("6")},
        "xmp-element": {"xmp": xmp("6", element=True)},
        "xmp-exif-without": {"xmp": xmp("6"), "exif": other},
        "xmp-exif-8": {"xmp": xmp("6"), "exif": exif(_SHORT, 8)},
        "exif-8": {"exif": exif(_SHORT, 8)},
    }.items():
        yield name, encoded(image, "AVIF", subsampling="4:4:4", **options)
