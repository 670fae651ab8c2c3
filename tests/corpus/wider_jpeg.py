"""JPEG files as written by cameras, printers and encoders other than Pillow's."""

from collections.abc import Iterator

from tests.corpus import jpeg as j
from tests.corpus.corpus_file import CorpusFile, encoded


def wider_jpegs() -> Iterator[CorpusFile]:
    yield from _cmyk()
    yield from _others()


def _cmyk() -> Iterator[CorpusFile]:
    kind = "JPEG, CMYK"
    image = j.picture(83, 61, mode="CMYK")
    for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
        for progressive in (False, True):
            for restart in (0, 3):
                content = j.jpeg(
                    image, subsampling=subsampling, progressive=progressive, restart_marker_blocks=restart
                )
                extras = "-progressive" * progressive + "-restart" * (restart > 0)
                name = subsampling.replace(":", "") + extras
                yield CorpusFile(kind, f"cmyk-{name}-wide.jpg", content)
                yield CorpusFile(kind, f"ycck-{name}-wide.jpg", j.ycck(content))
    yield CorpusFile(kind, "cmyk-no-adobe.jpg", j.without_adobe(j.jpeg(image)))
    yield CorpusFile(kind, "cmyk-quality-100.jpg", j.jpeg(image, quality=100, optimize=True))
    yield CorpusFile(kind, "cmyk-1x1.jpg", j.jpeg(j.picture(1, 1, mode="CMYK"), subsampling="4:2:0"))
    yield CorpusFile(kind, "cmyk-icc.jpg", j.jpeg(image, icc_profile=j.profile()))
    yield CorpusFile(kind, "cmyk-exif-6.jpg", j.with_exif_orientation(image, 6))
    # As in Photoshop's files: black is sampled like the first component.
    content = j.jpeg(j.picture(40, 32, mode="CMYK"), subsampling="4:4:4")
    whole = j.resampled(content, (0x22, 0x11, 0x11, 0x22), 64, 32)
    yield CorpusFile(kind, "cmyk-420-black-whole.jpg", whole)
    yield CorpusFile(kind, "ycck-420-black-whole.jpg", j.ycck(whole))
    # Its MCUs depend on all components.
    only = j.resampled(content, (0x11, 0x21, 0x11, 0x11), 64, 32)
    yield CorpusFile(kind, "cmyk-422-magenta-whole.jpg", only)
    content = j.jpeg(j.picture(32, 24, mode="CMYK"), subsampling="4:4:4")
    yield CorpusFile(
        kind, "ycck-422-black-whole.jpg", j.ycck(j.resampled(content, (0x21, 0x11, 0x11, 0x21), 64, 16))
    )
    yield CorpusFile(kind, "cmyk-422-third-whole.jpg", j.resampled(content, (0x11, 0x21, 0x21, 0x11), 64, 16))


def _others() -> Iterator[CorpusFile]:
    image = j.picture(96, 64)
    yield CorpusFile(
        "JPEG", "restart-progressive.jpg", j.jpeg(image, restart_marker_blocks=5, progressive=True)
    )
    yield CorpusFile("JPEG", "restart-rows.jpg", j.jpeg(image, restart_marker_rows=1))
    yield CorpusFile("JPEG", "rgb.jpg", j.jpeg(image, keep_rgb=True))
    yield CorpusFile("JPEG", "optimized.jpg", j.jpeg(image, optimize=True, quality=100))
    yield CorpusFile(
        "JPEG", "410.jpg", j.resampled(j.jpeg(j.picture(80, 64), subsampling="4:2:0"), (0x42,), 64, 48)
    )
    yield CorpusFile(
        "JPEG", "grey-factors.jpg", j.resampled(j.jpeg(j.picture(61, 40, mode="L")), (0x22,), 61, 40)
    )
    profile = j.profile()
    large = (150_000).to_bytes(4, "big") + profile[4:] + bytes(150_000 - len(profile))
    yield CorpusFile("JPEG with a profile", "icc-segments.jpg", j.jpeg(image, icc_profile=large))
    xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    yield CorpusFile("JPEG", "xmp.jpg", j.with_segment(j.jpeg(image), 0xE1, xmp))
    yield CorpusFile("JPEG", "fill-bytes.jpg", j.jpeg(image).replace(b"\xff\xdb", b"\xff\xff\xff\xdb", 1))
    thumbnail = j.jpeg(j.picture(16, 12, seed=9))
    yield CorpusFile(
        "JPEG with a second picture", "exif-thumbnail.jpg", j.with_thumbnail(j.jpeg(image), thumbnail)
    )
    others = [j.picture(48, 32, seed=seed) for seed in (5, 6)]
    mpo = encoded(image, "MPO", save_all=True, append_images=others)
    yield CorpusFile("JPEG with a second picture", "mpo.jpg", mpo)
