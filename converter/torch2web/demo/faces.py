"""Synthetic faces of the four classes of the demo models.

A face is a deterministic function of its label and seed: colours, pose, light and noise are drawn from
`random.Random`, whose sequence Python guarantees. Training, tests and the page's samples identify an image by
these two values.
"""

import math
import random
from collections.abc import Callable, Iterable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from torch2web.demo.expressions import LABELS, Expression, draw_expression

__all__ = ["LABELS", "draw_face"]

Point = tuple[float, float]
Colour = tuple[int, int, int]

_SKINS: tuple[Colour, ...] = (
    (255, 224, 196),
    (241, 194, 155),
    (224, 172, 128),
    (198, 134, 92),
    (150, 96, 62),
    (104, 66, 44),
)
_HAIRS: tuple[Colour, ...] = (
    (32, 26, 24),
    (72, 46, 30),
    (128, 84, 46),
    (196, 154, 88),
    (150, 62, 34),
    (150, 148, 146),
)
_IRISES: tuple[Colour, ...] = ((74, 48, 30), (58, 92, 120), (70, 104, 66), (40, 34, 32))
_SUPERSAMPLING = 2


def draw_face(label: str, seed: int, size: tuple[int, int] = (224, 224)) -> Image.Image:
    """Draw the face of `label` and `seed` as an RGB image of `size` (width, height) in pixels."""
    rng = random.Random(f"{label}/{seed}")
    expression = draw_expression(label, rng)
    width, height = (length * _SUPERSAMPLING for length in size)
    image = _background(rng, width, height)
    _draw_head(image, rng, expression)
    image = image.resize(size, Image.Resampling.BOX)
    return _light_and_noise(image, rng, seed)


def _shade(colour: Colour, factor: float) -> Colour:
    red, green, blue = (max(0, min(255, round(channel * factor))) for channel in colour)
    return red, green, blue


def _random_colour(rng: random.Random) -> Colour:
    """A random colour at half saturation, for walls and shirts."""
    colour = (rng.randint(30, 235), rng.randint(30, 235), rng.randint(30, 235))
    grey = sum(colour) // 3
    return _blend(colour, (grey, grey, grey), 0.5)


def _background(rng: random.Random, width: int, height: int) -> Image.Image:
    """A gradient between two colours with up to four blurred ellipses."""
    corners = Image.new("RGB", (2, 2))
    first, second = _random_colour(rng), _random_colour(rng)
    corners.putdata([first, second, second, first] if rng.random() < 0.5 else [first, first, second, second])
    small = corners.resize((64, 64), Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(small)
    for _ in range(rng.randint(0, 4)):
        x, y, radius = rng.uniform(0, 64), rng.uniform(0, 64), rng.uniform(4, 16)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_random_colour(rng))
    blurred = small.filter(ImageFilter.GaussianBlur(rng.uniform(1, 4)))
    return blurred.resize((width, height), Image.Resampling.BICUBIC)


def _arc(centre: Point, radii: Point, start: float = 0, end: float = 360, steps: int = 36) -> list[Point]:
    """Points along an ellipse; angles in degrees, clockwise from three o'clock, as y points down."""
    angles = (math.radians(start + (end - start) * step / steps) for step in range(steps + 1))
    return [(centre[0] + radii[0] * math.cos(a), centre[1] + radii[1] * math.sin(a)) for a in angles]


def _draw_head(image: Image.Image, rng: random.Random, expression: Expression) -> None:
    width, height = image.size
    unit = min(width, height) * rng.uniform(0.34, 0.42)
    centre = (
        width / 2 + unit * rng.uniform(-0.12, 0.12),
        height / 2 + unit * rng.uniform(0.0, 0.18),
    )
    angle = math.radians(expression.tilt + rng.uniform(-7, 7))
    cosine, sine = math.cos(angle), math.sin(angle)
    squash = rng.uniform(0.74, 0.84)

    def place(points: Iterable[Point]) -> list[Point]:
        return [
            (centre[0] + unit * (cosine * x - sine * y), centre[1] + unit * (sine * x + cosine * y))
            for x, y in points
        ]

    draw = ImageDraw.Draw(image)

    def fill(points: Iterable[Point], colour: Colour) -> None:
        draw.polygon(place(points), fill=colour)

    def stroke(points: Iterable[Point], colour: Colour, thickness: float) -> None:
        pen = max(1, round(unit * thickness))
        placed = place(points)
        draw.line(placed, fill=colour, width=pen, joint="curve")
        for x, y in (placed[0], placed[-1]):
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=colour)

    skin = _shade(rng.choice(_SKINS), rng.uniform(0.92, 1.05))
    hair = rng.choice(_HAIRS)
    long_hair = rng.random() < 0.45
    shirt = _random_colour(rng)

    if long_hair:
        fill(_arc((0, -0.05), (squash + 0.2, 1.12), 150, 390), hair)
        fill(
            [(-squash - 0.17, -0.1), (squash + 0.17, -0.1), (squash + 0.12, 1.0), (-squash - 0.12, 1.0)], hair
        )
    fill([(-0.3, 0.6), (0.3, 0.6), (0.36, 1.4), (-0.36, 1.4)], _shade(skin, 0.86))
    fill(_arc((0, 2.0), (1.35, 0.85), 180, 360), shirt)
    for ear in (-1, 1):
        fill(_arc((ear * squash, 0.05), (0.12, 0.2)), _shade(skin, 0.9))
    fill(_arc((0, 0), (squash, 1.0)), skin)
    fringe = rng.uniform(-0.62, -0.5)
    fill(
        [
            *_arc((0, -0.02), (squash + 0.06, 1.06), 200, 340),
            *_arc((0, fringe), (squash * 0.8, 0.16), 0, -180),
        ],
        hair,
    )

    for cheek in (-1, 1):
        fill(_arc((cheek * squash * 0.58, 0.3), (0.15, 0.1)), _blend(skin, (230, 110, 100), 0.16))
    _draw_eyes(fill, stroke, rng, expression, skin, hair)
    nose = _shade(skin, 0.76)
    stroke([(0.0, -0.02), (0.07 * rng.choice((-1, 1)), 0.24), (0.0, 0.27)], nose, 0.03)
    _draw_mouth(fill, stroke, rng, expression, skin)
    if rng.random() < 0.2:
        frame = _shade(rng.choice(_HAIRS), 0.7)
        for eye in (-1, 1):
            stroke(_arc((eye * 0.34, -0.1), (0.25, 0.22)), frame, 0.028)
        stroke([(-0.09, -0.12), (0.09, -0.12)], frame, 0.028)


def _blend(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


Fill = Callable[[Iterable[Point], Colour], None]
Stroke = Callable[[Iterable[Point], Colour, float], None]


def _draw_eyes(
    fill: Fill, stroke: Stroke, rng: random.Random, expression: Expression, skin: Colour, hair: Colour
) -> None:
    iris = rng.choice(_IRISES)
    width, height = rng.uniform(0.17, 0.2), rng.uniform(0.12, 0.14)
    line = _shade(skin, 0.42)
    brow = _shade(hair, 0.85)
    for index, eye in enumerate((-1, 1)):
        openness = expression.openness[index]
        x, y = eye * 0.34, -0.1
        fill(_arc((x, y + 0.15), (width, 0.06)), _blend(skin, (86, 60, 104), 0.5 * expression.bags))
        fill(_arc((x, y), (width, height)), (250, 248, 244))
        gaze_x, gaze_y = expression.gaze
        pupil = (x + gaze_x * width * 0.45, y + gaze_y * height * 0.4)
        fill(_arc(pupil, (0.085, 0.085)), iris)
        fill(_arc(pupil, (0.045, 0.045)), (18, 14, 14))
        fill(_arc((pupil[0] + 0.03, pupil[1] - 0.03), (0.016, 0.016)), (255, 255, 255))
        # The eyelid is the eye's outline above a chord, in the colour of the skin.
        lid_y = y + height * (1 - 2 * openness)
        lid = [(px, min(py, lid_y)) for px, py in _arc((x, y), (width + 0.02, height + 0.02), 0, 360)]
        fill(lid, _shade(skin, 0.9))
        half_chord = width * math.sqrt(max(0.0, 1 - ((lid_y - y) / height) ** 2))
        sag = 0.05 if openness < 0.25 else 0.0
        stroke(
            [(x - half_chord - 0.02, lid_y), (x, lid_y + sag), (x + half_chord + 0.02, lid_y)], line, 0.035
        )
        brow_y = y - 0.24 - expression.brow_lift[index]
        slant = expression.brow_slant[index]
        inner, outer = (x - eye * 0.17, brow_y + slant), (x + eye * 0.18, brow_y - slant)
        stroke([inner, (x, brow_y - 0.03), outer], brow, 0.06)


def _draw_mouth(fill: Fill, stroke: Stroke, rng: random.Random, expression: Expression, skin: Colour) -> None:
    y = 0.54
    lips = _blend(_shade(skin, 0.7), (176, 58, 62), 0.45)
    width, skew = expression.mouth_width, expression.mouth_skew
    if expression.mouth_open > 0:
        fill(_arc((skew, y + 0.02), (width, expression.mouth_open + 0.03)), lips)
        fill(_arc((skew, y + 0.02), (width - 0.03, expression.mouth_open)), (70, 22, 26))
        return
    steps = [step / 8 for step in range(-8, 9)]
    wave = skew * rng.uniform(0.3, 0.6)
    curve = [
        (width * s, y + expression.mouth_curve * (1 - s * s) + skew * s + wave * math.sin(3 * s))
        for s in steps
    ]
    stroke(curve, lips, 0.05)


def _light_and_noise(image: Image.Image, rng: random.Random, seed: int) -> Image.Image:
    """Apply a linear light gradient across the image, then sensor noise."""
    width, height = image.size
    angle, strength = rng.uniform(0, 2 * math.pi), rng.uniform(0, 0.3)
    exposure, noise = rng.uniform(0.8, 1.15), rng.uniform(0, 9)
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None] * math.cos(angle)
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None, None] * math.sin(angle)
    pixels = np.asarray(image, np.float32) * (exposure * (1 + strength * (across + down) / 2))
    grain = np.random.Generator(np.random.PCG64(seed)).standard_normal(pixels.shape, np.float32)
    return Image.fromarray(np.clip(pixels + noise * grain + 0.5, 0, 255).astype(np.uint8), "RGB")
