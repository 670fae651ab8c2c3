"""Mutated image files, reproducible, and Pillow's result for each.

`python -m tests.browser.mutated_files FOLDER --format webp` writes those of one format.
"""

import argparse
import hashlib
import io
import json
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from PIL import Image, ImageOps

from tests.corpus import bmp as b
from tests.corpus import gif as g
from tests.corpus import jpeg as j
from tests.corpus import png as p
from tests.corpus import webp as w
from tests.corpus.corpus_file import encoded
from tests.corpus.mutations import MUTATIONS, mutate

VERDICTS = "verdicts.json"
COUNTS = {"jpeg": 1200, "png": 1000, "gif": 700, "bmp": 700, "ico": 300, "webp": 800, "avif": 300}
"""Files of each format in the long form."""

TOO_LARGE = "too large"
LARGEST = 2**24
"""Pixels of the largest mutant that is kept: those whose header says more are the subject of other tests."""


@dataclass(frozen=True)
class Verdict:
    """Pillow's result: SHA-256 of width, height and RGB pixels, or the reason of refusal."""

    name: str
    pixels: str | None
    reason: str = ""


def make_mutants(kind: str, count: int) -> Iterator[tuple[str, bytes]]:
    """`count` files of a format by name."""
    bases = bases_of(kind)
    for number in range(count):
        base = bases[number % len(bases)]
        name, operation = f"{kind}-{number}", list(MUTATIONS)[number // len(bases) % len(MUTATIONS)]
        source = Random(name)
        content = mutate(base[1], kind, operation, source)
        if source.random() < 0.1 and content:
            content = mutate(content, kind, "flip", source)
        yield f"{name}-{base[0]}-{operation}", content


def bases_of(kind: str) -> list[tuple[str, bytes]]:
    """Small valid files by name."""
    image, alpha = j.picture(45, 31), j.picture(45, 31, mode="RGBA")
    cmyk, grey, frames = (
        j.picture(37, 22, mode="CMYK"),
        j.picture(45, 31, mode="L"),
        [image, j.picture(45, 31, 2)],
    )
    exif = Image.Exif()
    exif[0x0112] = 6
    few = image.quantize(64)
    gif = encoded(few, "GIF", transparency=5)
    lossy = encoded(image, "WEBP", quality=80)
    two = [(lossy, (45, 31), (4, 2)), (lossy, (45, 31), (0, 0))]
    makers: dict[str, dict[str, bytes]] = {
        "jpeg": {
            "420": j.jpeg(image, subsampling="4:2:0", exif=exif),
            "444": j.jpeg(image, subsampling="4:4:4", icc_profile=j.profile()),
            "progressive": j.jpeg(image, progressive=True),
            "restart": j.jpeg(image, restart_marker_blocks=3, comment=b"a comment"),
            "grey": j.jpeg(grey),
            "grey-progressive": j.jpeg(grey, progressive=True),
            "cmyk": j.jpeg(cmyk),
            "cmyk-progressive": j.jpeg(cmyk, progressive=True),
            "ycck": j.ycck(j.jpeg(cmyk)),
            "mpo": encoded(image, "MPO", save_all=True, append_images=frames[1:]),
        },
        "png": {
            f"{p.NAMES[colour]}-{depth}{'-interlaced' * interlaced}": p.png(
                colour, depth, 21, 17, seed=depth, interlaced=interlaced
            )
            for colour, depths in p.DEPTHS.items()
            for depth in depths
            for interlaced in (False, True)
        }
        | {
            "pillow": encoded(image, "PNG", exif=exif, icc_profile=j.profile()),
            "text": p.png(p.RGB, 8, 21, 17, before=[p.Chunk(b"tEXt", b"Title\0hello")]),
            "animated": encoded(image, "PNG", save_all=True, append_images=frames[1:]),
        },
        "gif": {
            "plain": encoded(few, "GIF"),
            "transparent": gif,
            "interlaced": encoded(few, "GIF", interlace=1),
            "grey": encoded(grey, "GIF"),
            "two": encoded(image.convert("1"), "GIF"),
            "local": g.with_local_palette(gif),
            "no-palette": g.without_palette(gif),
            "placed": g.on_screen(gif, 60, 50, 9, 7, background=3),
            "animated": encoded(
                few, "GIF", save_all=True, append_images=[grey.quantize(8)], comment=b"hello"
            ),
        },
        "bmp": {
            "rgb": encoded(image, "BMP"),
            "rgba": encoded(alpha, "BMP"),
            "grey": encoded(grey, "BMP"),
            "one-bit": encoded(image.convert("1"), "BMP"),
            "top-down": b.top_down(encoded(image, "BMP")),
            "os2": b.os2(35, 23),
            "555": b.sixteen_bits(35, 23),
            "565": b.sixteen_bits(35, 23, (0xF800, 0x07E0, 0x001F)),
            "argb": b.thirty_two_bits(35, 23, (0xFF0000, 0xFF00, 0xFF, 0xFF000000)),
            "4-5": b.palette(35, 23, 4, 5),
            "8-256": b.palette(35, 23, 8, 256),
            "rle-4": b.run_lengths(35, 23, 4),
            "rle-4-skips": b.run_lengths(35, 23, 4, skips=True),
            "rle-8": b.run_lengths(35, 23, 8),
            "rle-8-skips": b.run_lengths(35, 23, 8, skips=True),
        },
        "ico": {
            f"{form}-{mode}": encoded(
                j.picture(32, 32, mode=mode), "ICO", sizes=[(16, 16), (32, 32)], bitmap_format=form
            )
            for form in ("png", "bmp")
            for mode in ("RGB", "RGBA", "L")
        }
        | {"palette": encoded(j.picture(32, 32).quantize(16), "ICO", sizes=[(32, 32)], bitmap_format="bmp")},
        "webp": {
            "lossy": lossy,
            "lossless": encoded(image, "WEBP", lossless=True),
            "lossy-alpha": encoded(alpha, "WEBP", quality=80, exif=exif),
            "lossless-alpha": encoded(alpha, "WEBP", lossless=True, exact=True),
            "palette-alpha": encoded(few.convert("RGBA"), "WEBP", lossless=True),
            "animated": w.animation((60, 40), two, b"\x10\x20\x30\xff"),
            "animated-lossless": encoded(alpha, "WEBP", save_all=True, append_images=frames, lossless=True),
        },
        "avif": {
            "444": encoded(image, "AVIF", subsampling="4:4:4", exif=exif),
            "420": encoded(image, "AVIF", subsampling="4:2:0"),
            "grey": encoded(grey, "AVIF"),
            "alpha": encoded(alpha, "AVIF", subsampling="4:4:4"),
        },
    }
    return list(makers[kind].items())


def judge(name: str, content: bytes, orientation: str = "ignore") -> Verdict:
    """Pillow's verdict on a file; `orientation` as in `Preprocessing`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content)) as image:
                if image.width * image.height > LARGEST:
                    return Verdict(name, None, TOO_LARGE)
                turned = ImageOps.exif_transpose(image) if orientation == "apply" else image
                rgb = turned.convert("RGB")
    except Exception as error:  # noqa: BLE001 - any exception of a plugin is a refusal
        return Verdict(name, None, f"{type(error).__name__}: {error}")
    pixels = b"%dx%d " % rgb.size + rgb.tobytes()
    return Verdict(name, hashlib.sha256(pixels).hexdigest())


def write_mutants(folder: Path, counts: dict[str, int]) -> list[Verdict]:
    """Write files and VERDICTS into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    verdicts = []
    for kind, count in counts.items():
        for name, content in make_mutants(kind, count):
            verdict = judge(name, content)
            if verdict.reason != TOO_LARGE:
                (folder / name).write_bytes(content)
                verdicts.append(verdict)
    (folder / VERDICTS).write_text(json.dumps([asdict(verdict) for verdict in verdicts], indent=1))
    return verdicts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--format", choices=COUNTS, action="append", help="default: all")
    parser.add_argument("--count", type=int, help="files of each format")
    arguments = parser.parse_args()
    counts = {kind: arguments.count or COUNTS[kind] for kind in arguments.format or COUNTS}
    verdicts = write_mutants(arguments.folder, counts)
    print(f"{len(verdicts)} files, of which Pillow refuses {sum(v.pixels is None for v in verdicts)}")


if __name__ == "__main__":
    main()
