"""Pictures for networks about anything: gradients, shapes and textures, drawn by this module."""

from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from torch2web.catalog import ReferenceImage

_SIZES = ((256, 256), (320, 240), (240, 320), (480, 360))
"""Width and height, in turn."""

_PER_KIND = 5


@cache
def neutral_images(seed: int = 11) -> tuple[ReferenceImage, ...]:
    """Twenty pictures, the same ones in every build; another `seed` gives others of the same kinds."""
    random = np.random.Generator(np.random.PCG64(seed))
    images = []
    for kind, draw in _KINDS.items():
        for number in range(_PER_KIND):
            width, height = _SIZES[number % len(_SIZES)]
            images.append(ReferenceImage(f"{kind}-{number}", draw(random, width, height)))
    return tuple(images)


def _color(random: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = random.integers(0, 256, 3).tolist()
    return red, green, blue


def _gradient(random: np.random.Generator, width: int, height: int) -> Image.Image:
    """From one colour to another, at some angle."""
    angle = random.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[0:height, 0:width]
    along = columns * np.cos(angle) + rows * np.sin(angle)
    share = ((along - along.min()) / np.ptp(along))[..., None]
    first, second = np.array(_color(random)), np.array(_color(random))
    return Image.fromarray((first + share * (second - first)).astype(np.uint8), "RGB")


def _shapes(random: np.random.Generator, width: int, height: int) -> Image.Image:
    """Ellipses, rectangles and lines, one over the other."""
    image = Image.new("RGB", (width, height), _color(random))
    canvas = ImageDraw.Draw(image)
    for _ in range(12):
        left, right = sorted(random.integers(0, width, 2).tolist())
        top, bottom = sorted(random.integers(0, height, 2).tolist())
        kind, color = int(random.integers(0, 3)), _color(random)
        if kind == 0:
            canvas.ellipse((left, top, right, bottom), fill=color)
        elif kind == 1:
            canvas.rectangle((left, top, right, bottom), fill=color)
        else:
            canvas.line((left, top, right, bottom), fill=color, width=5)
    return image


def _stripes(random: np.random.Generator, width: int, height: int) -> Image.Image:
    """A wave in each of two directions, in two colours."""
    rows, columns = np.mgrid[0:height, 0:width]
    first, second = random.uniform(0.02, 0.3, 2)
    wave = (np.sin(columns * first + rows * second) + np.sin(rows * first - columns * second) + 2) / 4
    dark, light = np.array(_color(random)), np.array(_color(random))
    return Image.fromarray((dark + wave[..., None] * (light - dark)).astype(np.uint8), "RGB")


def _clouds(random: np.random.Generator, width: int, height: int) -> Image.Image:
    """Random values on grids from coarse to fine, the finer the weaker, as in photographs."""
    total = np.zeros((height, width, 3))
    for cells in (3, 6, 12, 24, 48):
        grid = random.integers(0, 256, (cells, cells, 3), np.uint8)
        layer = Image.fromarray(grid, "RGB").resize((width, height), Image.Resampling.BICUBIC)
        total += np.asarray(layer, np.float64) / cells
    low, high = total.min(), total.max()
    return Image.fromarray(((total - low) / (high - low) * 255).astype(np.uint8), "RGB")


_KINDS: dict[str, Callable[[np.random.Generator, int, int], Image.Image]] = {
    "gradient": _gradient,
    "shapes": _shapes,
    "stripes": _stripes,
    "clouds": _clouds,
}
