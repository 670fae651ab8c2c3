"""Pictures that are drawn for the page: its icon, the card of shared links, thumbnails of samples."""

import io
from pathlib import PurePosixPath

from PIL import Image, ImageDraw, ImageFont, ImageOps

from torch2web.catalog import Sample
from torch2web.site.writers.looks.theme import Scheme, channels

CARD_SIZE = (1200, 630)
"""Width and height in pixels, of the Open Graph protocol's recommendation."""
THUMBNAIL_SIZE = 96
"""Pixels of a side: twice what the page shows."""

_BARS = (1.0, 0.55, 0.34)
"""Lengths of the bars of an answer, which icon and card show."""
_MARGIN = 90
_TITLE_SIZES = (92, 76, 64, 54)
_FINER = 2
"""The card is drawn larger and reduced, which smooths its edges."""
_MAX_LINES = 3
_LAST_LATIN = "\u024f"
"""Pillow's own font has no letters of other scripts."""


def icon_svg(scheme: Scheme) -> bytes:
    """favicon.svg: the bars of an answer."""
    bars = "".join(
        f'<rect x="7" y="{8 + 6 * place}" width="{18 * length:.1f}" height="4" rx="2" '
        f'fill="{scheme.accent_ink}" opacity="{1 - 0.25 * place:g}"/>'
        for place, length in enumerate(_BARS)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="8" fill="{scheme.accent}"/>{bars}</svg>\n'
    ).encode()


def card_png(scheme: Scheme, title: str) -> bytes:
    """The picture that others show beside a link to the page: the title above the bars of an answer."""
    width, height = (_FINER * side for side in CARD_SIZE)
    image = Image.new("RGB", (width, height), channels(scheme.accent))
    draw = ImageDraw.Draw(image, "RGBA")
    ink = channels(scheme.accent_ink)
    for box, share in (((770, -260, 1390, 360), 18), ((940, 250, 1460, 770), 14)):
        draw.ellipse(tuple(_FINER * edge for edge in box), fill=(*ink, share))
    margin = _FINER * _MARGIN
    if all(char <= _LAST_LATIN for char in title):
        font, lines = _fitting(title, width - 2 * margin)
        draw.multiline_text((margin, margin - 20), "\n".join(lines), fill=ink, font=font, spacing=28)
    for place, length in enumerate(_BARS):
        top = height - margin - 40 * _FINER * (len(_BARS) - place)
        bar = (margin, top, margin + 0.6 * width * length, top + 22 * _FINER)
        draw.rounded_rectangle(bar, radius=11 * _FINER, fill=(*ink, 255 - 60 * place))
    image = image.reduce(_FINER)
    return _encoded(image, "PNG", optimize=True)


def thumbnail(sample: Sample) -> tuple[str, bytes]:
    """Path below the site, with an asterisk for its hash, and JPEG of the middle of `sample`, small."""
    image = Image.open(io.BytesIO(sample.content))
    # Decoded at a fraction of its size where the format can do that.
    image.draft("RGB", (2 * THUMBNAIL_SIZE, 2 * THUMBNAIL_SIZE))
    upright = ImageOps.exif_transpose(image).convert("RGB")
    small = ImageOps.fit(upright, (THUMBNAIL_SIZE, THUMBNAIL_SIZE), Image.Resampling.LANCZOS)
    stem = PurePosixPath(sample.file_name).stem
    return f"samples/small/{stem}-*.jpg", _encoded(small, "JPEG", quality=70, optimize=True)


def _fitting(title: str, width: int) -> tuple[ImageFont.FreeTypeFont | ImageFont.ImageFont, list[str]]:
    """The largest font in which the title has few lines, and these."""
    for size in _TITLE_SIZES:
        font = ImageFont.load_default(_FINER * size)
        lines = _wrapped(title, font, width)
        if len(lines) <= _MAX_LINES:
            break
    return font, lines[:_MAX_LINES]


def _wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _encoded(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()
