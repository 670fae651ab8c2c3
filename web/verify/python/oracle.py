"""From a PNG to a model's input tensor with nothing but Python's standard library.

Written from the specification of PNG (W3C) and from what Pillow and torchvision document and do, and from
neither `torch2web/images/preprocessing.py` nor the loader, so that it can judge both.
"""

import math
import struct
import zlib
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PRECISION_BITS = 32 - 8 - 2
"""Pillow keeps a coefficient in 32 bits: 8 go to the sample, 2 to overshoot."""


@dataclass(frozen=True)
class Planes:
    """A picture as planes of bytes, red, green and blue, or one of grey, row by row."""

    width: int
    height: int
    channels: tuple[bytes, ...]

    def each(self, width: int, height: int, change: Callable[[bytes], bytes]) -> "Planes":
        """Every plane changed alike, to a new size."""
        return Planes(width, height, tuple(map(change, self.channels)))


def read_png(content: bytes) -> Planes:
    """The pixels of a PNG with 8-bit RGB that is not interlaced, which is all that these tests use."""
    if content[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("not a PNG")
    position, data, header = 8, b"", b""
    while position < len(content):
        length, kind = struct.unpack(">I4s", content[position : position + 8])
        body = content[position + 8 : position + 8 + length]
        (stored,) = struct.unpack(">I", content[position + 8 + length : position + 12 + length])
        if zlib.crc32(kind + body) != stored:
            raise ValueError(f"damaged chunk {kind!r}")
        if kind == b"IHDR":
            header = body
        elif kind == b"IDAT":
            data += body
        position += 12 + length
    width, height, *rest = struct.unpack(">IIBBBBB", header)
    if rest != [8, 2, 0, 0, 0]:
        raise ValueError(f"a PNG of another kind: {rest}")
    rows = _unfilter(zlib.decompress(data), width * 3, height)
    return Planes(width, height, (rows[0::3], rows[1::3], rows[2::3]))


def _unfilter(data: bytes, line: int, height: int) -> bytes:
    """Undo PNG's filters (section 9): each line is stored as a difference to its neighbours."""
    above = bytearray(line)
    result = bytearray()
    for row in range(height):
        start = row * (line + 1)
        kind, now = data[start], bytearray(data[start + 1 : start + 1 + line])
        if kind == 1:
            for i in range(3, line):
                now[i] = (now[i] + now[i - 3]) & 255
        elif kind == 2:
            now = bytearray((x + up) & 255 for x, up in zip(now, above, strict=True))
        elif kind == 3:
            for i in range(line):
                left = now[i - 3] if i >= 3 else 0
                now[i] = (now[i] + (left + above[i]) // 2) & 255
        elif kind == 4:
            for i in range(line):
                left, corner = (now[i - 3], above[i - 3]) if i >= 3 else (0, 0)
                up = above[i]
                estimate = left + up - corner
                to_left, to_up, to_corner = abs(estimate - left), abs(estimate - up), abs(estimate - corner)
                if to_left <= to_up and to_left <= to_corner:
                    nearest = left
                else:
                    nearest = up if to_up <= to_corner else corner
                now[i] = (now[i] + nearest) & 255
        elif kind != 0:
            raise ValueError(f"unknown filter {kind}")
        result += now
        above = now
    return bytes(result)


def tensor_of(picture: Planes, preprocessing: Mapping[str, Any]) -> bytes:
    """The input tensor by a manifest's `preprocessing`: float32 as in memory, [channels, height, width]."""
    color = preprocessing.get("color", "rgb")
    if color == "grey":
        picture = _grey(picture, {"channels": 1}, False)
    for step in preprocessing["steps"]:
        picture = _STEPS[step["op"]](picture, step, preprocessing["vertical_first"])
    planes = picture.channels[::-1] if color == "bgr" else picture.channels
    scale = _SCALES[preprocessing.get("scale", "1/255")]
    tensor = array("f")
    for plane, mean, std in zip(planes, preprocessing["mean"], preprocessing["std"], strict=True):
        table = [_normalised(scale(value), _float32(mean), _float32(std)) for value in range(256)]
        tensor.extend(map(table.__getitem__, plane))
    return tensor.tobytes()


def _normalised(scaled: float, mean: float, std: float) -> float:
    """ToTensor and Normalize: three operations in float32, each rounded before the next."""
    return _float32(_float32(_float32(scaled) - mean) / std)


def _float32(value: float) -> float:
    rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    return rounded


_SCALES: Mapping[str | int, Callable[[int], float]] = {
    "1/255": lambda level: level / 255,
    "*1/255": lambda level: level * _float32(1 / 255),
    1: float,
}
"""ToTensor's division, ToDtype's multiplication in float32, or levels as they are."""


def _grey(picture: Planes, step: Mapping[str, Any], _: bool) -> Planes:
    """ITU-R 601-2 luma, as Pillow documents it, in 16 fractional bits, rounded; the weights add up to 1."""
    if len(picture.channels) == 3:
        levels = zip(*picture.channels, strict=True)
        grey = bytes((19595 * r + 38470 * g + 7471 * b + 32768) // 65536 for r, g, b in levels)
    else:
        (grey,) = picture.channels
    return Planes(picture.width, picture.height, (grey,) * step["channels"])


def _resize(picture: Planes, step: Mapping[str, Any], vertical_first: bool) -> Planes:
    """torchvision's Resize on a PIL image: to [height, width], or the shorter side to one length.

    `max_size` bounds the longer side; `fit` is timm's ResizeKeepRatio, by the larger or smaller ratio.
    """
    width, height = picture.width, picture.height
    size, fit = step["size"], step.get("fit")
    if isinstance(size, int):
        shorter, longer = min(width, height), max(width, height)
        sides = (size, int(size * longer / shorter))
        if sides[1] > step.get("max_size", math.inf):
            sides = (max(int(step["max_size"] * sides[0] / sides[1]), 1), step["max_size"])
        new_width, new_height = sides if width <= height else sides[::-1]
    elif fit:
        ratio = {"contain": max, "cover": min}[fit](height / size[0], width / size[1])
        new_height, new_width = (max(round(side / ratio), 1) for side in (height, width))
    else:
        new_height, new_width = size
    return _resample(picture, new_width, new_height, step["filter"], vertical_first)


def _letterbox(picture: Planes, step: Mapping[str, Any], vertical_first: bool) -> Planes:
    """Ultralytics' LetterBox: as large as fits, then a border, the odd pixel at the end."""
    height, width = step["size"]
    gain = min(height / picture.height, width / picture.width)
    new_width, new_height = (max(round(side * gain), 1) for side in (picture.width, picture.height))
    picture = _resample(picture, new_width, new_height, step["filter"], vertical_first)
    x, y = width - picture.width, height - picture.height
    border = [x // 2, y // 2, x - x // 2, y - y // 2]
    return _pad(picture, {"padding": border, "mode": "constant", "fill": step["fill"]}, False)


def _resample(picture: Planes, new_width: int, new_height: int, name: str, vertical_first: bool) -> Planes:
    """Pillow's resize with the filter `name`."""
    width, height = picture.width, picture.height
    if (new_width, new_height) == (width, height):
        return picture
    if name == "nearest":
        return _nearest(picture, new_width, new_height)
    shape, reach = FILTERS[name]
    down = height - new_height
    columns_first = vertical_first and down > 0 and down > 2 * (width - new_width)
    for axis in ("vertical", "horizontal") if columns_first else ("horizontal", "vertical"):
        if axis == "horizontal" and new_width != picture.width:
            picture = _narrow(picture, new_width, shape, reach)
        elif axis == "vertical" and new_height != picture.height:
            picture = _turn(_narrow(_turn(picture), new_height, shape, reach))
    return picture


def _nearest(picture: Planes, width: int, height: int) -> Planes:
    """Pillow's affine transform without interpolation: the pixel below the middle of each new one."""
    columns = _places(picture.width, width)
    rows = _places(picture.height, height)

    def pick(plane: bytes) -> bytes:
        lines = [plane[row * picture.width : (row + 1) * picture.width] for row in rows]
        return b"".join(bytes(line[column] for column in columns) for line in lines)

    return picture.each(width, height, pick)


def _places(old: int, new: int) -> list[int]:
    """Summed up step by step, as Pillow does, because the sum rounds in another way than a product."""
    scale = old / new
    at = scale * 0.5
    places = []
    for _ in range(new):
        places.append(int(at))
        at += scale
    return places


def _narrow(picture: Planes, width: int, shape: Callable[[float], float], reach: float) -> Planes:
    """One pass of Pillow's resampling, along the rows."""
    windows = _windows(picture.width, width, shape, reach)
    half = 1 << (PRECISION_BITS - 1)

    def change(plane: bytes) -> bytes:
        result = bytearray()
        for start in range(0, len(plane), picture.width):
            line = plane[start : start + picture.width]
            for first, weights in windows:
                total = half
                for value, weight in zip(line[first : first + len(weights)], weights, strict=True):
                    total += value * weight
                total >>= PRECISION_BITS
                result.append(0 if total < 0 else min(total, 255))
        return bytes(result)

    return picture.each(width, picture.height, change)


def _windows(
    old: int, new: int, shape: Callable[[float], float], reach: float
) -> list[tuple[int, Sequence[int]]]:
    """For each new pixel the first old one and the weights from there on, in fixed point."""
    scale = old / new
    stretch = max(scale, 1.0)
    support = reach * stretch
    windows: list[tuple[int, Sequence[int]]] = []
    for place in range(new):
        middle = (place + 0.5) * scale
        first = max(int(middle - support + 0.5), 0)
        last = min(int(middle + support + 0.5), old)
        weights = [shape((i + first - middle + 0.5) * (1.0 / stretch)) for i in range(last - first)]
        total = 0.0
        for weight in weights:
            total += weight
        if total != 0.0:
            weights = [weight / total for weight in weights]
        windows.append((first, [_fixed(weight) for weight in weights]))
    return windows


def _fixed(weight: float) -> int:
    return int(weight * (1 << PRECISION_BITS) + (-0.5 if weight < 0 else 0.5))


def _turn(picture: Planes) -> Planes:
    """Rows for columns."""
    width = picture.width
    return picture.each(
        picture.height, width, lambda plane: b"".join(plane[column::width] for column in range(width))
    )


def _box(x: float) -> float:
    return 1.0 if -0.5 < x <= 0.5 else 0.0


def _triangle(x: float) -> float:
    return max(1.0 - abs(x), 0.0)


def _hamming(x: float) -> float:
    x = abs(x)
    if x == 0.0:
        return 1.0
    if x >= 1.0:
        return 0.0
    x *= math.pi
    return math.sin(x) / x * (0.54 + 0.46 * math.cos(x))


def _cubic(x: float) -> float:
    a = -0.5
    x = abs(x)
    if x < 1.0:
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1
    if x < 2.0:
        return (((x - 5) * x + 8) * x - 4) * a
    return 0.0


def _lanczos(x: float) -> float:
    return _sinc(x) * _sinc(x / 3) if -3.0 <= x < 3.0 else 0.0


def _sinc(x: float) -> float:
    if x == 0.0:
        return 1.0
    x *= math.pi
    return math.sin(x) / x


FILTERS: Mapping[str, tuple[Callable[[float], float], float]] = {
    "box": (_box, 0.5),
    "bilinear": (_triangle, 1.0),
    "hamming": (_hamming, 1.0),
    "bicubic": (_cubic, 2.0),
    "lanczos": (_lanczos, 3.0),
}
"""By name: the curve, and how far it reaches."""


def _pad(picture: Planes, step: Mapping[str, Any], _: bool) -> Planes:
    """torchvision's Pad: left, top, right and bottom."""
    left, top, right, bottom = step["padding"]
    width, height = left + picture.width + right, top + picture.height + bottom
    columns = [_source(x - left, picture.width, step["mode"]) for x in range(width)]
    rows = [_source(y - top, picture.height, step["mode"]) for y in range(height)]
    channels = []
    for plane, fill in zip(picture.channels, step.get("fill", (0, 0, 0)), strict=False):  # one of grey
        samples = bytearray()
        for row in rows:
            line = b"" if row is None else plane[row * picture.width : (row + 1) * picture.width]
            samples += bytes(fill if row is None or column is None else line[column] for column in columns)
        channels.append(bytes(samples))
    return Planes(width, height, tuple(channels))


def _source(place: int, length: int, mode: str) -> int | None:
    """Where a padded line takes its sample from: numpy.pad's modes of the same names."""
    if 0 <= place < length:
        return place
    if mode == "constant":
        return None
    if mode == "edge" or length == 1:
        return min(max(place, 0), length - 1)
    if mode == "symmetric":
        place %= 2 * length
        return min(place, 2 * length - 1 - place)
    place %= 2 * length - 2
    return min(place, 2 * length - 2 - place)


def _center_crop(picture: Planes, step: Mapping[str, Any], _: bool) -> Planes:
    """torchvision's CenterCrop: a border around what is too small, then the middle, rounded half to even.

    With `rounding` floor it is Hugging Face's, which puts the odd pixel on the other side.
    """
    height, width = step["size"]
    floor = step.get("rounding") == "floor"
    missing_x, missing_y = max(width - picture.width, 0), max(height - picture.height, 0)
    if missing_x or missing_y:
        before, after = [missing_x // 2, missing_y // 2], [(missing_x + 1) // 2, (missing_y + 1) // 2]
        padding = after + before if floor else before + after
        fill = step.get("fill", (0, 0, 0))
        picture = _pad(picture, {"padding": padding, "mode": "constant", "fill": fill}, False)
    top, left = (picture.height - height) / 2.0, (picture.width - width) / 2.0
    top, left = (math.floor(top), math.floor(left)) if floor else (round(top), round(left))

    def cut(plane: bytes) -> bytes:
        starts = (row * picture.width + left for row in range(top, top + height))
        return b"".join(plane[start : start + width] for start in starts)

    return picture.each(width, height, cut)


_STEPS: Mapping[str, Callable[[Planes, Mapping[str, Any], bool], Planes]] = {
    "resize": _resize,
    "pad": _pad,
    "center_crop": _center_crop,
    "letterbox": _letterbox,
    "grey": _grey,
}
