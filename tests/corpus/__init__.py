"""Pictures of every kind that people have, made by code; no file of the corpus is stored."""

import zlib
from collections.abc import Iterator

from PIL import Image

from tests.corpus import jpeg as j
from tests.corpus import png as p
from tests.corpus.corpus_file import CorpusFile, encoded
from tests.corpus.wider_jpeg import wider_jpegs
from tests.corpus.wider_png import wider_pngs
from tests.corpus.wider_rest import NOT_OF_THE_WEB, wider_rest

__all__ = ["NOT_OF_THE_WEB", "CorpusFile", "make_corpus"]


def make_corpus() -> list[CorpusFile]:
    """Every file."""
    usual = [*_jpegs(), *_pngs(), *_webps(), *_gifs(), *_others(), *_odd()]
    return [*usual, *wider_jpegs(), *wider_pngs(), *wider_rest()]


def _jpegs() -> Iterator[CorpusFile]:
    image = j.picture(96, 64)
    for subsampling in ("4:4:4", "4:2:2", "4:2:0", "4:1:1"):
        for progressive in (False, True):
            name = f"{subsampling.replace(':', '')}{'-progressive' if progressive else ''}.jpg"
            content = j.jpeg(image, subsampling=subsampling, progressive=progressive)
            yield CorpusFile("JPEG", name, content)
    yield CorpusFile("JPEG", "440.jpg", j.upright(j.jpeg(j.picture(64, 64), subsampling="4:2:2")))
    for width, height in ((1, 1), (7, 5), (17, 33), (8, 8), (129, 3)):
        for subsampling in ("4:4:4", "4:2:0"):
            name = f"odd-{width}x{height}-{subsampling.replace(':', '')}.jpg"
            content = j.jpeg(j.picture(width, height), subsampling=subsampling)
            yield CorpusFile("JPEG", name, content)
    yield CorpusFile("JPEG", "grey.jpg", j.jpeg(j.picture(61, 40, mode="L")))
    yield CorpusFile("JPEG", "grey-progressive.jpg", j.jpeg(j.picture(61, 40, mode="L"), progressive=True))
    yield CorpusFile("JPEG", "restart.jpg", j.jpeg(image, restart_marker_blocks=3))
    yield CorpusFile("JPEG", "low-quality.jpg", j.jpeg(image, quality=8))
    yield CorpusFile("JPEG", "comment.jpg", j.jpeg(image, comment=b"a comment"))
    cmyk = j.picture(50, 37, mode="CMYK")
    yield CorpusFile("JPEG, CMYK", "cmyk.jpg", j.jpeg(cmyk))
    yield CorpusFile("JPEG, CMYK", "cmyk-444.jpg", j.jpeg(cmyk, subsampling="4:4:4"))
    yield CorpusFile("JPEG, CMYK", "ycck.jpg", j.ycck(j.jpeg(cmyk, subsampling="4:4:4")))
    yield CorpusFile("JPEG with a profile", "icc.jpg", j.jpeg(image, icc_profile=j.profile()))
    yield CorpusFile(
        "JPEG with a profile", "icc-grey.jpg", j.jpeg(image.convert("L"), icc_profile=j.profile())
    )
    for orientation in range(1, 9):
        content = j.with_exif_orientation(image, orientation)
        yield CorpusFile("JPEG with an orientation", f"exif-{orientation}.jpg", content)
    both = j.with_exif_orientation(image, 6, icc_profile=j.profile())
    yield CorpusFile("JPEG with an orientation", "exif-6-icc.jpg", both)


def _pngs() -> Iterator[CorpusFile]:
    for colour, depths in p.DEPTHS.items():
        for depth in depths:
            for interlaced in (False, True):
                name = f"{p.NAMES[colour]}-{depth}{'-interlaced' if interlaced else ''}.png"
                kind = "PNG with alpha" if colour in (p.GREY_ALPHA, p.RGBA) else "PNG"
                content = p.png(colour, depth, 37, 29, seed=depth, interlaced=interlaced)
                yield CorpusFile(f"{kind}, 16 bit" if depth == 16 else kind, name, content)
    for width, height in ((1, 1), (2, 9), (9, 2)):
        for colour, depth in ((p.GREY, 1), (p.PALETTE, 2), (p.RGBA, 8)):
            name = f"{p.NAMES[colour]}-{depth}-interlaced-{width}x{height}.png"
            yield CorpusFile("PNG", name, p.png(colour, depth, width, height, interlaced=True))
    transparent = {
        "grey-1-trns": (p.GREY, 1, b"\0\1"),
        "grey-8-trns": (p.GREY, 8, b"\0\x50"),
        "grey-16-trns": (p.GREY, 16, b"\x50\x50"),
        "rgb-8-trns": (p.RGB, 8, b"\0\x40\0\x40\0\x40"),
        "rgb-16-trns": (p.RGB, 16, b"\x40\0\x40\0\x40\0"),
        "palette-8-trns": (p.PALETTE, 8, bytes(range(256))),
        "palette-2-trns": (p.PALETTE, 2, b"\0\x80"),
        "palette-1-trns": (p.PALETTE, 1, b"\0"),
    }
    for name, (colour, depth, content) in transparent.items():
        chunk = p.Chunk(b"tRNS", content)
        yield CorpusFile("PNG with tRNS", f"{name}.png", p.png(colour, depth, 37, 29, after_palette=[chunk]))
    colours = {
        "gama": [p.Chunk(b"gAMA", (100_000).to_bytes(4, "big"))],
        "gama-chrm": [
            p.Chunk(b"gAMA", (45_455).to_bytes(4, "big")),
            p.Chunk(
                b"cHRM",
                b"".join(
                    v.to_bytes(4, "big") for v in (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
                ),
            ),
        ],
        "srgb": [p.Chunk(b"sRGB", b"\1")],
        "cicp": [p.Chunk(b"cICP", bytes([9, 16, 0, 1]))],
        "iccp": [p.Chunk(b"iCCP", b"odd\0\0" + zlib.compress(j.profile()))],
        "exif": [p.Chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0")],
        "text": [p.Chunk(b"tEXt", b"Comment\0hello")],
    }
    for name, chunks in colours.items():
        for colour, depth in ((p.RGB, 8), (p.PALETTE, 4), (p.GREY, 8), (p.RGBA, 8)):
            content = p.png(colour, depth, 37, 29, before=chunks)
            yield CorpusFile("PNG with colour chunks", f"{p.NAMES[colour]}-{name}.png", content)
    frames = [j.picture(30, 20, seed=seed) for seed in range(3)]
    apng = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=100)
    yield CorpusFile("APNG", "animated.png", apng)
    hidden = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:], default_image=True)
    yield CorpusFile("APNG", "animated-default.png", hidden)


def _webps() -> Iterator[CorpusFile]:
    image, alpha = j.picture(61, 43), j.picture(61, 43, mode="RGBA")
    for quality in (10, 80):
        yield CorpusFile("WebP", f"lossy-{quality}.webp", encoded(image, "WEBP", quality=quality))
    yield CorpusFile("WebP", "lossless.webp", encoded(image, "WEBP", lossless=True))
    yield CorpusFile("WebP with alpha", "lossy-alpha.webp", encoded(alpha, "WEBP", quality=80))
    exact = encoded(alpha, "WEBP", lossless=True, exact=True)
    yield CorpusFile("WebP with alpha", "lossless-alpha.webp", exact)
    exif = Image.Exif()
    exif[0x0112] = 6
    for name, options in (("lossy", {"quality": 80}), ("lossless", {"lossless": True})):
        content = encoded(image, "WEBP", icc_profile=j.profile(), **options)
        yield CorpusFile("WebP with a profile", f"{name}-icc.webp", content)
        yield CorpusFile(
            "WebP with an orientation", f"{name}-exif.webp", encoded(image, "WEBP", exif=exif, **options)
        )
    frames = [j.picture(30, 20, seed=seed) for seed in range(3)]
    content = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    yield CorpusFile("WebP", "animated.webp", content)
    yield CorpusFile("WebP", "one-pixel.webp", encoded(j.picture(1, 1), "WEBP", lossless=True))


def _gifs() -> Iterator[CorpusFile]:
    image = j.picture(45, 31)
    palette = image.quantize(64)
    yield CorpusFile("GIF", "palette.gif", encoded(palette, "GIF"))
    yield CorpusFile("GIF", "interlaced.gif", encoded(palette, "GIF", interlace=1))
    yield CorpusFile("GIF", "grey.gif", encoded(image.convert("L"), "GIF"))
    yield CorpusFile("GIF", "two-colours.gif", encoded(image.convert("1"), "GIF"))
    yield CorpusFile("GIF with transparency", "transparent.gif", encoded(palette, "GIF", transparency=5))
    frames = [j.picture(45, 31, seed=seed).quantize(32) for seed in range(3)]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=80, loop=0)
    yield CorpusFile("GIF", "animated.gif", content)


def _others() -> Iterator[CorpusFile]:
    image = j.picture(35, 23)
    yield CorpusFile("BMP", "rgb.bmp", encoded(image, "BMP"))
    yield CorpusFile("BMP", "grey.bmp", encoded(image.convert("L"), "BMP"))
    yield CorpusFile("BMP", "palette.bmp", encoded(image.quantize(200), "BMP"))
    yield CorpusFile("BMP", "one-bit.bmp", encoded(image.convert("1"), "BMP"))
    yield CorpusFile("BMP", "rgba.bmp", encoded(j.picture(35, 23, mode="RGBA"), "BMP"))
    for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
        name = f"{subsampling.replace(':', '')}.avif"
        yield CorpusFile(
            "AVIF", name, encoded(j.picture(64, 48), "AVIF", subsampling=subsampling, quality=70)
        )
    yield CorpusFile("AVIF", "grey.avif", encoded(j.picture(64, 48, mode="L"), "AVIF"))
    for orientation in range(2, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        content = encoded(j.picture(64, 48), "AVIF", exif=exif, subsampling="4:4:4")
        yield CorpusFile("AVIF with an orientation", f"exif-{orientation}.avif", content)
    yield CorpusFile(
        "AVIF", "icc.avif", encoded(j.picture(64, 48), "AVIF", icc_profile=j.profile(), subsampling="4:4:4")
    )
    yield CorpusFile(
        "AVIF with alpha", "alpha.avif", encoded(j.picture(64, 48, mode="RGBA"), "AVIF", subsampling="4:4:4")
    )


def _odd() -> Iterator[CorpusFile]:
    image = j.picture(96, 64)
    whole = j.jpeg(image)
    yield CorpusFile("odd", "garbage-behind.jpg", whole + b"garbage " * 99)
    yield CorpusFile("odd", "garbage-behind.png", p.png(p.RGB, 8, 20, 20) + b"garbage " * 99)
    yield CorpusFile("odd", "wrong-extension.png", whole)
    yield CorpusFile("odd", "wrong-extension.jpg", p.png(p.RGBA, 8, 20, 20))
    yield CorpusFile("odd", "1x5000.png", p.png(p.GREY, 8, 1, 5000))
    yield CorpusFile("odd", "5000x1.png", p.png(p.RGB, 8, 5000, 1))
    yield CorpusFile("odd", "1x5000.jpg", j.jpeg(j.picture(1, 5000)))
    yield CorpusFile("odd", "12-megapixels.jpg", j.jpeg(j.picture(400, 300).resize((4000, 3000))))
    yield CorpusFile("odd", "truncated.jpg", j.without_end(whole))
    yield CorpusFile("odd", "truncated-progressive.jpg", j.without_end(j.jpeg(image, progressive=True)))
    yield CorpusFile("odd", "truncated.png", j.without_end(p.png(p.RGB, 8, 60, 60)))
    yield CorpusFile("odd", "truncated-rgba.png", j.without_end(p.png(p.RGBA, 8, 60, 60)))
    yield CorpusFile("odd", "truncated.webp", j.without_end(encoded(image, "WEBP", quality=80)))
    yield CorpusFile("odd", "truncated.gif", j.without_end(encoded(image.quantize(64), "GIF")))
    yield CorpusFile("odd", "truncated.bmp", j.without_end(encoded(image, "BMP")))
    yield CorpusFile("odd", "zero-bytes.jpg", b"")
    yield CorpusFile("odd", "text.jpg", b"this is no picture at all\n")
