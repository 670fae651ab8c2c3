"""Cases of operators that change the size of a picture, or say where its largest value is."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from onnx import helper

from tests.engine.plans.cases.case import Case, Options, floats, node

make = helper.make_node

COORDINATES = ("asymmetric", "half_pixel", "align_corners", "pytorch_half_pixel")
SIZES = [((7, 9), (14, 27)), ((8, 5), (4, 5)), ((4, 6), (7, 11)), ((6, 1), (3, 4)), ((5, 3), (1, 1))]


def resizes() -> Iterator[tuple[str, Case]]:
    for (height, width), target in SIZES:
        constants = {"": floats(), "s": np.array([1, 3, *target])}
        for mode in ("nearest", "linear", "cubic"):
            for coordinates in COORDINATES:
                options: Options = {"mode": mode, "coordinate_transformation_mode": coordinates}
                if mode == "nearest":
                    options = {**options, "nearest_mode": "floor"}
                yield (
                    f"{mode} {coordinates} {height}x{width} to {target}",
                    _resize((3, height, width), options, constants),
                )
    for rounding in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
        options = {"mode": "nearest", "nearest_mode": rounding}
        for target in ((8, 12), (2, 3), (3, 7)):
            yield f"{rounding} to {target}", _resize((3, 4, 6), options, {"s": np.array([1, 3, *target])})
    excluded: Options = {"mode": "cubic", "exclude_outside": 1, "cubic_coeff_a": -0.5}
    yield "cubic without what is outside", _resize((3, 4, 6), excluded, {"s": np.array([1, 3, 9, 5])})
    for scales in ([1, 1, 2, 3], [1, 1, 0.5, 1.5], [1, 1, 1.3, 0.6]):
        given = {"f": np.array(scales, np.float32)}
        for mode in ("nearest", "linear"):
            nodes = [node("Resize", "", "f", mode=mode)]
            yield f"{mode} by {scales}", (nodes, (3, 4, 6), given, 13)
            yield f"{mode} by {scales} of 10", ([node("Resize", "f", mode=mode)], (3, 4, 6), given, 10)
    for mode in ("nearest", "linear"):
        given = {"f": np.array([1, 1, 2, 2], np.float32)}
        yield f"Upsample {mode}", ([node("Upsample", "f", mode=mode)], (3, 4, 6), given, 9)
        yield (
            f"{mode} of conv",
            (
                [
                    node("Conv", "w", output="c"),
                    make("Resize", ["c", "", "f"], ["r"], mode=mode),
                    _conv_of("r"),
                ],
                (3, 4, 6),
                {**given, "w": floats(5, 3, 1, 1), "v": floats(4, 5, 3, 3)},
                13,
            ),
        )
    row: Options = {"mode": "linear"}
    yield "of a row", _resize((3, 5), row, {"s": np.array([1, 3, 8])})


def _conv_of(name: str) -> Any:
    return make("Conv", [name, "v"], ["output"], pads=[1, 1, 1, 1])


def _resize(shape: tuple[int, ...], options: Options, constants: dict[str, Any]) -> Case:
    """To sizes whose batch is that of the input, as PyTorch writes it."""
    nodes = [
        make("Shape", ["input"], ["all"]),
        make("Slice", ["all", "zero", "one"], ["batch"]),
        make("Concat", ["batch", "rest"], ["to"], axis=0),
        node("Resize", "", "", "to", **options),
    ]
    numbers = {"zero": np.array([0]), "one": np.array([1]), "rest": constants["s"][1:]}
    return nodes, shape, numbers, 13


TRANSPOSED: list[tuple[str, tuple[int, ...], tuple[int, ...], Options]] = [
    ("plain", (3, 4, 5), (3, 4, 3, 3), {}),
    ("stride 2", (3, 4, 5), (3, 4, 2, 2), {"strides": [2, 2]}),
    ("padded", (3, 4, 5), (3, 4, 3, 3), {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
    (
        "output padding",
        (3, 4, 5),
        (3, 4, 3, 3),
        {"strides": [2, 3], "pads": [1, 1, 1, 1], "output_padding": [1, 2]},
    ),
    ("uneven", (3, 4, 5), (3, 9, 3, 2), {"strides": [3, 1], "pads": [0, 1, 2, 0]}),
    ("dilated", (2, 4, 5), (2, 5, 3, 2), {"strides": [2, 1], "dilations": [2, 3]}),
    ("groups", (6, 4, 5), (6, 2, 3, 3), {"strides": [2, 2], "group": 3}),
    ("depthwise", (6, 4, 5), (6, 1, 4, 4), {"strides": [2, 2], "pads": [1, 1, 1, 1], "group": 6}),
    ("each channel twice", (4, 4, 5), (4, 2, 3, 3), {"strides": [2, 2], "group": 4}),
    ("more padding than the kernel has", (3, 6, 7), (3, 4, 2, 2), {"pads": [2, 2, 2, 2]}),
    ("a kernel of 1", (3, 4, 5), (3, 4, 1, 1), {"strides": [2, 2]}),
    ("one dimension", (3, 7), (3, 4, 3), {"strides": [2], "pads": [1, 0]}),
    ("same size", (3, 4, 5), (3, 4, 3, 3), {"strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    ("output shape", (3, 4, 5), (3, 4, 3, 3), {"strides": [3, 2], "output_shape": [10, 8]}),
]


def transposed_convolutions() -> Iterator[tuple[str, Case]]:
    for name, shape, weight, options in TRANSPOSED:
        outputs = weight[1] * options.get("group", 1)
        constants = {"w": floats(*weight), "b": floats(outputs, seed=2)}
        yield name, ([node("ConvTranspose", "w", "b", **options)], shape, constants, 13)
    both = [
        node("Conv", "k", output="c"),
        make("ConvTranspose", ["c", "w"], ["t"], strides=[2, 2]),
        make("Relu", ["t"], ["output"]),
    ]
    yield "after conv", (both, (3, 4, 5), {"k": floats(6, 3, 1, 1), "w": floats(6, 4, 2, 2)}, 13)


def indices() -> Iterator[tuple[str, Case]]:
    for kind in ("ArgMax", "ArgMin"):
        for axis in (1, 2, 3, -1):
            for keep in (0, 1):
                found = node(kind, output="i", axis=axis, keepdims=keep)
                yield (
                    f"{kind} {axis} {keep}",
                    ([found, make("Cast", ["i"], ["output"], to=1)], (3, 4, 5), {}, 13),
                )
    logits = node("ArgMax", output="i", axis=1)
    yield "of logits", ([logits, make("Cast", ["i"], ["output"], to=1)], (11,), {}, 13)
    for last in (0, 1):
        steps = [
            node("Clip", "zero", "zero", output="z"),
            make("ArgMax", ["z"], ["i"], axis=1, select_last_index=last),
            make("Cast", ["i"], ["output"], to=1),
        ]
        yield f"of equal numbers, last {last}", (steps, (5, 3), {"zero": np.zeros((), np.float32)}, 13)
    image = [
        node("Conv", "w", output="c"),
        make("ArgMax", ["c"], ["i"], axis=1, keepdims=1),
        make("Cast", ["i"], ["output"], to=1),
    ]
    yield "of the channels of conv", (image, (3, 4, 5), {"w": floats(9, 3, 1, 1)}, 13)


def norms_of_windows() -> Iterator[tuple[str, Case]]:
    windows: list[Options] = [
        {"kernel_shape": [2, 2], "strides": [2, 2]},
        {"kernel_shape": [3, 2], "pads": [1, 0, 1, 1], "p": 1},
        {"kernel_shape": [3, 3], "auto_pad": "SAME_UPPER", "strides": [2, 2], "p": 3},
    ]
    for options in windows:
        for channels in (1, 5):
            yield f"LpPool {channels} {options}", ([node("LpPool", **options)], (channels, 7, 6), {}, 11)
    for p in (1, 2, 3):
        yield f"GlobalLpPool {p}", ([node("GlobalLpPool", p=p)], (5, 4, 6), {}, 13)
    for size in (1, 3, 5):
        yield f"LRN {size}", ([node("LRN", size=size, alpha=0.3, beta=0.6, bias=1.5)], (7, 4, 6), {}, 13)
    yield "Sign", ([node("Sign")], (5, 7), {}, 13)
    yield "Shrink", ([node("Shrink", bias=0.4, lambd=0.4)], (5, 7), {}, 13)


def columns() -> Iterator[tuple[str, Case]]:
    settings: list[tuple[tuple[int, int], tuple[int, int], Options]] = [
        ((4, 5), (1, 5), {}),
        ((6, 8), (3, 2), {"strides": [2, 1], "pads": [1, 0, 1, 1]}),
        ((7, 9), (2, 2), {"dilations": [2, 3], "strides": [1, 2]}),
    ]
    for image, block, options in settings:
        pads = options.get("pads", [0] * 4)
        count = 1
        for axis in range(2):
            extent = options.get("dilations", [1, 1])[axis] * (block[axis] - 1) + 1
            count *= (image[axis] + pads[axis] + pads[axis + 2] - extent) // options.get("strides", [1, 1])[
                axis
            ] + 1
        constants = {"i": np.array(image), "b": np.array(block)}
        shape = (3 * block[0] * block[1], count)
        yield f"{image} of {block} {options}", ([node("Col2Im", "i", "b", **options)], shape, constants, 18)


FAMILIES = {
    made.__name__: dict(made())
    for made in (columns, indices, norms_of_windows, resizes, transposed_convolutions)
}
