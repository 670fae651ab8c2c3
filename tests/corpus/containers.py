"""WebP and AVIF files at the limits of what libwebp's demuxer and libavif's reader accept."""

import struct
from collections.abc import Iterator

from PIL import Image

from tests.corpus import jpeg as j
from tests.corpus import webp as w
from tests.corpus.corpus_file import CorpusFile, encoded

_ALPHA, _ANIMATION = 0x10, 0x02
_SIZE = (16, 16)


def container_files() -> Iterator[CorpusFile]:
    yield from (CorpusFile("WebP", f"{name}.webp", content) for name, content in _webps())
    yield from (CorpusFile("AVIF", f"{name}.avif", content) for name, content in _avifs())


def _webps() -> Iterator[tuple[str, bytes]]:
    image = j.picture(*_SIZE)
    lossy, lossless = (w.picture_chunks(encoded(image, "WEBP", lossless=whole)) for whole in (False, True))
    yield "rest-of-4-bytes", w.riff(lossless + b"abcd")
    yield "unknown-chunk-behind", w.riff(lossless + w.chunk(b"abcd", b""))
    yield "unknown-chunk-too-large", w.riff(lossless + b"abcd\xff\0\0\0")
    yield "second-image", w.riff(lossless + lossless)
    yield "junk-behind-riff", w.riff(lossless) + b"junk"
    yield "riff-too-large", w.riff(lossless)[:4] + struct.pack("<I", 5000) + w.riff(lossless)[8:]
    yield "alpha-behind-simple", w.riff(lossy + w.chunk(b"ALPH", bytes(300)))
    plain, whole = w.chunk(b"ALPH", bytes(1 + 16 * 16)), w.chunk(b"ALPH", bytes(16 * 16))
    compressed = w.chunk(b"ALPH", b"\1" + b"\xff" * 40)
    for name, alpha in (
        ("whole", plain),
        ("cut", whole),
        ("damaged", compressed),
        ("empty", w.chunk(b"ALPH", b"")),
    ):
        for flags in (0, _ALPHA):
            yield f"alpha-{name}-{flags}", w.extended(_SIZE, alpha + lossy, flags)
    yield "alpha-behind", w.extended(_SIZE, lossy + plain, _ALPHA)
    yield "alpha-of-lossless", w.extended(_SIZE, plain + lossless, _ALPHA)
    yield "other-canvas", w.extended((17, 16), lossy)
    yield "unknown-flag", w.extended(_SIZE, lossy, 1)
    yield "two-headers", w.extended(_SIZE, w.chunk(b"VP8X", bytes(10)) + lossy)
    yield "no-image", w.extended(_SIZE, w.chunk(b"EXIF", b"abcd"))
    yield "animation-of-a-still", w.extended(_SIZE, lossy, _ANIMATION)
    frame = (encoded(image, "WEBP", lossless=True), _SIZE, (4, 4))
    yield "frame", w.animation((32, 32), [frame])
    yield "frame-of-another-size", w.animation((32, 32), [(frame[0], (8, 8), (4, 4))])
    yield "frame-outside", w.animation((18, 18), [(frame[0], (8, 8), (4, 4))])
    whole_animation = w.animation((32, 32), [frame, frame])
    yield "second-frame-cut", whole_animation[:-6]
    yield "second-frame-of-no-image", whole_animation.replace(b"VP8L", b"VP8M").replace(b"VP8M", b"VP8L", 1)
    yield "still-behind-frames", _with_size(w.animation((16, 16), [(frame[0], _SIZE, (0, 0))]) + lossless)
    yield "no-ANIM", w.animation((32, 32), [frame]).replace(b"ANIM", b"ANIN")
    for place in (
        0,
        3,
        7,
        15,
    ):  # the frame's header: not a key frame, another version, hidden, too large a partition
        changed = bytearray(lossy)
        changed[8 + (place > 7)] ^= 1 << (place % 8)
        yield f"lossy-header-{place}", w.riff(bytes(changed))
    clear = bytearray(
        w.picture_chunks(encoded(j.picture(*_SIZE, mode="RGBA"), "WEBP", lossless=True, exact=True))
    )
    clear[12] &= ~0x10
    yield "alpha-hidden-by-header", w.riff(bytes(clear))


def _with_size(content: bytes) -> bytes:
    return content[:4] + struct.pack("<I", len(content) - 8) + content[8:]


def _avifs() -> Iterator[tuple[str, bytes]]:
    image = j.picture(48, 32)
    exif = Image.Exif()
    exif[0x010F] = "maker"
    plain = encoded(image, "AVIF", subsampling="4:4:4", exif=exif)
    alpha = encoded(j.picture(48, 32, mode="RGBA"), "AVIF", subsampling="4:4:4")
    grey = encoded(image.convert("L"), "AVIF")
    moving = encoded(image, "AVIF", subsampling="4:4:4", save_all=True, append_images=[j.picture(48, 32, 2)])
    yield "other-brand", plain.replace(b"avif", b"heic", 1)
    yield "brand-of-containers", plain.replace(b"avif", b"mif1", 1)
    yield "handler-reserved", _set(plain, b"hdlr", 18, 7)
    yield "handler-of-video", plain.replace(b"pict", b"vide", 1)
    yield "pixi-flags", _set(plain, b"pixi", 7, 1)
    yield "pixi-depth", _set(plain, b"pixi", 9, 10)
    yield "pixi-missing", plain.replace(b"pixi", b"pixj")
    yield "av1C-reserved", _set(plain, b"av1C", 7, 255)
    yield "av1C-marker", _set(plain, b"av1C", 4, 1)
    yield "av1C-missing", plain.replace(b"av1C", b"av1D")
    yield "ispe-missing", plain.replace(b"ispe", b"ispf")
    yield "primary-missing", plain.replace(b"pitm", b"pitn")
    yield "endless-associations", _set(plain, b"ipma", 8, 255)
    yield "exif-outside", _set(plain, b"iloc", 12 + 2 * 14 + 6, 64)
    yield "cut", plain[:-30]
    yield "alpha-outside", _set(alpha, b"iloc", 12 + 2 * 14 + 6, 64)
    yield "alpha-elsewhere", _set(alpha, b"iloc", 12 + 2 * 14 + 9, 7)
    yield "frames", moving
    yield "frames-cut", moving[:-9]
    yield "frames-of-no-track", moving.replace(b"trak", b"trbk")
    yield "frames-without-primary", moving.replace(b"pitm", b"pitn")
    yield "frame-sizes-too-large", _set(moving, b"stsz", 16, 64)
    for matrix in (0, 1, 2, 3, 5, 6, 9, 10, 11, 12, 13, 14, 15, 18, 255):
        for full in (0, 128):
            for name, content in (("colour", plain), ("grey", grey)):
                coded = _set(_set(content, b"nclx", 9, matrix), b"nclx", 10, full)
                yield f"{name}-matrix-{matrix}-{full}", coded


def _set(content: bytes, kind: bytes, place: int, value: int) -> bytes:
    """Change a byte at an offset from the first letter of `kind`."""
    changed = bytearray(content)
    changed[content.index(kind) + place] = value
    return bytes(changed)
