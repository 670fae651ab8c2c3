"""Other files that Pillow does not write itself, or that no browser reads."""

from collections.abc import Iterator

from tests.corpus import avif as a
from tests.corpus import bmp as b
from tests.corpus import gif as g
from tests.corpus import jpeg as j
from tests.corpus import webp as w
from tests.corpus.corpus_file import CorpusFile, encoded

NOT_OF_THE_WEB = "no picture of the web"
"""Kind of the files that Pillow reads and browsers, or most of them, do not."""


def wider_rest() -> Iterator[CorpusFile]:
    yield from _webps()
    yield from _gifs()
    yield from _bmps()
    yield from _avifs()
    yield from _icons()
    yield from _others()


def _webps() -> Iterator[CorpusFile]:
    image, alpha = j.picture(30, 20), j.picture(30, 20, mode="RGBA")
    lossy, lossless = encoded(image, "WEBP", quality=80), encoded(image, "WEBP", lossless=True)
    lossy_alpha = encoded(alpha, "WEBP", quality=80)
    lossless_alpha = encoded(alpha, "WEBP", lossless=True, exact=True)
    yield CorpusFile("WebP", "xmp.webp", encoded(image, "WEBP", xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"))
    stills = {
        "lossy": lossy,
        "lossless": lossless,
        "lossy-alpha": lossy_alpha,
        "lossless-alpha": lossless_alpha,
    }
    for name, still in stills.items():
        second = (lossy, (30, 20), (0, 0))
        whole = w.animation((30, 20), [(still, (30, 20), (0, 0)), second])
        yield CorpusFile("WebP, animated", f"animated-{name}.webp", whole)
        offset = w.animation((50, 40), [(still, (30, 20), (8, 6)), second], b"\x10\x20\x30\xff")
        smaller = "WebP, animated, first frame smaller"
        yield CorpusFile(smaller, f"animated-{name}-offset.webp", offset)
        no_blend = w.animation((50, 40), [(still, (30, 20), (2, 20)), second], b"\x10\x20\x30\xff", flags=2)
        yield CorpusFile(smaller, f"animated-{name}-offset-no-blend.webp", no_blend)
    for colours in (2, 3, 5, 40):
        few = j.picture(61, 43, mode="RGB").quantize(colours).convert("RGBA")
        few.putalpha(j.picture(61, 43, seed=3).convert("L").point(lambda level: level // 128 * 127 + 1))
        yield CorpusFile(
            "WebP with alpha",
            f"{colours}-colours-alpha.webp",
            encoded(few, "WEBP", lossless=True, exact=True),
        )
    for method in (0, 2, 6):
        for quality in (0, 100):
            content = encoded(
                j.picture(129, 70, mode="RGBA"), "WEBP", lossless=True, method=method, quality=quality
            )
            yield CorpusFile("WebP with alpha", f"alpha-{method}-{quality}.webp", content)


def _gifs() -> Iterator[CorpusFile]:
    image = j.picture(45, 31)
    plain = encoded(image.quantize(64), "GIF")
    clear = encoded(image.quantize(64), "GIF", transparency=5)
    yield CorpusFile("GIF", "local-palette.gif", g.with_local_palette(plain))
    yield CorpusFile("GIF", "no-palette.gif", g.without_palette(plain))
    yield CorpusFile("GIF", "comment.gif", encoded(image.quantize(64), "GIF", comment=b"hello"))
    yield CorpusFile("GIF with transparency", "local-palette-transparent.gif", g.with_local_palette(clear))
    for name, content in (
        ("plain", plain),
        ("transparent", clear),
        ("local", g.with_local_palette(plain)),
        ("local-transparent", g.with_local_palette(clear)),
    ):
        kind = "GIF, first frame smaller"
        yield CorpusFile(kind, f"smaller-{name}.gif", g.on_screen(content, 60, 50))
        yield CorpusFile(kind, f"offset-{name}.gif", g.on_screen(content, 60, 50, 9, 7, background=3))
        beyond = g.on_screen(content, 40, 30, 9, 7)
        yield CorpusFile("GIF, first frame beyond the screen", f"beyond-{name}.gif", beyond)


def _bmps() -> Iterator[CorpusFile]:
    image = j.picture(35, 23)
    yield CorpusFile("BMP", "top-down.bmp", b.top_down(encoded(image, "BMP")))
    yield CorpusFile("BMP", "top-down-rgba.bmp", b.top_down(encoded(j.picture(35, 23, mode="RGBA"), "BMP")))
    yield CorpusFile("BMP", "top-down-palette.bmp", b.top_down(encoded(image.quantize(200), "BMP")))
    yield CorpusFile("BMP", "os2.bmp", b.os2(35, 23))
    yield CorpusFile("BMP", "555.bmp", b.sixteen_bits(35, 23))
    yield CorpusFile("BMP", "565.bmp", b.sixteen_bits(35, 23, (0xF800, 0x07E0, 0x001F)))
    yield CorpusFile("BMP", "555-masks.bmp", b.sixteen_bits(35, 23, (0x7C00, 0x03E0, 0x001F)))
    xrgb = (0xFF0000, 0xFF00, 0xFF)
    yield CorpusFile("BMP", "masks-xrgb.bmp", b.thirty_two_bits(35, 23, xrgb))
    yield CorpusFile("BMP", "masks-argb.bmp", b.thirty_two_bits(35, 23, (*xrgb, 0xFF000000)))
    yield CorpusFile("BMP", "masks-abgr.bmp", b.thirty_two_bits(35, 23, (0xFF, 0xFF00, 0xFF0000, 0xFF000000)))
    yield CorpusFile("BMP", "masks-rgba.bmp", b.thirty_two_bits(35, 23, (0xFF000000, 0xFF0000, 0xFF00, 0xFF)))
    for depth, colours in ((1, 2), (4, 16), (4, 5), (8, 256), (8, 9)):
        yield CorpusFile("BMP", f"palette-{depth}-{colours}.bmp", b.palette(35, 23, depth, colours))
    for depth in (4, 8):
        yield CorpusFile("BMP", f"rle-{depth}.bmp", b.run_lengths(35, 23, depth))
        yield CorpusFile("BMP", f"rle-{depth}-skips.bmp", b.run_lengths(35, 23, depth, skips=True))


def _avifs() -> Iterator[CorpusFile]:
    image = j.picture(61, 43)
    for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
        for extent in ("full", "limited"):
            name = f"{subsampling.replace(':', '')}-{extent}.avif"
            content = encoded(image, "AVIF", subsampling=subsampling, range=extent, quality=80)
            yield CorpusFile("AVIF", name, content)
    frames = [j.picture(32, 24, seed=seed) for seed in range(3)]
    for subsampling in ("4:4:4", "4:2:0"):
        content = encoded(
            frames[0], "AVIF", save_all=True, append_images=frames[1:], duration=100, subsampling=subsampling
        )
        name = f"animated-{subsampling.replace(':', '')}.avif"
        yield CorpusFile("AVIF, animated", name, a.without_times(content))
        deep = f"{subsampling.replace(':', '')}-10-bit.avif"
        yield CorpusFile("AVIF, 10 bit", deep, a.deep(subsampling))
    yield CorpusFile(
        "AVIF",
        "xmp.avif",
        encoded(image, "AVIF", subsampling="4:4:4", xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"),
    )
    grey_alpha = j.picture(64, 48, mode="LA")
    yield CorpusFile("AVIF with alpha", "grey-alpha.avif", encoded(grey_alpha, "AVIF"))
    yield CorpusFile(
        "AVIF with alpha",
        "alpha-420.avif",
        encoded(j.picture(64, 48, mode="RGBA"), "AVIF", subsampling="4:2:0"),
    )


def _icons() -> Iterator[CorpusFile]:
    for mode in ("RGB", "RGBA"):
        for name, options in (("png", {}), ("bmp", {"bitmap_format": "bmp"})):
            content = encoded(
                j.picture(64, 64, mode=mode), "ICO", sizes=[(16, 16), (64, 64), (32, 32)], **options
            )
            yield CorpusFile("ICO", f"{mode.lower()}-{name}.ico", content)


def _others() -> Iterator[CorpusFile]:
    image = j.picture(61, 43)
    kind = NOT_OF_THE_WEB
    yield CorpusFile(kind, "plain.tif", encoded(image, "TIFF"))
    yield CorpusFile(kind, "deflate.tif", encoded(image, "TIFF", compression="tiff_deflate"))
    yield CorpusFile(kind, "jpeg-2000.jp2", encoded(image, "JPEG2000"))
    yield CorpusFile(kind, "portable.ppm", encoded(image, "PPM"))
    yield CorpusFile(kind, "targa.tga", encoded(image, "TGA"))
